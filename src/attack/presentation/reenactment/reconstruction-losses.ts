import type { Value } from '../../../graph/builder.ts';
import { add, sub } from '../../../graph/ops/arithmetic.ts';
import { conv } from '../../../graph/ops/convolution.ts';
import { meanAbsolute } from '../../../graph/ops/reduction.ts';
import { reshape } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';
import { ssim } from '../../../nn/losses.ts';
import { halve } from './hourglass.ts';

/** Pictures smaller than this say nothing more of how alike two are. */
const SMALLEST_PX = 8;

/** Side of the window of {@link ssim}. */
const SSIM_PX = 11;

/**
 * How far made pictures [N,3,S,S] are from true ones, 0..1: the mean absolute difference and that of their Sobel gradients, each summed over the picture and its halvings down to 8 px; and 1 - SSIM
 * at its own size, where it has 11 px. They stand in place of a perceptual network, whose weights are not ours.
 */
export function reconstructionLosses(
  made: Value,
  real: Value,
): { readonly absolute: Value; readonly edges: Value; readonly structure: Value | undefined } {
  // Means and Sobel gradients are linear: those of the difference are the differences.
  const scales = [sub(made, real)];
  while (((scales.at(-1) as Value).shape[2] as number) >= 2 * SMALLEST_PX) scales.push(halve(scales.at(-1) as Value));
  const structure = (made.shape[2] as number) >= SSIM_PX ? sub(1, ssim(made, real)) : undefined;
  return {
    absolute: scales.map(meanAbsolute).reduce(add),
    edges: scales.map((scale) => meanAbsolute(sobel(scale))).reduce(add),
    structure,
  };
}

/** Sobel gradients of each channel, per pixel: [N*C,2,H-2,W-2]. */
function sobel(x: Value): Value {
  const [n, c, h, w] = x.shape as readonly number[] as [number, number, number, number];
  const across = [-1, 0, 1, -2, 0, 2, -1, 0, 1].map((weight) => weight / 8);
  const down = [-1, -2, -1, 0, 0, 0, 1, 2, 1].map((weight) => weight / 8);
  const kernels = x.builder.constant(float32([...across, ...down], [2, 1, 3, 3]), 'sobel');
  return conv(reshape(x, [n * c, 1, h, w]), kernels);
}
