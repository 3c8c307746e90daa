import { describe, expect, test } from 'vitest';
import type { Image } from '../../image/image.ts';
import { toPlanar } from '../../image/tensor.ts';
import { Random } from '../../util/random.ts';
import { AUGMENTATIONS, type Augmentation, augmentFace } from './augmentation.ts';

const SIZE = 32;
const source = new Random('augmented');
const face: Image = {
  widthPx: SIZE,
  heightPx: SIZE,
  data: Uint8Array.from({ length: 3 * SIZE ** 2 }, () => source.integer(256)),
};
const augmented = (ways: readonly Augmentation[], seed: number): Float32Array =>
  augmentFace(face, ways, new Random(seed));
const mirrored = toPlanar([
  {
    ...face,
    data: face.data.map((_, at) => {
      const [pixel, channel] = [Math.floor(at / 3), at % 3];
      const column = pixel % SIZE;
      return face.data[3 * (pixel - column + SIZE - 1 - column) + channel] as number;
    }),
  },
]);

describe('augmentFace', () => {
  test('in no way leaves the face as it is', () => {
    expect(augmented([], 1)).toEqual(toPlanar([face]));
  });

  test('flip mirrors about half of the faces, exactly, and leaves the others', () => {
    const made = Array.from({ length: 40 }, (_, seed) => augmented(['flip'], seed));
    const count = (wanted: Float32Array): number => made.filter((one) => one.every((v, i) => v === wanted[i])).length;
    expect(count(mirrored) + count(toPlanar([face]))).toBe(40);
    expect(count(mirrored)).toBeGreaterThan(8);
    expect(count(mirrored)).toBeLessThan(32);
  });

  test('shift moves the face by at most 4 % of its side', () => {
    const ramp: Image = { ...face, data: face.data.map((_, at) => 4 * (Math.floor(at / 3) % SIZE)) };
    const moves = Array.from({ length: 30 }, (_, seed) => {
      const centre = augmentFace(ramp, ['shift'], new Random(seed))[(SIZE / 2) * SIZE + SIZE / 2] as number;
      return (centre * 255) / 4 - SIZE / 2;
    });
    expect(Math.max(...moves.map(Math.abs))).toBeLessThan(0.04 * SIZE + 0.2);
    expect(Math.max(...moves)).toBeGreaterThan(0.5);
    expect(Math.min(...moves)).toBeLessThan(-0.5);
  });

  test.each(AUGMENTATIONS)('%s is the same for the same random numbers, and stays within 0..1', (way) => {
    expect(augmented([way], 3)).toEqual(augmented([way], 3));
    expect([...augmented([way], 3)].every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test('one way more does not change what the others draw', () => {
    const noise = (ways: readonly Augmentation[]): number[] => {
      const [bare, noisy] = [augmented(ways, 5), augmented([...ways, 'noise'], 5)];
      return [...noisy].map((value, i) => value - (bare[i] as number));
    };
    const [alone, beside] = [noise([]), noise(['shift', 'warp', 'flip'])];
    const kept = alone.filter((value, i) => Math.abs(value - (beside[i] as number)) < 1e-6).length;
    // All but those that were clipped at black or white.
    expect(kept).toBeGreaterThan(0.8 * alone.length);
  });
});
