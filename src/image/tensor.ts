import { ShapeError } from '../util/errors.ts';
import type { Image } from './image.ts';
import { requireImage, requireSize } from './image-shape.ts';

/**
 * Turns images of one size into a tensor `[N,3,H,W]`, float32, RGB, 0..1.
 *
 * @throws ShapeError where there is none, or sizes differ.
 */
export function toPlanar(images: readonly Image[]): Float32Array {
  const [first] = images;
  if (!first) throw new ShapeError('no images to make a tensor of');
  const plane = first.widthPx * first.heightPx;
  const out = new Float32Array(3 * plane * images.length);
  images.forEach((image, n) => {
    requireImage(image);
    if (image.widthPx !== first.widthPx || image.heightPx !== first.heightPx) {
      throw new ShapeError(
        `image ${n} has ${image.widthPx}x${image.heightPx} px, image 0 has ${first.widthPx}x${first.heightPx}`,
        {
          hint: 'bring all images to one size first',
        },
      );
    }
    splitChannels(image.data, out.subarray(3 * plane * n, 3 * plane * (n + 1)), plane);
  });
  return out;
}

/**
 * Turns a tensor `[N,3,H,W]` (float32, RGB, 0..1) into images; values beyond the range are clamped, NaN becomes 0, the rest rounded to 8 bits.
 *
 * @throws ShapeError where the data is no whole number of such images.
 */
export function fromPlanar(data: Float32Array, size: { readonly widthPx: number; readonly heightPx: number }): Image[] {
  const { widthPx, heightPx } = size;
  requireSize('a tensor of images', widthPx, heightPx);
  const plane = widthPx * heightPx;
  const count = data.length / (3 * plane);
  if (!Number.isInteger(count))
    throw new ShapeError(`${data.length} numbers are no whole number of [3,${heightPx},${widthPx}] images`);
  return Array.from({ length: count }, (_, n) => ({
    widthPx,
    heightPx,
    data: joinChannels(data.subarray(3 * plane * n, 3 * plane * (n + 1)), plane),
  }));
}

/** The planes of an image as they are: [3,H,W], RGB, 0..255. */
export function toPlanarBytes({ data, widthPx, heightPx }: Image): Uint8Array {
  const plane = widthPx * heightPx;
  const planar = new Uint8Array(3 * plane);
  for (let i = 0; i < plane; i++)
    for (let channel = 0; channel < 3; channel++) planar[channel * plane + i] = data[3 * i + channel] as number;
  return planar;
}

function splitChannels(pixels: Uint8Array, planes: Float32Array, plane: number): void {
  for (let i = 0, p = 0; i < plane; i++, p += 3) {
    planes[i] = (pixels[p] ?? 0) / 255;
    planes[plane + i] = (pixels[p + 1] ?? 0) / 255;
    planes[2 * plane + i] = (pixels[p + 2] ?? 0) / 255;
  }
}

function joinChannels(planes: Float32Array, plane: number): Uint8Array {
  // A clamped array clamps, rounds, and turns NaN to 0 as it is written.
  const pixels = new Uint8ClampedArray(3 * plane);
  for (let i = 0, p = 0; i < plane; i++, p += 3) {
    pixels[p] = (planes[i] ?? 0) * 255;
    pixels[p + 1] = (planes[plane + i] ?? 0) * 255;
    pixels[p + 2] = (planes[2 * plane + i] ?? 0) * 255;
  }
  return new Uint8Array(pixels.buffer);
}
