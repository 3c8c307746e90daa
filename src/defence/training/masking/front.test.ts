import { describe, expect, test } from 'vitest';
import { evaluate, largestDifference } from '../../../../test/fixtures/evaluate.ts';
import { float32 } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { InputError, ModelFileError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { applyFront, type FrontSettings, fitFront, invertFront, parseFront } from './front.ts';

const SIZE = 32;

/** Grey faces of noise under waves of known frequencies: energy lies where it is put. */
function face(seed: number, waves: readonly (readonly [u: number, v: number, strength: number])[]): Image {
  const random = new Random(seed);
  const data = new Uint8Array(3 * SIZE ** 2);
  const signs = waves.map(() => random.normal());
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      let grey = 128 + random.normal();
      waves.forEach(([u, v, strength], i) => {
        const wave = Math.cos(((2 * y + 1) * u * Math.PI) / 16) * Math.cos(((2 * x + 1) * v * Math.PI) / 16);
        grey += (signs[i] as number) * strength * wave;
      });
      for (let c = 0; c < 3; c++) data[3 * (y * SIZE + x) + c] = grey;
    }
  }
  return { widthPx: SIZE, heightPx: SIZE, data };
}

const WAVES = [
  [0, 1, 20],
  [3, 2, 15],
  [7, 7, 10],
] as const;
const FACES = Array.from({ length: 20 }, (_, i) => face(i, WAVES));
const tensor = (faces: readonly Image[]) => float32(toPlanar(faces), [faces.length, 3, SIZE, SIZE]);
const measured = (more: Partial<Parameters<typeof fitFront>[1]> = {}) =>
  fitFront(FACES, { kind: 'frequency', sizePx: SIZE, seed: 1, threads: 1, ...more });

const applied = async (front: FrontSettings): Promise<number[]> => {
  const { masked } = await evaluate({ faces: tensor(FACES) }, ({ faces }) => ({ masked: applyFront(faces, front) }));
  return masked ?? [];
};

describe('fitting a front', () => {
  test('keeps the frequencies of the largest energy, and never a mean', async () => {
    // 8 u + v of the waves; every block has the same mean of 128, which holds by far the most.
    expect((await measured({ frequencies: 3 })).channels.toSorted((a, b) => a - b)).toEqual([1, 26, 63]);
  });

  test('brings each channel to mean 0 and deviation 1', async () => {
    const front = await measured({ frequencies: 3 });
    const masked = await applied(front);
    const blocks = (SIZE / 8) ** 2;
    for (let channel = 0; channel < 3; channel++) {
      const own = masked.filter((_, i) => Math.floor(i / blocks) % 3 === channel);
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      const square = own.reduce((sum, value) => sum + value ** 2, 0) / own.length;
      expect(mean).toBeCloseTo(0, 4);
      expect(square).toBeCloseTo(1, 3);
    }
  });

  test('shuffles by its seed, and gives the same for the same seed', async () => {
    const [one, again, other] = [await measured(), await measured(), await measured({ seed: 2 })];
    expect(again).toEqual(one);
    expect(other.channels).not.toEqual(one.channels);
    expect(new Set(other.channels)).toEqual(new Set(one.channels));
    expect(one.channels).toHaveLength(36);
  });

  test.each([{ sizePx: 30 }, { frequencies: 0 }, { frequencies: 190 }])('refuses %o', async (wrong) => {
    await expect(async () => measured(wrong)).rejects.toThrow(InputError);
  });

  test('refuses nobody', async () => {
    await expect(async () => fitFront([], { kind: 'pixels', sizePx: SIZE, seed: 1 })).rejects.toThrow(InputError);
  });
});

describe('a front', () => {
  test.each([
    { kind: 'pixels', more: {}, least: 0 },
    { kind: 'frequency', more: { frequencies: 189 }, least: 0 },
  ] as const)('of $kind with nothing dropped but means is undone', async ({ kind, more }) => {
    const front = await measured({ kind, ...more });
    const { back } = await evaluate({ faces: tensor(FACES.slice(0, 2)) }, ({ faces }) => ({
      back: invertFront(applyFront(faces, front), front),
    }));
    // Blocks are grey around 128 throughout, so that the dropped means are each block's mean, up to the noise of a level.
    const bound = kind === 'pixels' ? 1e-5 : 2 / 255;
    expect(largestDifference(back ?? [], tensor(FACES.slice(0, 2)).data)).toBeLessThan(bound);
  });

  test('is kept as text', async () => {
    const front = await measured();
    expect(parseFront(JSON.stringify(front))).toEqual(front);
    expect(() => parseFront('{"kind":"frequency"}')).toThrow(ModelFileError);
    expect(() => parseFront('nonsense')).toThrow(ModelFileError);
  });
});
