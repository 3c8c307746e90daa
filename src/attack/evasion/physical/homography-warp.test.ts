import { describe, expect, test } from 'vitest';
import { fromPlanar, toPlanar } from '../../../image/tensor.ts';
import { warpAffine } from '../../../image/warp.ts';
import { InputError, ShapeError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { type Homography, homographyWarp, STILL } from './homography-warp.ts';

const random = new Random('homography');
const pixels = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.uniform());
const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

const TILTED: Homography = [0.96, -0.07, 0.05, 0.06, 1.02, -0.04, 0.05, -0.08, 1];

describe('homographyWarp', () => {
  test('the transpose is the transpose: <Wx, y> = <x, Wty>', () => {
    const { apply, transpose } = homographyWarp(TILTED, { sourcePx: 13, outputPx: 17 });
    const [x, y] = [pixels(3 * 13 ** 2), pixels(3 * 17 ** 2)];
    expect(dot(apply(x), y)).toBeCloseTo(dot(x, transpose(y)), 3);
  });

  test('without perspective it is warpAffine', () => {
    const size = 24;
    const source = fromPlanar(pixels(3 * size ** 2), { widthPx: size, heightPx: size });
    const [a, b, c, d, e, f] = TILTED;
    // The same map for pixels whose centres are at whole numbers: u = (2 x + 1) / size - 1.
    const offset = (p: number, q: number, r: number) => ((p + q) * (1 / size - 1) + r + 1) * (size / 2) - 0.5;
    const [expected] = source.map((image) =>
      warpAffine(image, [a, b, offset(a, b, c), d, e, offset(d, e, f)], {
        widthPx: size,
        heightPx: size,
        border: 'replicate',
      }),
    );
    const warp = homographyWarp([a, b, c, d, e, f, 0, 0, 1], { sourcePx: size, outputPx: size });
    const [seen] = fromPlanar(warp.apply(toPlanar(source)), { widthPx: size, heightPx: size });
    const apart = (seen?.data ?? []).map((value, i) => Math.abs(value - (expected?.data[i] as number)));
    expect(Math.max(...apart)).toBeLessThanOrEqual(1);
  });

  test('perspective brings a point where the formula says', () => {
    // A ramp of u: the output shows the source's u at each place.
    const size = 64;
    const ramp = Float32Array.from({ length: size ** 2 }, (_, i) => (2 * (i % size) + 1) / size - 1);
    const seen = homographyWarp([0.8, 0, 0, 0, 0.8, 0, 0.1, 0.2, 1], { sourcePx: size, outputPx: size }).apply(ramp);
    const [u, v] = [(2 * 50 + 1) / size - 1, (2 * 12 + 1) / size - 1];
    expect(seen[12 * size + 50]).toBeCloseTo((0.8 * u) / (1 + 0.1 * u + 0.2 * v), 5);
  });

  test('a larger picture of a plane keeps within its values', () => {
    const seen = homographyWarp(STILL, { sourcePx: 4, outputPx: 16 }).apply(pixels(16));
    expect(seen.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test('refuses what cannot be seen', () => {
    expect(() => homographyWarp([1, 0, 0, 0, 1, 0, 2, 0, 1], { sourcePx: 4, outputPx: 4 })).toThrow(InputError);
    expect(() => homographyWarp(STILL, { sourcePx: 4, outputPx: 4 }).apply(pixels(17))).toThrow(ShapeError);
  });
});
