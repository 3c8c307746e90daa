import type { Value } from '../../../graph/builder.ts';
import { relu } from '../../../graph/ops/activation.ts';
import { concat } from '../../../graph/ops/indexing.ts';
import { averagePool } from '../../../graph/ops/pooling.ts';
import { upsampleNearest } from '../../../graph/ops/resampling.ts';
import { batchNorm, conv2d } from '../../../nn/layers.ts';
import { type Parameters, scope } from '../../../nn/parameters.ts';

/** A convolution, batch normalisation and ReLU: x [N,C,H,W] -> [N,width,H,W]. */
export function convBlock(p: Parameters, x: Value, width: number, kernel = 3): Value {
  return relu(batchNorm(scope(p, 'norm'), conv2d(scope(p, 'conv'), x, width, { kernel, bias: false })));
}

/** Maps [N,C,H,W] at half the size, by means of 2x2. */
export const halve = (x: Value): Value => averagePool(x, [2, 2], { strides: [2, 2] });

/** {@link convBlock}, then half the size. */
export const downBlock = (p: Parameters, x: Value, width: number): Value => halve(convBlock(p, x, width));

/** Twice the size, then {@link convBlock}. */
export const upBlock = (p: Parameters, x: Value, width: number): Value => convBlock(p, upsampleNearest(x, 2), width);

/**
 * A U-shaped network that sees the whole picture at each pixel: x [N,C,H,W] -> [N, widths[0] + C, H, W], x itself the last channels.
 *
 * Source: the hourglass of Siarohin et al. 2019, after Newell et al. 2016.
 *
 * @param widths - channels at the picture's own size, and after each halving.
 */
export function hourglass(p: Parameters, x: Value, widths: readonly number[]): Value {
  const seen = [x];
  widths.slice(1).forEach((width, i) => {
    seen.push(downBlock(scope(p, `down${i + 1}`), seen.at(-1) as Value, width));
  });
  return widths.slice(0, -1).reduceRight((inner, width, i) => {
    return concat([upBlock(scope(p, `up${i + 1}`), inner, width), seen[i] as Value], 1);
  }, seen.at(-1) as Value);
}
