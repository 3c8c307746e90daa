import { describe, expect, test } from 'vitest';
import type { Encoder } from '../../encoder/encoder.ts';
import type { Image } from '../../image/image.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { decideSmoothed, noisyEmbeddings, type SmoothedDecision } from './randomised-smoothing.ts';

const SIZE = 16;
const NUMBERS = 3 * SIZE ** 2;

/** Tells a face by its mean alone: above `LEVEL` it is the reference's person. A linear decision, whose true radius is the distance to its plane. */
const LEVEL = 0.5;
const meanEncoder: Encoder = {
  id: 'mean',
  hash: 'mean',
  embeddingSize: 2,
  view: { box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: SIZE, heightPx: SIZE },
  queries: 0,
  embed: async (faces: readonly Image[]) =>
    faces.map(({ data }) => {
      let sum = 0;
      for (const value of data) sum += value / 255;
      return Float32Array.of(sum / NUMBERS - LEVEL, 1e-4);
    }),
  close: async () => undefined,
};
const REFERENCE = Float32Array.of(1, 0);
const THRESHOLD = { similarity: 0 };
const SETTINGS = { sigma: 0.1, guesses: 50, alpha: 0.001 };

/** A grey face whose distance to the plane of the decision is as given, on the right side where it is above 0. */
const faceAt = (distance: number): Float32Array =>
  new Float32Array(NUMBERS).fill(LEVEL + distance / Math.sqrt(NUMBERS));

async function decide(face: Float32Array, seed = 'looks'): Promise<SmoothedDecision> {
  const options = { sigma: SETTINGS.sigma, random: new Random(seed) };
  return decideSmoothed(await noisyEmbeddings(meanEncoder, face, 1050, options), REFERENCE, THRESHOLD, SETTINGS);
}

describe('a smoothed decision', () => {
  // Rounding to 8 bits moves the mean by far less than the noise does.
  test.each([0.05, 0.1, 0.2])(
    'certifies a little less than the true distance %d of a linear decision',
    async (distance) => {
      for (const side of [1, -1]) {
        const { same, radius = 0 } = await decide(faceAt(side * distance));
        expect(same).toBe(side > 0);
        expect(radius).toBeLessThan(distance);
        expect(radius).toBeGreaterThan(0.5 * distance);
      }
    },
  );

  test('stands where the face is moved by the radius straight towards the plane, and falls beyond it', async () => {
    const { radius = 0 } = await decide(faceAt(0.1));
    const moved = await decide(faceAt(0.1 - radius), 'other looks');
    expect(moved.same).not.toBe(false);
    expect((await decide(faceAt(0.1 - 3 * radius), 'other looks')).same).toBe(false);
  });

  test('abstains on the plane', async () => {
    expect(await decide(faceAt(0))).toMatchObject({ same: undefined, radius: undefined });
  });

  test('is the same for the same seed', async () => {
    expect(await decide(faceAt(0.03))).toEqual(await decide(faceAt(0.03)));
    expect((await decide(faceAt(0.03))).share).not.toBe((await decide(faceAt(0.03), 'others')).share);
  });

  test('is certified by looks that did not guess it', () => {
    const accepted = Float32Array.of(1, 0);
    const refused = Float32Array.of(-1, 0);
    const looks = [accepted, accepted, ...Array.from({ length: 100 }, () => refused)];
    const found = decideSmoothed(looks, REFERENCE, THRESHOLD, { sigma: 1, guesses: 2, alpha: 0.001 });
    expect(found).toMatchObject({ same: undefined, share: 0 });
  });

  test('needs looks beyond the guesses', () => {
    expect(() => decideSmoothed([REFERENCE], REFERENCE, THRESHOLD, { ...SETTINGS, guesses: 1 })).toThrow(InputError);
  });
});

test.each([0, -1, 11, Number.NaN])('noise of deviation %d is refused', async (sigma) => {
  await expect(noisyEmbeddings(meanEncoder, faceAt(0), 1, { sigma, random: new Random(1) })).rejects.toThrow(
    InputError,
  );
});
