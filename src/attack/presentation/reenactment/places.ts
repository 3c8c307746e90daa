import type { GraphBuilder, Value } from '../../../graph/builder.ts';
import { abs, add, div, less, mul, neg, sub, where } from '../../../graph/ops/arithmetic.ts';
import { concat, slice } from '../../../graph/ops/indexing.ts';
import { matMul, transposeMatrix } from '../../../graph/ops/matrix.ts';
import { resize } from '../../../graph/ops/resampling.ts';
import { reshape, transpose } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';

/** Places in a picture are (x, y) from -1 at its left and upper edge to 1 at its right and lower edge, so that they mean the same at every size. */

/** The centres of a picture's pixels: [1, sidePx^2, 2], row by row. */
export function pixelCentres(builder: GraphBuilder, sidePx: number): Value {
  const at = (i: number): number => (2 * i + 1) / sidePx - 1;
  const numbers = Float32Array.from({ length: 2 * sidePx ** 2 }, (_, i) => {
    const pixel = i >> 1;
    return at(i % 2 === 0 ? pixel % sidePx : Math.floor(pixel / sidePx));
  });
  // A flat constant, which no quantisation takes for a weight.
  return reshape(builder.constant(float32(numbers, [numbers.length]), `centres_${sidePx}`), [1, sidePx ** 2, 2]);
}

/** Determinants nearer to 0 than this are taken for this: a key point whose surroundings collapse is no reason for an infinite motion. */
export const LEAST_DETERMINANT = 1e-2;

/** The inverses of matrices [N,K,2,2]. */
export function invert2x2(matrices: Value): Value {
  const entry = (row: number, column: number): Value =>
    slice(matrices, { starts: [row, column], ends: [row + 1, column + 1], axes: [2, 3] });
  const [a, b, c, d] = [entry(0, 0), entry(0, 1), entry(1, 0), entry(1, 1)];
  const determinant = sub(mul(a, d), mul(b, c));
  const safe = where(less(abs(determinant), LEAST_DETERMINANT), LEAST_DETERMINANT, determinant);
  const adjugate = concat([concat([d, neg(b)], 3), concat([neg(c), a], 3)], 2);
  return div(adjugate, safe);
}

/**
 * Where affine maps take places.
 *
 * @param matrices - [N,K,2,2].
 * @param offsets - [N,K,2].
 * @param places - [1,P,2]: for each map the same.
 * @returns [N,K,P,2].
 */
export function mapPlaces(matrices: Value, offsets: Value, places: Value): Value {
  const [n, count] = offsets.shape as readonly number[] as [number, number];
  const moved = matMul(reshape(places, [1, 1, places.shape[1] as number, 2]), transposeMatrix(matrices));
  return add(moved, reshape(offsets, [n, count, 1, 2]));
}

/**
 * Places [N, toPx^2, 2] of a picture at another size, from displacements at one size: a displacement's own place is no part of it, so that what rests is exactly where it was.
 *
 * @param displacements - [N,2,F,F], in the units of places.
 */
export function displacedCentres(displacements: Value, toPx: number): Value {
  const n = displacements.shape[0] as number;
  const rows = transpose(resizeTo(displacements, toPx), [0, 2, 3, 1]);
  return add(reshape(rows, [n, toPx ** 2, 2]), pixelCentres(displacements.builder, toPx));
}

/** Maps [N,C,F,F] at another size, linearly between their pixels' centres. */
export function resizeTo(maps: Value, sidePx: number): Value {
  const [n, c, height] = maps.shape as readonly number[] as [number, number, number];
  return height === sidePx ? maps : resize(maps, { sizes: [n, c, sidePx, sidePx] });
}
