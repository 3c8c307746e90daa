import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLE_FOLDER } from '../../../../test/fixtures/originals.ts';
import { DETECTOR_PX } from '../../../face/detection.ts';
import { createFacePipeline } from '../../../face/pipeline.ts';
import { decodeImage } from '../../../image/decode.ts';
import type { Image } from '../../../image/image.ts';
import { resizeImage } from '../../../image/resize.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { loadBundledModel } from '../../../runtime/bundled-models.ts';
import { type FaceSessions, openFaceSessions } from '../../../runtime/bundled-sessions.ts';
import { InputError, InterruptedError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { quantisePerturbation } from './eight-bit.ts';
import { type DetectorTarget, evadeDetector, smallestDetectorEvasion } from './evade.ts';
import { type DetectorGradient, openDetectorGradient } from './gradient.ts';
import { addNoise, detectorEvasion } from './measure.ts';

let cacheDir: string;
let sessions: FaceSessions;
let gradient: DetectorGradient;
let target: DetectorTarget;
let photo: Image;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-detector-'));
  sessions = await openFaceSessions({ cacheDir, threads: 1 });
  gradient = await openDetectorGradient(await loadBundledModel('blazeface', { cacheDir }), { threads: 1 });
  target = { pipeline: createFacePipeline(sessions), gradient };
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample2.jpg'));
  photo = resizeImage(image, 360, 256);
});

afterAll(async () => {
  await Promise.all([sessions.detector.release(), sessions.mesh.release(), gradient.close()]);
  await rm(cacheDir, { recursive: true, force: true });
});

const largestChange = (made: Image): number =>
  made.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (photo.data[i] ?? 0))), 0);

const rootMeanSquare = (made: Image): number =>
  Math.sqrt(made.data.reduce((sum, value, i) => sum + (value - (photo.data[i] ?? 0)) ** 2, 0) / made.data.length);

describe('openDetectorGradient', () => {
  test('gives the slope of the excess that central differences give', async () => {
    const window = toPlanar([resizeImage(photo, DETECTOR_PX, DETECTOR_PX)]);
    const { excess, gradient: slope } = await gradient.see(window);
    expect(excess).toBeGreaterThan(5);
    // Along the gradient itself, where the slope is its norm.
    const norm = Math.sqrt(slope.reduce((sum, value) => sum + value * value, 0));
    const length = 1e-3;
    const at = async (sign: number): Promise<number> =>
      (await gradient.see(window.map((value, i) => value + (sign * length * (slope[i] as number)) / norm))).excess;
    const measured = ((await at(1)) - (await at(-1))) / (2 * length);
    expect(measured / norm).toBeCloseTo(1, 1);
  });

  test('sees nothing on an empty picture', async () => {
    const { excess, gradient: slope } = await gradient.see(new Float32Array(3 * DETECTOR_PX ** 2).fill(0.5));
    expect(excess).toBe(0);
    expect(slope.every((value) => value === 0)).toBe(true);
  });
});

describe('evadeDetector', () => {
  test('hides every face from the whole pipeline within 8 grey levels, which noise of equal size does not', async () => {
    const evaded = await evadeDetector(photo, target, { norm: 'linf', epsilon: 8 / 255 });
    expect(evaded.found).toBe(false);
    expect(await target.pipeline.detect(evaded.photo)).toEqual([]);
    expect(largestChange(evaded.photo)).toBeLessThanOrEqual(8);
    expect(evaded.size).toBeCloseTo(largestChange(evaded.photo) / 255, 6);
    const noisy = addNoise(photo, 8 / 255, 'linf', new Random(1));
    expect(largestChange(noisy)).toBe(8);
    expect((await target.pipeline.detect(noisy)).length).toBeGreaterThan(0);
  });

  test('keeps an l2 budget in 8 bits', async () => {
    const evaded = await evadeDetector(photo, target, { norm: 'l2', epsilon: 0.5 / 255, steps: 3 });
    expect(evaded.found).toBe(true);
    expect(rootMeanSquare(evaded.photo)).toBeLessThanOrEqual(0.5 + 1e-5);
    expect(rootMeanSquare(evaded.photo)).toBeGreaterThan(0.1);
    expect(evaded.size).toBeCloseTo(rootMeanSquare(evaded.photo) / 255, 5);
  });

  test('says by type what is wrong', async () => {
    const empty: Image = { widthPx: 64, heightPx: 64, data: new Uint8Array(3 * 64 * 64).fill(128) };
    const options = { norm: 'linf', epsilon: 8 / 255 } as const;
    await expect(evadeDetector(empty, target, options)).rejects.toThrow(InputError);
    await expect(smallestDetectorEvasion(empty, target, { norm: 'linf' })).rejects.toThrow(/no face/);
    await expect(detectorEvasion([empty], target, { norm: 'l2', epsilons: [], random: new Random(1) })).rejects.toThrow(
      InputError,
    );
    for (const epsilon of [0, -0.1, 1.5, Number.NaN]) {
      await expect(evadeDetector(photo, target, { ...options, epsilon })).rejects.toThrow(InputError);
    }
    await expect(evadeDetector(photo, target, { ...options, steps: 0 })).rejects.toThrow(InputError);
    await expect(evadeDetector(photo, target, { ...options, signal: AbortSignal.abort() })).rejects.toThrow(
      InterruptedError,
    );
  });
});

describe('quantisePerturbation', () => {
  const grey: Image = { widthPx: 4, heightPx: 4, data: new Uint8Array(48).fill(100) };

  test('never leaves the budget by rounding', () => {
    // 0.6 of a level each: rounding alone would make it a whole one.
    const perturbed = toPlanar([grey]).map((value) => value + 0.6 / 255);
    expect(quantisePerturbation(grey, perturbed, 0.6 / 255, 'linf').data).toEqual(grey.data);
    expect(quantisePerturbation(grey, perturbed, 0.6 / 255, 'l2').data).toEqual(grey.data);
  });

  test('keeps what is whole', () => {
    const perturbed = toPlanar([grey]).map((value, i) => value + ((i % 3) - 1) / 255);
    const made = quantisePerturbation(grey, perturbed, 1 / 255, 'linf');
    expect(Array.from(toPlanar([made]), (value) => Math.round(255 * value))).toEqual(
      Array.from({ length: 48 }, (_, i) => 99 + (i % 3)),
    );
  });
});

describe('detectorEvasion', () => {
  test('counts photos with a face alone, and finds a smallest perturbation that lies below one that suffices', async () => {
    const small = resizeImage(photo, 180, 128);
    const empty: Image = { widthPx: 64, heightPx: 64, data: new Uint8Array(3 * 64 * 64).fill(128) };
    const measured = await detectorEvasion([small, empty], target, {
      norm: 'linf',
      epsilons: [16 / 255],
      steps: 10,
      random: new Random(1),
    });
    expect(measured.clean).toMatchObject({ successes: 1, trials: 2 });
    expect(measured.rows).toMatchObject([{ noise: { successes: 1, trials: 1 }, attack: { successes: 0, trials: 1 } }]);
    expect(measured.smallest[0]).toBeLessThanOrEqual(16 / 255);
  });
});
