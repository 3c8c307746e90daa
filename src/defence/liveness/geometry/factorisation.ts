import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { ShapeError } from '../../../util/errors.ts';
import { centroidOf, framePoints, type PointTracks, requireTracks, trackSize } from './point-tracks.ts';

/** A rigid thing that turns spans so many dimensions under a camera that is far away. */
export const RIGID_RANK = 3;

/** Tracks taken apart into motion and shape. */
export interface Factorisation {
  /**
   * The shape, [3,P]: orthonormal rows that span what the points' places in space span. It is known up to an affine map: neither the head's size nor its depth against its width.
   */
  readonly shape: Matrix;
  /** What a rigid thing does not explain: root mean square over what is left, for each degree of freedom, as a share of the face's size. */
  readonly residual: number;
  /** Singular values, largest first, as root mean square over all coordinates and shares of the face's size: how much each direction of the shape is seen. */
  readonly strengths: readonly number[];
}

/**
 * Factorises tracks into an affine camera's motion and a rigid shape: singular values of the tracks, each frame less its centroid; the first three are kept.
 *
 * Source: Tomasi and Kanade, Shape and motion from image streams under orthography: a factorization method, IJCV 9 (1992), section 3; without its metric constraints, which a turn of +-25 degrees
 * about one axis fixes badly.
 *
 * @throws ShapeError where there are fewer than 3 frames or 5 points.
 */
export function factorise(tracks: PointTracks): Factorisation {
  requireTracks(tracks, RIGID_RANK, RIGID_RANK + 2);
  const size = trackSize(tracks);
  const { points } = tracks;
  const rows = centredRows(tracks);
  const { values, directions } = singularDirections(rows);
  const left = values.slice(RIGID_RANK).reduce((sum, value) => sum + value ** 2, 0);
  const freedom = (rows.rows - RIGID_RANK) * (points - 1 - RIGID_RANK);
  return {
    shape: directions.subMatrixRow([0, 1, 2]),
    residual: Math.sqrt(left / freedom) / size,
    strengths: values.map((value) => value / Math.sqrt(rows.rows * points) / size),
  };
}

/**
 * How far the tracks are from those of any rigid thing. A turning head leaves the tracker's noise; so do a photo, and a warp or a reenactment that keeps a shape: this tells a little of a replay
 * on a screen alone.
 *
 * @returns 0 and up; lower speaks for a bona fide presentation.
 * @throws ShapeError as {@link factorise}.
 */
export function rankResidual(tracks: PointTracks): number {
  return factorise(tracks).residual;
}

/** The measurement matrix [2F,P]: a row of x and one of y for each frame, less their means. */
function centredRows(tracks: PointTracks): Matrix {
  const rows = Matrix.zeros(2 * tracks.frames, tracks.points);
  for (let f = 0; f < tracks.frames; f++) {
    const points = framePoints(tracks, f);
    const centroid = centroidOf(points);
    for (let p = 0; p < tracks.points; p++) {
      rows.set(2 * f, p, (points[2 * p] as number) - centroid[0]);
      rows.set(2 * f + 1, p, (points[2 * p + 1] as number) - centroid[1]);
    }
  }
  return rows;
}

/**
 * Singular values, largest first, and right singular vectors in rows: by the eigenvalues of the product with itself, because ml-matrix' singular value decomposition never comes to an end for some matrices
 * of less than full rank, such as that of a picture that does not move, and what a client sends must not stop the server.
 *
 * @throws ShapeError where the points lie on a line, or one alone moves.
 */
function singularDirections(rows: Matrix): { readonly values: readonly number[]; readonly directions: Matrix } {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(rows.transpose().mmul(rows), {
    assumeSymmetric: true,
  });
  // Lengths along the eigenvectors, because roots of eigenvalues are no finer than 1e-8 of the largest.
  const along = rows.mmul(eigenvectorMatrix);
  const lengths = realEigenvalues.map((_, i) => along.getColumnVector(i).norm());
  const order = lengths.map((_, i) => i).sort((a, b) => at(lengths, b) - at(lengths, a));
  const values = order.slice(0, Math.min(rows.rows, rows.columns)).map((i) => at(lengths, i));
  if (!(at(values, 1) > 1e-6 * at(values, 0)))
    throw new ShapeError('the points of the tracks lie on a line, or one alone moves');
  return { values, directions: eigenvectorMatrix.transpose().subMatrixRow(order) };
}

const at = (values: readonly number[], i: number): number => values[i] ?? 0;
