import { describe, expect, test } from 'vitest';
import { largestDifference } from '../../../test/fixtures/evaluate.ts';
import { Random } from '../../util/random.ts';
import { cutoutLook, diverseLook, smoothGradient } from './transforms.ts';

test('DI resizes to 0.9..1 of the extent, anywhere in the room that is left', () => {
  const random = new Random(1);
  const looks = Array.from({ length: 200 }, () => diverseLook(random).resized);
  const shares = looks.map((resized) => resized?.share ?? 0);
  expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.9);
  expect(Math.max(...shares)).toBeLessThanOrEqual(1);
  expect(Math.max(...shares) - Math.min(...shares)).toBeGreaterThan(0.09);
  for (const axis of ['x', 'y'] as const) {
    const places = looks.map((resized) => resized?.[axis] ?? 0);
    expect([Math.min(...places) < 0.05, Math.max(...places) > 0.95]).toEqual([true, true]);
  }
});

describe('LGC', () => {
  test('hides squares of an eighth of the extent at four landmarks, differently each time', () => {
    const random = new Random(2);
    const masks = Array.from({ length: 20 }, () => cutoutLook(random, 56).mask ?? new Float32Array());
    for (const mask of masks) {
      const hidden = mask.filter((value) => value === 0).length;
      // Squares of 7 px; some may lie upon each other.
      expect(hidden).toBeLessThanOrEqual(4 * 49);
      expect(hidden).toBeGreaterThanOrEqual(49);
      expect(mask.every((value) => value === 0 || value === 1)).toBe(true);
    }
    expect(new Set(masks.map((mask) => mask.join(''))).size).toBe(20);
  });
});

describe('TI', () => {
  test('is the product with the 7x7 Gaussian of deviation 3, of sum 1, with zeros beyond the edge', () => {
    const size = 9;
    const gradient = new Random(3).normals(3 * size * size);
    const weight = (offset: number): number => Math.exp(-(offset ** 2) / 18);
    const total = [-3, -2, -1, 0, 1, 2, 3].reduce((sum, offset) => sum + weight(offset), 0);
    const wanted = gradient.map((_, at) => {
      const [plane, row, column] = [Math.floor(at / 81), Math.floor((at % 81) / 9), at % 9];
      let sum = 0;
      for (let y = -3; y <= 3; y++)
        for (let x = -3; x <= 3; x++) {
          const [r, c] = [row + y, column + x];
          if (r < 0 || c < 0 || r >= size || c >= size) continue;
          sum += (weight(y) * weight(x) * (gradient[plane * 81 + r * 9 + c] as number)) / total ** 2;
        }
      return sum;
    });
    expect(largestDifference(smoothGradient(gradient, size), wanted)).toBeLessThan(1e-5);
  });
});
