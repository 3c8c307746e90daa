import { describe, expect, it } from 'vitest';
import { flatImage, imageOf, wavyImage } from '../../test/fixtures/image-files.ts';
import { InputError, ShapeError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import type { Image } from './image.ts';
import { cropImage, resizeImage } from './resize.ts';
import { sharp } from './vips.ts';

const photo = wavyImage(90, 70, new Random(1));

async function libvipsCubic(image: Image, width: number, height: number): Promise<Uint8Array> {
  return sharp(image.data, { raw: { width: image.widthPx, height: image.heightPx, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false })
    .raw()
    .toBuffer();
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length;
}

describe('resizeImage', () => {
  it.each([
    [45, 35],
    [60, 50],
    [30, 70],
    [21, 16],
  ])('agrees with the cubic filter of libvips at %ix%i', async (width, height) => {
    const resized = resizeImage(photo, width, height);
    expect([resized.widthPx, resized.heightPx]).toEqual([width, height]);
    expect(meanDifference(resized.data, await libvipsCubic(photo, width, height))).toBeLessThan(1);
  });

  it('continues a ramp exactly when it enlarges', () => {
    const ramp = imageOf([[...Array(30).keys()].map((x) => [8 * x, 255 - 8 * x, 5] as const)]);
    const { data } = resizeImage(ramp, 75, 3);
    for (const x of [10, 37, 60]) {
      // Pixel centres: output x lies at (x + 1/2) * 30 / 75 - 1/2 of the input.
      expect(Math.abs((data[3 * x] ?? 0) - 8 * ((x + 0.5) * 0.4 - 0.5))).toBeLessThanOrEqual(0.51);
    }
  });

  it('keeps a flat colour flat at any size', () => {
    for (const [width, height] of [
      [1, 1],
      [7, 300],
      [13, 11],
    ] as const) {
      expect(resizeImage(flatImage(40, 31, [10, 130, 250]), width, height)).toEqual(
        flatImage(width, height, [10, 130, 250]),
      );
    }
  });

  it('does not alias: a one-pixel checkerboard becomes grey', () => {
    const board = {
      widthPx: 64,
      heightPx: 64,
      data: new Uint8Array(3 * 64 * 64).map((_, i) => 255 * ((Math.floor(i / 3) + Math.floor(i / 192)) % 2)),
    };
    const { data } = resizeImage(board, 10, 10);
    expect(Math.min(...data)).toBeGreaterThan(115);
    expect(Math.max(...data)).toBeLessThan(140);
  });

  it('refuses a size of zero', () => {
    expect(() => resizeImage(photo, 0, 5)).toThrow(ShapeError);
  });
});

describe('cropImage', () => {
  const image = imageOf([
    [
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
    ],
    [
      [4, 4, 4],
      [5, 5, 5],
      [6, 6, 6],
    ],
  ]);

  it('cuts out a rectangle', () => {
    expect(cropImage(image, { x: 1, y: 0, width: 2, height: 2 })).toEqual(
      imageOf([
        [
          [2, 2, 2],
          [3, 3, 3],
        ],
        [
          [5, 5, 5],
          [6, 6, 6],
        ],
      ]),
    );
  });

  it.each([
    { x: 2, y: 0, width: 2, height: 1 },
    { x: -1, y: 0, width: 2, height: 1 },
    { x: 0.5, y: 0, width: 1, height: 1 },
    { x: 0, y: 0, width: 0, height: 1 },
  ])('refuses %j', (region) => {
    expect(() => cropImage(image, region)).toThrow(InputError);
  });
});
