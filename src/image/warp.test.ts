import { describe, expect, it } from 'vitest';
import { flatImage, imageOf, pixelAt, wavyImage } from '../../test/fixtures/image-files.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import type { Image } from './image.ts';
import { type AffineMatrix, warpAffine } from './warp.ts';

const photo = wavyImage(60, 50, new Random(2));

/** A picture whose red is 2x and green 3y: an affine warp of it is known in closed form. */
function rampImage(widthPx: number, heightPx: number): Image {
  const data = Uint8Array.from({ length: 3 * widthPx * heightPx }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [2 * (pixel % widthPx), 3 * Math.floor(pixel / widthPx), 77][i % 3] ?? 0;
  });
  return { widthPx, heightPx, data };
}

describe('warpAffine', () => {
  it('leaves the picture alone under the identity', () => {
    expect(warpAffine(photo, [1, 0, 0, 0, 1, 0], { widthPx: 60, heightPx: 50 })).toEqual(photo);
  });

  it('shifts by whole pixels with black, or the edge, outside', () => {
    const image = imageOf([
      [
        [10, 10, 10],
        [20, 20, 20],
      ],
    ]);
    const shift: AffineMatrix = [1, 0, 1, 0, 1, 0];
    expect(warpAffine(image, shift, { widthPx: 2, heightPx: 1 })).toEqual(
      imageOf([
        [
          [20, 20, 20],
          [0, 0, 0],
        ],
      ]),
    );
    expect(warpAffine(image, shift, { widthPx: 2, heightPx: 1, border: 'replicate' })).toEqual(
      imageOf([
        [
          [20, 20, 20],
          [20, 20, 20],
        ],
      ]),
    );
  });

  it('samples a ramp where the matrix says, whatever the rotation', () => {
    const ramp = rampImage(100, 80);
    const [a, b, c, d, e, f]: AffineMatrix = [0.8, -0.5, 30, 0.5, 0.8, 10];
    const warped = warpAffine(ramp, [a, b, c, d, e, f], { widthPx: 40, heightPx: 30 });
    for (const [x, y] of [
      [0, 0],
      [39, 0],
      [5, 29],
      [20, 11],
    ] as const) {
      const [red, green] = pixelAt(warped, x, y);
      expect(Math.abs(red - 2 * (a * x + b * y + c))).toBeLessThanOrEqual(0.51);
      expect(Math.abs(green - 3 * (d * x + e * y + f))).toBeLessThanOrEqual(0.51);
    }
  });

  it('keeps its place when it averages first', () => {
    const ramp = rampImage(120, 80);
    for (const scale of [2.1, 3, 5.7]) {
      const warped = warpAffine(ramp, [scale, 0, 20.3, 0, scale, 15.8], { widthPx: 12, heightPx: 8 });
      const [red, green] = pixelAt(warped, 6, 4);
      expect(Math.abs(red - 2 * (scale * 6 + 20.3))).toBeLessThanOrEqual(1.1);
      expect(Math.abs(green - 3 * (scale * 4 + 15.8))).toBeLessThanOrEqual(1.1);
    }
  });

  it('does not alias when it shrinks', () => {
    const stripes = {
      widthPx: 300,
      heightPx: 300,
      data: new Uint8Array(270_000).map((_, i) => 255 * (Math.floor(i / 3) % 2)),
    };
    const { data } = warpAffine(stripes, [5.3, 0, 10, 0, 5.3, 10], { widthPx: 50, heightPx: 50 });
    expect(Math.min(...data)).toBeGreaterThan(90);
    expect(Math.max(...data)).toBeLessThan(165);
  });

  it('gives black, or the edge, where the output sees nothing of the source', () => {
    const far: AffineMatrix = [4, 0, 5000, 0, 4, -5000];
    const size = { widthPx: 3, heightPx: 3 };
    expect(warpAffine(flatImage(20, 20, [9, 8, 7]), far, size)).toEqual(flatImage(3, 3, [0, 0, 0]));
    expect(warpAffine(flatImage(20, 20, [9, 8, 7]), far, { ...size, border: 'replicate' })).toEqual(
      flatImage(3, 3, [9, 8, 7]),
    );
  });

  it('refuses a matrix that is not finite', () => {
    expect(() => warpAffine(photo, [Number.NaN, 0, 0, 0, 1, 0], { widthPx: 2, heightPx: 2 })).toThrow(InputError);
  });
});
