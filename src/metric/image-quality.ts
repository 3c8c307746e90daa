import { ShapeError } from '../util/errors.ts';

/** The size of a planar picture: `channels` planes of heightPx rows of widthPx values, 0..1. */
export interface PlanarSize {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Default 3. */
  readonly channels?: number;
}

/** Mean absolute difference of two pictures, 0..1 for values in 0..1; lower is more alike. @throws ShapeError where sizes differ. */
export function l1(a: Float32Array, b: Float32Array): number {
  return meanOver(a, b, Math.abs);
}

/** Mean squared difference of two pictures, 0..1 for values in 0..1; lower is more alike. @throws ShapeError where sizes differ. */
export function l2(a: Float32Array, b: Float32Array): number {
  return meanOver(a, b, (difference) => difference * difference);
}

/** Peak signal-to-noise ratio in dB for values in 0..1; higher is more alike, Infinity for equal pictures. @throws ShapeError where sizes differ. */
export function psnr(a: Float32Array, b: Float32Array): number {
  return -10 * Math.log10(l2(a, b));
}

/**
 * Structural similarity of two planar pictures `[C,H,W]` with values in 0..1, the mean over channels: -1..1, higher is more alike.
 *
 * 11x11 Gaussian window of sigma 1.5, K1 0.01, K2 0.03, population variances, windows inside the picture only, no downsampling before.
 *
 * Source: Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13 (2004), equation 13.
 *
 * @throws ShapeError where the data do not have the size given, or it is smaller than the window.
 */
export function ssim(a: Float32Array, b: Float32Array, size: PlanarSize): number {
  const { widthPx, heightPx, channels = 3 } = size;
  const plane = widthPx * heightPx;
  for (const picture of [a, b]) {
    if (picture.length !== channels * plane) {
      throw new ShapeError(`${picture.length} values are no picture of ${channels}x${heightPx}x${widthPx}`);
    }
  }
  if (Math.min(widthPx, heightPx) < WINDOW.length) {
    throw new ShapeError(`SSIM needs at least ${WINDOW.length}x${WINDOW.length} px, not ${widthPx}x${heightPx}`);
  }
  let sum = 0;
  for (let channel = 0; channel < channels; channel++) {
    const from = channel * plane;
    sum += ssimOfPlane(a.subarray(from, from + plane), b.subarray(from, from + plane), widthPx);
  }
  return sum / channels;
}

const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;
const WINDOW = gaussianWindow(11, 1.5);

function gaussianWindow(length: number, sigma: number): Float64Array {
  const weights = Float64Array.from({ length }, (_, i) =>
    Math.exp(-((i - (length - 1) / 2) ** 2) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function ssimOfPlane(a: Float32Array, b: Float32Array, widthPx: number): number {
  const meanA = smooth(new Float64Array(a), widthPx);
  const meanB = smooth(new Float64Array(b), widthPx);
  const meanAA = smooth(product(a, a), widthPx);
  const meanBB = smooth(product(b, b), widthPx);
  const meanAB = smooth(product(a, b), widthPx);
  let sum = 0;
  for (let i = 0; i < meanA.length; i++) {
    const muA = meanA[i] as number;
    const muB = meanB[i] as number;
    const varianceA = (meanAA[i] as number) - muA * muA;
    const varianceB = (meanBB[i] as number) - muB * muB;
    const covariance = (meanAB[i] as number) - muA * muB;
    const luminance = (2 * muA * muB + C1) / (muA * muA + muB * muB + C1);
    sum += (luminance * (2 * covariance + C2)) / (varianceA + varianceB + C2);
  }
  return sum / meanA.length;
}

/** The window over a plane, first along rows and then down columns, where it lies inside. */
function smooth(plane: Float64Array, widthPx: number): Float64Array {
  const heightPx = plane.length / widthPx;
  const margin = WINDOW.length - 1;
  const across = smoothSteps(plane, { lines: heightPx, lineStep: widthPx, count: widthPx - margin, step: 1 });
  const width = widthPx - margin;
  return smoothSteps(across, { lines: heightPx - margin, lineStep: width, count: width, step: width });
}

/** Weighted sums over WINDOW.length values that lie `step` apart. */
function smoothSteps(
  values: Float64Array,
  walk: { readonly lines: number; readonly lineStep: number; readonly count: number; readonly step: number },
): Float64Array {
  const out = new Float64Array(walk.lines * walk.count);
  for (let line = 0; line < walk.lines; line++) {
    for (let i = 0; i < walk.count; i++) {
      let sum = 0;
      let at = line * walk.lineStep + i;
      for (let k = 0; k < WINDOW.length; k++, at += walk.step) sum += (WINDOW[k] as number) * (values[at] as number);
      out[line * walk.count + i] = sum;
    }
  }
  return out;
}

/** A plain loop: Float64Array.from() with a function takes longer than all the rest of an SSIM. */
function product(a: Float32Array, b: Float32Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) * (b[i] as number);
  return out;
}

function meanOver(a: Float32Array, b: Float32Array, cost: (difference: number) => number): number {
  if (a.length !== b.length || a.length === 0) {
    throw new ShapeError(`pictures of ${a.length} and ${b.length} values cannot be compared`);
  }
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += cost((a[i] as number) - (b[i] as number));
  return sum / a.length;
}
