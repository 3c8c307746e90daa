import { EigenvalueDecomposition } from 'ml-matrix';
import { ShapeError } from '../../../util/errors.ts';
import type { Factorisation } from './factorisation.ts';

/**
 * How far the session's shape is from the enrolled one: the sine of the largest angle between the spaces that they span, so that no metric frame has to be found. The same points must have been
 * tracked in both.
 *
 * A photo has no third direction, and noise in its place: near 1. A warped photo has its driver's depth, a reenactment the one that it guessed; a replay of the person has the right one. It is
 * fragile: a point that slides by 1 % of the face as the head turns looks like one of another depth (one that is always off by as much does no harm). A score, never a gate.
 *
 * Source: Björck and Golub, Numerical methods for computing angles between linear subspaces, Mathematics of Computation 27 (1973), theorem 1.
 *
 * @returns 0..1; lower speaks for a bona fide presentation.
 * @throws ShapeError where the numbers of points differ.
 */
export function shapeDistance(session: Pick<Factorisation, 'shape'>, enrolled: Pick<Factorisation, 'shape'>): number {
  if (session.shape.columns !== enrolled.shape.columns)
    throw new ShapeError(
      `a shape of ${session.shape.columns} points cannot be compared with one of ${enrolled.shape.columns}`,
    );
  const between = session.shape.mmul(enrolled.shape.transpose());
  // Squares of the cosines; a singular value decomposition of ml-matrix may never come to an end.
  const squares = new EigenvalueDecomposition(between.mmul(between.transpose()), { assumeSymmetric: true });
  return Math.sqrt(1 - Math.max(0, Math.min(1, ...squares.realEigenvalues)));
}
