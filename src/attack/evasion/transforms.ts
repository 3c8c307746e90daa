import type { Look } from '../../encoder/similarity-gradient.ts';
import { CANONICAL_EXTENT } from '../../encoder/view.ts';
import { CANONICAL_POINTS } from '../../face/alignment.ts';
import type { Random } from '../../util/random.ts';

/** DI: the face resized to 0.9..1 of its extent and padded at random. Source: Xie et al. 2019, with RobFR's range. */
export function diverseLook(random: Random): Look {
  return { resized: { share: 0.9 + 0.1 * random.uniform(), x: random.uniform(), y: random.uniform() } };
}

/** Side of a masked square, in units of the canonical frame. */
const MASKED_EXTENT = 14;

/**
 * LGC: squares over `count` (default 4) landmarks are not seen, so that the perturbation does not lean on them. Source: Yang et al. 2020, landmark-guided cutout; the
 * landmarks are the five of the alignment and points between them.
 */
export function cutoutLook(random: Random, sizePx: number, count = 4): Look {
  const unit = sizePx / CANONICAL_EXTENT;
  const mask = new Float32Array(sizePx ** 2).fill(1);
  for (const { x, y } of random.sample([...LANDMARKS], count)) {
    const [left, top] = [Math.round((x - MASKED_EXTENT / 2) * unit), Math.round((y - MASKED_EXTENT / 2) * unit)];
    const side = Math.round(MASKED_EXTENT * unit);
    for (let row = Math.max(0, top); row < Math.min(sizePx, top + side); row++)
      mask.fill(0, row * sizePx + Math.max(0, left), row * sizePx + Math.min(sizePx, left + side));
  }
  return { mask };
}

/** The five points of an aligned face, and those half way between every two. */
const LANDMARKS = CANONICAL_POINTS.flatMap((a, i) =>
  CANONICAL_POINTS.slice(i).map((b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })),
);

/** Weights of the 7-tap Gaussian of TI, deviation 3 (Dong et al. 2019). */
const GAUSSIAN = [-3, -2, -1, 0, 1, 2, 3].map((offset) => Math.exp(-(offset ** 2) / (2 * 3 ** 2)));
const GAUSSIAN_TOTAL = GAUSSIAN.reduce((sum, weight) => sum + weight, 0);

/** TI: the gradient, planar [3,S,S], smoothed by a 7x7 Gaussian, which stands for the mean over shifted faces; beyond the edge it is 0. */
export function smoothGradient(gradient: Float32Array, sizePx: number): Float32Array {
  const across = smoothAlong(gradient, sizePx, 1, sizePx);
  return smoothAlong(across, sizePx, sizePx, 1);
}

/** One pass along an axis: neighbours are `stride` numbers apart, lines begin `lineStride` apart. */
function smoothAlong(values: Float32Array, sizePx: number, stride: number, lineStride: number): Float32Array {
  const out = new Float32Array(values.length);
  const plane = sizePx ** 2;
  for (let start = 0; start < values.length; start += plane) {
    for (let line = 0; line < sizePx; line++) {
      const first = start + line * lineStride;
      for (let i = 0; i < sizePx; i++) {
        let sum = 0;
        for (let tap = Math.max(-3, -i); tap <= Math.min(3, sizePx - 1 - i); tap++)
          sum += (GAUSSIAN[tap + 3] as number) * (values[first + (i + tap) * stride] as number);
        out[first + i * stride] = sum / GAUSSIAN_TOTAL;
      }
    }
  }
  return out;
}
