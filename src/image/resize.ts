import { InputError } from '../util/errors.ts';
import { averageBlocks, type PixelRegion } from './block-average.ts';
import type { Image } from './image.ts';
import { requireImage, requireSize } from './image-shape.ts';

/**
 * Resizes to exactly `widthPx` x `heightPx`; the shape may change.
 *
 * The filter is the bicubic of Catmull and Rom, widened by the scale when shrinking, so that nothing aliases (as Pillow's BICUBIC
 * and libvips' cubic); from a factor of three on, blocks are averaged first. Pure TypeScript: the same pixels on every machine.
 * About 7 ms from 960x640 to 256x171.
 *
 * @throws ShapeError where a size is not whole and positive.
 */
export function resizeImage(image: Image, widthPx: number, heightPx: number): Image {
  requireImage(image);
  requireSize('a resized image', widthPx, heightPx);
  if (widthPx === image.widthPx && heightPx === image.heightPx) return { ...image, data: image.data.slice() };
  const scaleX = image.widthPx / widthPx;
  const scaleY = image.heightPx / heightPx;
  const blockX = Math.max(1, Math.floor(scaleX / 1.5));
  const blockY = Math.max(1, Math.floor(scaleY / 1.5));
  const whole: PixelRegion = { x: 0, y: 0, width: image.widthPx, height: image.heightPx };
  const source = blockX * blockY > 1 ? averageBlocks(image, whole, blockX, blockY) : image;
  const rows = filterRows(source, filterTaps(source.heightPx, heightPx, scaleY / blockY), heightPx);
  return filterColumns(rows, source.widthPx, filterTaps(source.widthPx, widthPx, scaleX / blockX), {
    widthPx,
    heightPx,
  });
}

/**
 * Cuts out a rectangle of whole pixels.
 *
 * @throws InputError where it is not whole, is empty, or reaches beyond the image (for such boxes use {@link ./warp.ts}).
 */
export function cropImage(image: Image, region: PixelRegion): Image {
  requireImage(image);
  const { x, y, width, height } = region;
  const whole = [x, y, width, height].every(Number.isSafeInteger);
  if (!whole || x < 0 || y < 0 || width < 1 || height < 1 || x + width > image.widthPx || y + height > image.heightPx) {
    throw new InputError(`cannot cut ${width}x${height} at (${x}, ${y}) out of ${image.widthPx}x${image.heightPx} px`, {
      hint: 'give a rectangle of whole pixels inside the image',
    });
  }
  const data = new Uint8Array(3 * width * height);
  for (let row = 0; row < height; row++) {
    const start = 3 * ((y + row) * image.widthPx + x);
    data.set(image.data.subarray(start, start + 3 * width), 3 * width * row);
  }
  return { widthPx: width, heightPx: height, data };
}

/** For each output sample: the first input sample that counts, and `count` weights, which sum to 1. */
interface FilterTaps {
  readonly first: Int32Array;
  readonly weights: Float32Array;
  readonly count: number;
}

function filterTaps(inputSize: number, outputSize: number, scale: number): FilterTaps {
  const stretch = Math.max(1, scale);
  const count = Math.min(inputSize, Math.ceil(4 * stretch) + 1);
  const first = new Int32Array(outputSize);
  const weights = new Float32Array(outputSize * count);
  for (let i = 0; i < outputSize; i++) {
    const centre = (i + 0.5) * scale - 0.5;
    const start = Math.min(Math.max(0, Math.ceil(centre - 2 * stretch)), inputSize - count);
    first[i] = start;
    let sum = 0;
    for (let k = 0; k < count; k++) sum += catmullRom((start + k - centre) / stretch);
    for (let k = 0; k < count; k++) weights[i * count + k] = catmullRom((start + k - centre) / stretch) / sum;
  }
  return { first, weights, count };
}

/** Keys' cubic convolution with a = -1/2 ("Cubic Convolution Interpolation for Digital Image Processing", 1981, equation 15). */
function catmullRom(offset: number): number {
  const t = Math.abs(offset);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}

function filterRows(image: Image, taps: FilterTaps, heightPx: number): Float32Array {
  const stride = 3 * image.widthPx;
  const { data } = image;
  const out = new Float32Array(stride * heightPx);
  for (let y = 0; y < heightPx; y++) {
    const row = out.subarray(y * stride, (y + 1) * stride);
    for (let k = 0; k < taps.count; k++) {
      const weight = taps.weights[y * taps.count + k] as number;
      if (weight === 0) continue;
      const start = ((taps.first[y] as number) + k) * stride;
      for (let i = 0; i < stride; i++) row[i] = (row[i] as number) + weight * (data[start + i] as number);
    }
  }
  return out;
}

function filterColumns(
  rows: Float32Array,
  inputWidthPx: number,
  taps: FilterTaps,
  size: { readonly widthPx: number; readonly heightPx: number },
): Image {
  const { widthPx, heightPx } = size;
  const out = new Uint8ClampedArray(3 * widthPx * heightPx);
  let o = 0;
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, o += 3) {
      let p = 3 * (y * inputWidthPx + (taps.first[x] as number));
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let w = x * taps.count; w < (x + 1) * taps.count; w++, p += 3) {
        const weight = taps.weights[w] as number;
        red += weight * (rows[p] as number);
        green += weight * (rows[p + 1] as number);
        blue += weight * (rows[p + 2] as number);
      }
      out[o] = red;
      out[o + 1] = green;
      out[o + 2] = blue;
    }
  }
  return { widthPx, heightPx, data: new Uint8Array(out.buffer) };
}
