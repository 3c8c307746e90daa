import type { Image } from '../../../image/image.ts';
import { fromOklab, toOklab } from '../../../image/oklab.ts';

/** Means and standard deviations of lightness, a and b (OKLab) over a part of a picture. */
export interface ColourStatistics {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** Contrast is changed by this factor at most, up or down: a small mask of one colour says nothing of it. */
const MOST_CONTRAST = 2;

/**
 * How the colours of a picture are spread.
 *
 * @param weights - of each pixel, 0..1.
 * @returns undefined where nothing weighs.
 */
export function colourStatistics({ data }: Image, weights: Float32Array): ColourStatistics | undefined {
  const lab = new Float32Array(3);
  const [sum, squares] = [new Float64Array(3), new Float64Array(3)];
  let total = 0;
  for (let i = 0, p = 0; i < weights.length; i++, p += 3) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    toOklab(data[p] as number, data[p + 1] as number, data[p + 2] as number, lab);
    total += weight;
    for (let c = 0; c < 3; c++) {
      const value = lab[c] as number;
      sum[c] = (sum[c] as number) + weight * value;
      squares[c] = (squares[c] as number) + weight * value * value;
    }
  }
  if (!(total > 1e-6)) return undefined;
  const mean = sum.map((value) => value / total);
  const deviation = squares.map((value, c) => Math.sqrt(Math.max(0, value / total - (mean[c] as number) ** 2)));
  return { mean, deviation };
}

/**
 * The picture with colours of the one statistics brought to those of the other: each of OKLab's three by itself, by its mean and its deviation.
 *
 * Source: Reinhard, Adhikhmin, Gooch, Shirley, "Color transfer between images" (2001), in OKLab in place of l alpha beta.
 */
export function matchColours({ data, ...size }: Image, from: ColourStatistics, to: ColourStatistics): Image {
  const contrast = from.deviation.map((deviation, c) => {
    const wanted = to.deviation[c] as number;
    const factor = deviation > 1e-4 ? wanted / deviation : 1;
    return Math.min(MOST_CONTRAST, Math.max(1 / MOST_CONTRAST, factor));
  });
  const matched = new Uint8Array(data.length);
  const lab = new Float32Array(3);
  for (let p = 0; p < data.length; p += 3) {
    toOklab(data[p] as number, data[p + 1] as number, data[p + 2] as number, lab);
    for (let c = 0; c < 3; c++) {
      const offset = (lab[c] as number) - (from.mean[c] as number);
      lab[c] = (to.mean[c] as number) + (contrast[c] as number) * offset;
    }
    fromOklab(lab, matched, p);
  }
  return { ...size, data: matched };
}
