import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convolutionalEncoder } from '../../../../test/fixtures/evasion.ts';
import { wavyImage } from '../../../../test/fixtures/image-files.ts';
import { alignedFace } from '../../../encoder/aligned-face.ts';
import type { Encoder } from '../../../encoder/encoder.ts';
import { wrapEncoder } from '../../../encoder/wrapped-encoder.ts';
import { CANONICAL_POINTS, CANONICAL_VIEW } from '../../../face/alignment.ts';
import type { Face, FivePoints } from '../../../face/face.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { ssim } from '../../../metric/image-quality.ts';
import { cosineSimilarity } from '../../../metric/similarity.ts';
import { CapabilityError, InputError, InterruptedError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { type Cloak, openCloak } from './cloak-photo.ts';
import { strengthOf, strengthOfBudget } from './strength.ts';

const PHOTO = wavyImage(520, 260, new Random('photo'));

/** A face twice the canonical frame's extent, `x` px from the left. No face of anyone: the tiny encoder does not mind. */
const faceAt = (x: number): Face => ({
  box: { x, y: 10, width: 224, height: 224 },
  confidence: 1,
  landmarks: CANONICAL_POINTS.map((point) => ({ x: x + 2 * point.x, y: 10 + 2 * point.y })) as unknown as FivePoints,
  mesh: [],
});
const FACES = [faceAt(10), faceAt(270)];
const STRENGTH = { name: 'own', dssim: 0.006, steps: 12 };

let encoder: Encoder;
let cloak: Cloak;
beforeAll(async () => {
  encoder = await convolutionalEncoder();
  cloak = await openCloak([encoder], { threads: 1 });
});
afterAll(async () => {
  await cloak[Symbol.asyncDispose]();
  await encoder.close();
});

const similarityOf = async (photo: Image, { landmarks }: Face): Promise<number> => {
  const [clean, changed] = await encoder.embed([PHOTO, photo].map((one) => alignedFace(one, landmarks, encoder.view)));
  return cosineSimilarity(clean ?? new Float32Array(), changed ?? new Float32Array());
};
const apply = (seed: number, faces = FACES) =>
  cloak.apply(PHOTO, faces, { strength: STRENGTH, random: new Random(seed) });

describe('a cloak', () => {
  test('takes every face of the photo from its own embedding, more than noise of its budget, and within it', async () => {
    const { image, faces } = await apply(1);
    expect(faces).toHaveLength(2);
    const view = { ...CANONICAL_VIEW, widthPx: 224, heightPx: 224 };
    for (const { face, dssim, largestChange } of faces) {
      const [before, after] = [PHOTO, image].map((one) => toPlanar([alignedFace(one, face.landmarks, view)]));
      const measured =
        (1 - ssim(before ?? new Float32Array(), after ?? new Float32Array(), { widthPx: 224, heightPx: 224 })) / 2;
      expect(dssim).toBeCloseTo(measured, 5);
      expect(measured).toBeLessThanOrEqual(STRENGTH.dssim);
      expect(measured).toBeGreaterThan(0.8 * STRENGTH.dssim);
      expect(largestChange).toBeGreaterThan(0);
      const random = new Random('noise');
      const noisy = {
        ...PHOTO,
        data: PHOTO.data.map((value) => Math.min(255, Math.max(0, value + 4 * random.normal()))),
      };
      expect(1 - (await similarityOf(image, face))).toBeGreaterThan(4 * (1 - (await similarityOf(noisy, face))));
    }
  });

  test('changes nothing outside the faces', async () => {
    const { image } = await apply(1, [faceAt(10)]);
    for (let y = 0; y < PHOTO.heightPx; y += 7) {
      const from = 3 * (y * PHOTO.widthPx + 240);
      const to = 3 * (y + 1) * PHOTO.widthPx;
      expect(image.data.subarray(from, to)).toEqual(PHOTO.data.subarray(from, to));
    }
  });

  test('the same seed gives the same photo, another seed another', async () => {
    const [first, again, other] = [
      await apply(3, [faceAt(10)]),
      await apply(3, [faceAt(10)]),
      await apply(4, [faceAt(10)]),
    ];
    expect(again.image).toEqual(first.image);
    expect(other.image).not.toEqual(first.image);
  });

  test('needs weights, and stops on request', async () => {
    const { graph: _, ...blind } = wrapEncoder(encoder, { embed: (faces) => encoder.embed(faces) });
    await expect(openCloak([blind])).rejects.toThrow(CapabilityError);
    await expect(openCloak([])).rejects.toThrow(CapabilityError);
    const stopped = cloak.apply(PHOTO, FACES, {
      strength: STRENGTH,
      random: new Random(1),
      signal: AbortSignal.abort(),
    });
    await expect(stopped).rejects.toThrow(InterruptedError);
  });
});

test('strengths grow, and a budget must be one', () => {
  const [low, mid, high] = (['low', 'mid', 'high'] as const).map(strengthOf);
  expect([low?.dssim, mid?.dssim, high?.dssim]).toEqual([0.004, 0.007, 0.017]);
  expect(strengthOfBudget(0.007)).toEqual({ name: 'own', dssim: 0.007, steps: mid?.steps });
  for (const budget of [0, -1, 0.2, Number.NaN]) expect(() => strengthOfBudget(budget)).toThrow(InputError);
});
