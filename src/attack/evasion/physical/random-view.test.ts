import { describe, expect, test } from 'vitest';
import { Random } from '../../../util/random.ts';
import { gaussianKernel, smoothPlanes, spreadPlanes } from './gaussian.ts';
import { drawView, VIEW_RANGE } from './random-view.ts';

const SIZE = 20;
const random = new Random('views');
const pixels = (low = 0, high = 1): Float32Array =>
  Float32Array.from({ length: 3 * SIZE ** 2 }, () => low + (high - low) * random.uniform());
const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

describe('a Gaussian', () => {
  test('has sum 1, its deviation, and an exact transpose', () => {
    const kernel = gaussianKernel(1.3);
    const both = kernel.flatMap((value, i) =>
      i === 0
        ? [[0, value]]
        : [
            [i, value],
            [-i, value],
          ],
    ) as [number, number][];
    expect(both.reduce((sum, [, value]) => sum + value, 0)).toBeCloseTo(1, 6);
    expect(Math.sqrt(both.reduce((sum, [at, value]) => sum + at ** 2 * value, 0))).toBeCloseTo(1.3, 1);
    const [x, y] = [pixels(), pixels()];
    expect(dot(smoothPlanes(x, SIZE, kernel), y)).toBeCloseTo(dot(x, spreadPlanes(y, SIZE, kernel)), 3);
  });

  test('leaves a plain picture as it is, its border too', () => {
    const plain = new Float32Array(3 * SIZE ** 2).fill(0.4);
    for (const value of smoothPlanes(plain, SIZE, gaussianKernel(2))) expect(value).toBeCloseTo(0.4, 5);
  });
});

describe('a random view', () => {
  test('brings a gradient back: central differences agree, clipped pixels included', () => {
    const view = drawView(new Random(3), SIZE, { ...VIEW_RANGE, blur: 6 });
    const [face, weights] = [pixels(-0.2, 1.2), pixels(-1)];
    const { picture, pullBack } = view(face);
    expect(picture.some((value) => value === 0 || value === 1)).toBe(true);
    const gradient = pullBack(weights);
    const direction = pixels(-1);
    const step = 1e-4;
    const at = (sign: number) =>
      dot(view(face.map((value, i) => value + sign * step * (direction[i] as number))).picture, weights);
    expect((at(1) - at(-1)) / (2 * step)).toBeCloseTo(dot(gradient, direction), 0);
    expect(Math.abs(dot(gradient, direction))).toBeGreaterThan(0.5);
  });

  test('the same seed shows the same, another seed another, and the range is kept', () => {
    const face = pixels();
    const see = (seed: number) => drawView(new Random(seed), SIZE)(face).picture;
    expect(see(1)).toEqual(see(1));
    expect(see(1)).not.toEqual(see(2));
    expect(see(1).every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});
