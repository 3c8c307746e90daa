import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { largestDifference } from '../../test/fixtures/evaluate.ts';
import { TINY_EMBEDDING, tinyEncoder, withoutWeights } from '../../test/fixtures/inversion.ts';
import { CapabilityError, ShapeError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import type { Encoder } from './encoder.ts';
import { type Look, openSimilarityGradient, type SimilarityGradient } from './similarity-gradient.ts';

const SIZE = 32;
const NUMBERS = 3 * SIZE ** 2;
const random = new Random('faces');
/** More than one batch of two, the last one not full. */
const faces = Array.from({ length: 3 }, () => Float32Array.from({ length: NUMBERS }, () => random.uniform()));
const references = faces.map(() => [random.normals(TINY_EMBEDDING), random.normals(TINY_EMBEDDING)]);

let encoders: Encoder[];
let gradient: SimilarityGradient;

beforeAll(async () => {
  encoders = [await tinyEncoder({ seed: 'one' }), await tinyEncoder({ seed: 'two' })];
  gradient = await openSimilarityGradient(encoders, { sizePx: SIZE, batchSize: 2, threads: 1 });
});

afterAll(async () => {
  await gradient.close();
  await Promise.all(encoders.map((encoder) => encoder.close()));
});

const meanSimilarity = async (face: Float32Array, i: number, look: Look): Promise<number> => {
  const [seen] = await gradient.see([face], [references[i] as Float32Array[]], [look]);
  return (seen?.similarities ?? []).reduce((sum, value) => sum + value / 2, 0);
};

const LOOKS: readonly (readonly [string, Look])[] = [
  ['as it is', {}],
  ['resized and padded', { resized: { share: 0.9, x: 0.3, y: 1 } }],
  ['behind a mask', { mask: Float32Array.from({ length: SIZE ** 2 }, (_, i) => (i % 5 === 0 ? 0 : 1)) }],
];

describe('the gradient of the mean similarity to an ensemble', () => {
  test.each(LOOKS)('of a face %s agrees with central differences along random directions', async (_, look) => {
    const seen = await gradient.see(
      faces,
      references,
      faces.map(() => look),
    );
    for (const [i, face] of faces.entries()) {
      const direction = random.normals(NUMBERS);
      const at = (step: number) =>
        meanSimilarity(
          face.map((value, k) => value + step * (direction[k] as number)),
          i,
          look,
        );
      const difference = ((await at(0.01)) - (await at(-0.01))) / 0.02;
      const slope = (seen[i]?.gradient ?? new Float32Array()).reduce(
        (sum, value, k) => sum + value * (direction[k] as number),
        0,
      );
      expect(Math.abs(slope - difference)).toBeLessThan(1e-3 + 0.01 * Math.abs(difference));
    }
  });

  test('a face resized and padded is seen as if it had been resized and padded', async () => {
    const [face] = faces as [Float32Array];
    const resized = { share: 0.75, x: 0.5, y: 0.25 };
    // 24 px of 32, 4 px from the left and 2 from the top.
    const padded = Float32Array.from({ length: NUMBERS }, (_, at) => {
      const [plane, row, column] = [Math.floor(at / SIZE ** 2), Math.floor(at / SIZE) % SIZE, at % SIZE];
      const [y, x] = [row - 2, column - 4];
      if (y < 0 || x < 0 || y >= 24 || x >= 24) return 0;
      const pixel = (r: number, c: number) =>
        face[
          plane * SIZE ** 2 + Math.min(SIZE - 1, Math.max(0, r)) * SIZE + Math.min(SIZE - 1, Math.max(0, c))
        ] as number;
      const [sy, sx] = [((y + 0.5) * 32) / 24 - 0.5, ((x + 0.5) * 32) / 24 - 0.5];
      const [top, left] = [Math.floor(sy), Math.floor(sx)];
      const [down, across] = [sy - top, sx - left];
      return (
        (1 - down) * ((1 - across) * pixel(top, left) + across * pixel(top, left + 1)) +
        down * ((1 - across) * pixel(top + 1, left) + across * pixel(top + 1, left + 1))
      );
    });
    expect(await meanSimilarity(face, 0, { resized })).toBeCloseTo(await meanSimilarity(padded, 0, {}), 4);
  });

  test('faces do not depend on who is seen beside them, and each is counted', async () => {
    const before = gradient.queries;
    const together = await gradient.see(faces, references);
    expect(gradient.queries - before).toBe(3);
    for (const [i, face] of faces.entries()) {
      const [alone] = await gradient.see([face], [references[i] as Float32Array[]]);
      expect(largestDifference(alone?.gradient ?? [], together[i]?.gradient ?? [])).toBeLessThan(1e-9);
    }
  });
});

test('an encoder without weights has no gradient, and faces of another size do not fit', async () => {
  const [encoder] = encoders as [Encoder];
  await expect(openSimilarityGradient([withoutWeights(encoder)])).rejects.toThrow(CapabilityError);
  await expect(openSimilarityGradient([])).rejects.toThrow(CapabilityError);
  await expect(gradient.see([new Float32Array(7)], [references[0] as Float32Array[]])).rejects.toThrow(ShapeError);
});
