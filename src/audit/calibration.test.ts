import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUNDLED_ENCODERS, openBundledEncoder } from '../encoder/bundled.ts';
import { Random } from '../util/random.ts';
import { calibrate, readCalibration, shippedCalibration, thresholdsOf } from './calibration.ts';

const ENCODER = { id: 'toy', hash: 'a1' };
const DATASET = { name: 'toy faces', selection: 'everyone' };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function toyFaces(count: number): { readonly person: string; readonly embedding: Float32Array }[] {
  const random = new Random(1);
  return Array.from({ length: count }, (_, i) => ({ person: `person ${i}`, embedding: random.normals(16) }));
}

/** Share of all pairs that reach the threshold, counted in the plainest way. */
function countedFmr(faces: readonly { readonly embedding: Float32Array }[], threshold: number): number {
  const units = faces.map(({ embedding }) => embedding.map((value) => value / Math.hypot(...embedding)));
  let [found, pairs] = [0, 0];
  for (const [i, a] of units.entries()) {
    for (const b of units.slice(i + 1)) {
      pairs++;
      if (a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0) >= threshold - 1e-7) found++;
    }
  }
  return found / pairs;
}

test('each threshold has the FMR that it states, at most the one asked for, inside its interval', () => {
  const faces = toyFaces(300);
  const { thresholds, dataset } = calibrate(faces, ENCODER, DATASET);
  expect(dataset).toEqual({ ...DATASET, people: 300, images: 300 });
  expect(thresholds.map(({ fmr }) => fmr)).toEqual([1e-2, 1e-3, 1e-4]);
  for (const { fmr, similarity, measuredFmr, low, high, impostorPairs } of thresholds) {
    expect(impostorPairs).toBe((300 * 299) / 2);
    expect(measuredFmr).toBeLessThanOrEqual(fmr);
    expect(countedFmr(faces, similarity)).toBeCloseTo(measuredFmr, 6);
    expect(low).toBeLessThanOrEqual(measuredFmr);
    expect(high).toBeGreaterThanOrEqual(measuredFmr);
  }
});

test('too few people for the lowest FMR are refused', () => {
  expect(() => calibrate(toyFaces(100), ENCODER, DATASET)).toThrow('needs at least 10000 impostor pairs');
});

test('a file is read back, for its own encoder alone', async () => {
  const path = join(folder, 'toy.json');
  const calibration = calibrate(toyFaces(200), ENCODER, DATASET);
  await writeFile(path, JSON.stringify(calibration));
  expect(await readCalibration(path, ENCODER)).toEqual(calibration);
  expect(thresholdsOf(calibration)[1]).toMatchObject({ fmr: 1e-3, encoder: 'toy', dataset: 'toy faces, everyone' });
  await expect(readCalibration(path, { ...ENCODER, hash: 'b2' })).rejects.toThrow('on other weights');
});

test.each([
  ['no JSON', 'nope', 'cannot be read as a calibration'],
  ['other JSON', '{"schema":"faceward.findings/1"}', 'is no calibration'],
])('%s is refused', async (name, text, message) => {
  const path = join(folder, `${name}.json`);
  await writeFile(path, text);
  await expect(readCalibration(path, ENCODER)).rejects.toThrow(message);
});

test.each(BUNDLED_ENCODERS)(
  'the shipped thresholds of %s are of its weights, and rise as the FMR falls',
  async (name) => {
    const encoder = await openBundledEncoder(name, { cacheDir: folder });
    const calibration = await shippedCalibration(encoder);
    await encoder.close();
    const thresholds = calibration ? thresholdsOf(calibration) : [];
    const similarities = thresholds.map(({ similarity }) => similarity);
    expect(similarities).toHaveLength(3);
    expect(similarities).toEqual([...similarities].sort((a, b) => a - b));
    for (const { impostorPairs } of thresholds) expect(impostorPairs).toBeGreaterThanOrEqual(100_000);
  },
);

test('an encoder that is not bundled has no shipped thresholds', async () => {
  expect(await shippedCalibration(ENCODER)).toBeUndefined();
});

test('how like themselves people are, where there are enough who have several faces', () => {
  const firsts = toyFaces(200);
  const random = new Random(2);
  // A second face near the first, for all but ten people; and a third of a stranger's, which is compared with both.
  const several = [
    ...firsts,
    ...firsts.slice(10).map(({ person, embedding }) => ({
      person,
      embedding: embedding.map((value) => value + 0.4 * random.normal()),
    })),
    ...firsts.slice(10, 40).map(({ person }) => ({ person, embedding: random.normals(16) })),
  ];
  const { genuine } = calibrate(firsts, ENCODER, DATASET, { faces: several, selection: 'up to three' });
  expect(genuine).toMatchObject({ people: 190, pairs: 160 + 3 * 30, selection: 'up to three' });
  const { quantiles = [], impostorMean = 1 } = genuine ?? {};
  expect(quantiles).toHaveLength(201);
  expect(quantiles).toEqual(quantiles.toSorted((a, b) => a - b));
  // 60 of the 250 pairs have the stranger in them: like nobody.
  expect(quantiles[20]).toBeLessThan(0.2);
  expect(quantiles[70]).toBeGreaterThan(0.8);
  expect(Math.abs(impostorMean)).toBeLessThan(0.05);
  const few = { faces: several.slice(0, 250), selection: 'few' };
  expect(calibrate(firsts, ENCODER, DATASET, few).genuine).toBeUndefined();
});
