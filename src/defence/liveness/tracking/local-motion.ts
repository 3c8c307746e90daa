import { LuDecomposition, Matrix } from 'ml-matrix';
import type { AffinePlace } from './affine-template.ts';
import type { Place } from './lucas-kanade.ts';

/** A point in the first frame, and where it is now. */
export interface MovedPlace {
  readonly from: Place;
  readonly to: Place;
}

/** Weight of points that are far away: a few neighbours in a row fix no affine map. */
const FAR_WEIGHT = 1e-3;

/**
 * Where the points about a place took it: the affine map that fits them best, the near ones counting most (a Gaussian of this reach).
 *
 * @returns undefined where the points fix none, because they lie on a line.
 */
export function localMotion(moved: readonly MovedPlace[], { x, y }: Place, reachPx: number): AffinePlace | undefined {
  const normal = Matrix.zeros(3, 3);
  const right = Matrix.zeros(3, 2);
  for (const { from, to } of moved) {
    const row = [from.x - x, from.y - y, 1];
    const weight = FAR_WEIGHT + Math.exp(-((from.x - x) ** 2 + (from.y - y) ** 2) / (2 * reachPx ** 2));
    row.forEach((p, r) => {
      row.forEach((q, s) => {
        normal.set(r, s, normal.get(r, s) + weight * p * q);
      });
      right.set(r, 0, right.get(r, 0) + weight * p * to.x);
      right.set(r, 1, right.get(r, 1) + weight * p * to.y);
    });
  }
  const decomposition = new LuDecomposition(normal);
  if (decomposition.isSingular()) return undefined;
  const [[a = 0, c = 0] = [], [b = 0, d = 0] = [], [toX = 0, toY = 0] = []] = decomposition.solve(right).to2DArray();
  const place = { x: toX, y: toY, a, b, c, d };
  return Object.values(place).every(Number.isFinite) ? place : undefined;
}
