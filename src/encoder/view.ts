import type { Value } from '../graph/builder.ts';
import { matMul } from '../graph/ops/matrix.ts';
import { float32 } from '../graph/tensor.ts';
import type { EncoderView } from './encoder.ts';

/** Extent of the canonical frame, in its own units (pixels of ArcFace's 112x112 template). */
export const CANONICAL_EXTENT = 112;

/**
 * Samples an encoder's view from faces [N,3,S,S] that fill the canonical frame: [N,3,view.heightPx,view.widthPx], differentiable. Linear, and with
 * a wider kernel where it shrinks, so that nothing aliases; beyond the frame the border is repeated. Two products with constant matrices: the
 * gradient is two such products again.
 */
export function renderView(faces: Value, view: EncoderView): Value {
  const [, , height, width] = faces.shape as [number, number, number, number];
  const down = samplingMatrix(height, view.heightPx, view.box.y, view.box.height);
  const across = samplingMatrix(width, view.widthPx, view.box.x, view.box.width);
  if (!down && !across) return faces;
  const { builder } = faces;
  const rows = down ? matMul(builder.constant(float32(down, [view.heightPx, height]), 'sample_rows'), faces) : faces;
  if (!across) return rows;
  return matMul(rows, builder.constant(float32(transposed(across, view.widthPx, width), [width, view.widthPx]), 'sample_columns'));
}

/** [count, size]: the weights with which each of `count` samples of the box is made of `size` pixels; undefined for the identity. */
function samplingMatrix(size: number, count: number, start: number, extent: number): Float32Array | undefined {
  const unit = size / CANONICAL_EXTENT;
  const step = (extent * unit) / count;
  if (size === count && start === 0 && extent === CANONICAL_EXTENT) return undefined;
  const reach = Math.max(1, step);
  const matrix = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const centre = start * unit + (i + 0.5) * step - 0.5;
    const taps: [number, number][] = [];
    for (let j = Math.ceil(centre - reach); j <= Math.floor(centre + reach); j++) {
      const weight = 1 - Math.abs(j - centre) / reach;
      if (weight > 0) taps.push([Math.min(size - 1, Math.max(0, j)), weight]);
    }
    const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [j, weight] of taps) matrix[i * size + j] = (matrix[i * size + j] as number) + weight / total;
  }
  return matrix;
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j] as number;
  return out;
}
