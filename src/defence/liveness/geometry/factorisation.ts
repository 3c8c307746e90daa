import { EigenvalueDecomposition, Matrix, SVD } from 'ml-matrix';
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
  requirePlane(rows);
  // A row a coordinate: a wide matrix is turned upright, as the decomposition wants it.
  const upright = rows.rows >= rows.columns;
  const svd = new SVD(upright ? rows : rows.transpose());
  const directions = upright ? svd.rightSingularVectors : svd.leftSingularVectors;
  const values = svd.diagonal;
  const left = values.slice(RIGID_RANK).reduce((sum, value) => sum + value ** 2, 0);
  const freedom = (rows.rows - RIGID_RANK) * (points - 1 - RIGID_RANK);
  return {
    shape: directions.subMatrix(0, points - 1, 0, RIGID_RANK - 1).transpose(),
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

/** Of points that move along one direction only, ml-matrix' singular values never come to an end. @throws ShapeError for such. */
function requirePlane(rows: Matrix): void {
  const energies = new EigenvalueDecomposition(rows.transpose().mmul(rows), { assumeSymmetric: true }).realEigenvalues;
  const [largest = 0, second = 0] = energies.toSorted((a, b) => b - a);
  if (!(second > 1e-12 * largest)) throw new ShapeError('the points of the tracks lie on a line, or one alone moves');
}
