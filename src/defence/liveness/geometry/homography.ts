import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { ShapeError } from '../../../util/errors.ts';
import { centroidOf, LEAST_SIZE, rootMeanSquareRadius } from './point-tracks.ts';

/** A plane's change of view: [3,3], rows first, up to a factor. */
export type Homography = Float64Array;

/** Points that fix a homography. */
const FEWEST_POINTS = 4;

/**
 * The homography that takes points [P,2] to others [P,2] with least algebraic error: the normalised direct linear transform.
 *
 * Source: Hartley and Zisserman, Multiple View Geometry, 2nd edition (2004), algorithm 4.2.
 *
 * @throws ShapeError where there are fewer than four points, their numbers differ, or all of a side are one point.
 */
export function fitHomography(from: ArrayLike<number>, to: ArrayLike<number>): Homography {
  const count = from.length / 2;
  if (from.length !== to.length || count < FEWEST_POINTS)
    throw new ShapeError(
      `a homography needs at least ${FEWEST_POINTS} pairs of points, not ${count} and ${to.length / 2}`,
    );
  const [source, target] = [normaliser(from), normaliser(to)];
  const rows = Matrix.zeros(2 * count, 9);
  for (let i = 0; i < count; i++) {
    const [x, y] = source.apply(from, i);
    const [u, v] = target.apply(to, i);
    rows.setRow(2 * i, [-x, -y, -1, 0, 0, 0, u * x, u * y, u]);
    rows.setRow(2 * i + 1, [0, 0, 0, -x, -y, -1, v * x, v * y, v]);
  }
  // Of the nine right singular vectors the last one; the product with itself has them all, however few rows there are, as its eigenvectors, the least first.
  const normal = rows.transpose().mmul(rows);
  const solution = new EigenvalueDecomposition(normal, { assumeSymmetric: true }).eigenvectorMatrix.getColumn(0);
  const between = new Matrix([solution.slice(0, 3), solution.slice(3, 6), solution.slice(6, 9)]);
  return Float64Array.from(target.inverse.mmul(between).mmul(source.matrix).to1DArray());
}

/** Where a homography takes points [P,2]. */
export function applyHomography(homography: Homography, points: ArrayLike<number>): Float64Array {
  const h = (i: number): number => homography[i] as number;
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i] as number, points[i + 1] as number];
    const w = h(6) * x + h(7) * y + h(8);
    out[i] = (h(0) * x + h(1) * y + h(2)) / w;
    out[i + 1] = (h(3) * x + h(4) * y + h(5)) / w;
  }
  return out;
}

/** Moves the centroid to 0 and the points to a root mean square radius of sqrt 2. */
function normaliser(points: ArrayLike<number>): {
  readonly matrix: Matrix;
  readonly inverse: Matrix;
  apply(points: ArrayLike<number>, index: number): readonly [number, number];
} {
  const [x, y] = centroidOf(points);
  const radius = rootMeanSquareRadius(points);
  if (!(radius > LEAST_SIZE)) throw new ShapeError('a homography cannot be fitted to points that are all in one place');
  const scale = Math.SQRT2 / radius;
  return {
    matrix: new Matrix([
      [scale, 0, -scale * x],
      [0, scale, -scale * y],
      [0, 0, 1],
    ]),
    inverse: new Matrix([
      [1 / scale, 0, x],
      [0, 1 / scale, y],
      [0, 0, 1],
    ]),
    apply: (all, i) => [scale * ((all[2 * i] as number) - x), scale * ((all[2 * i + 1] as number) - y)],
  };
}
