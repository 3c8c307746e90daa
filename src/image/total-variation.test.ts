import { describe, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import type { Image } from './image.ts';
import { denoiseTotalVariation } from './total-variation.ts';

/** A grey picture. */
function grey(widthPx: number, heightPx: number, level: (x: number, y: number) => number): Image {
  const data = new Uint8Array(3 * widthPx * heightPx);
  for (let i = 0; i < widthPx * heightPx; i++) data.fill(level(i % widthPx, Math.floor(i / widthPx)), 3 * i, 3 * i + 3);
  return { widthPx, heightPx, data };
}

/** TV(u) + ||u - f||^2 / (2 weight) of the first channel, from first principles. */
function energy(u: Image, f: Image, weight: number): number {
  const at = (image: Image, x: number, y: number) => (image.data[3 * (y * image.widthPx + x)] as number) / 255;
  let total = 0;
  for (let y = 0; y < u.heightPx; y++) {
    for (let x = 0; x < u.widthPx; x++) {
      const dx = x < u.widthPx - 1 ? at(u, x + 1, y) - at(u, x, y) : 0;
      const dy = y < u.heightPx - 1 ? at(u, x, y + 1) - at(u, x, y) : 0;
      total += Math.hypot(dx, dy) + (at(u, x, y) - at(f, x, y)) ** 2 / (2 * weight);
    }
  }
  return total;
}

describe('denoiseTotalVariation', () => {
  test('a step of two levels loses weight / width at each side, as the minimum worked by hand has it', () => {
    const [width, weight] = [6, 0.12];
    const step = grey(2 * width, 5, (x) => (x < width ? 60 : 190));
    const smooth = denoiseTotalVariation(step, weight);
    const moved = (255 * weight) / width;
    expect(Math.abs((smooth.data[0] as number) - (60 + moved))).toBeLessThan(1.5);
    expect(Math.abs((smooth.data[3 * 2 * width - 1] as number) - (190 - moved))).toBeLessThan(1.5);
  });

  test('nothing near has less energy, and the noisy picture far more', () => {
    const random = new Random(1);
    const noisy = grey(16, 16, (x) => Math.min(255, Math.max(0, (x < 8 ? 80 : 170) + 20 * random.normal())));
    const weight = 0.1;
    const smooth = denoiseTotalVariation(noisy, weight);
    const least = energy(smooth, noisy, weight);
    expect(least).toBeLessThan(0.7 * energy(noisy, noisy, weight));
    for (let trial = 0; trial < 50; trial++) {
      const other = { ...smooth, data: smooth.data.map((value) => value + Math.round(3 * random.normal())) };
      expect(energy(other, noisy, weight)).toBeGreaterThan(least);
    }
  });

  test('an even picture stays, and a weight of 0 is refused', () => {
    const even = grey(5, 4, () => 77);
    expect(denoiseTotalVariation(even, 0.2)).toEqual(even);
    expect(() => denoiseTotalVariation(even, 0)).toThrow(InputError);
  });
});
