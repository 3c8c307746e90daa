import { inverse, Matrix } from 'ml-matrix';
import { MEAN_FACE } from './mean-face.ts';

/** Landmarks that expression hardly moves, and how much each counts: ears, brows, nose, corners of the eyes. */
export const RIGID_POINTS: readonly (readonly [index: number, weight: number])[] = [
  ...[0, 1, 15, 16].map((i) => [i, 0.5] as const),
  ...[17, 18, 19, 20, 21, 22, 23, 24, 25, 26].map((i) => [i, 0.2] as const),
  ...[27, 28, 29, 30, 31, 32, 33, 34, 35].map((i) => [i, 1] as const),
  ...[36, 39, 42, 45].map((i) => [i, 2] as const),
];

/** Parts of a linear map of the mean face: a constant, then factors of x, y and z. */
export const LINEAR_PARTS = 4;

/**
 * The least-squares regression of what is seen at the rigid points on their place in the mean face, as a matrix: part p of the linear map is the sum over the rigid points k of
 * `matrix[4 * k + p] * seen[k]`.
 */
const RIGID_REGRESSION: Float64Array = regression();

function regression(): Float64Array {
  const design = new Matrix(RIGID_POINTS.map(([i]) => [1, ...MEAN_FACE.subarray(3 * i, 3 * i + 3)]));
  const weighted = new Matrix(design.to2DArray().map((row, k) => row.map((x) => x * (RIGID_POINTS[k]?.[1] ?? 0))));
  const normal = design.transpose().mmul(weighted);
  return Float64Array.from(weighted.mmul(inverse(normal)).to1DArray());
}

/** Fits the linear map of one coordinate to values at the points of `points`, `stride` apart from `offset` on; into `parts`. */
export function fitLinear(points: Float64Array, offset: number, parts: Float64Array): void {
  parts.fill(0);
  for (let k = 0; k < RIGID_POINTS.length; k++) {
    const value = points[2 * (RIGID_POINTS[k] as readonly [number, number])[0] + offset] as number;
    for (let p = 0; p < LINEAR_PARTS; p++)
      parts[p] = (parts[p] as number) + value * (RIGID_REGRESSION[LINEAR_PARTS * k + p] as number);
  }
}
