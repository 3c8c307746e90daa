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
  // Sums of the normal equations: weights with the offsets from the place, and with where the points went.
  let [w, wu, wv, wuu, wuv, wvv] = [0, 0, 0, 0, 0, 0];
  let [wx, wux, wvx, wy, wuy, wvy] = [0, 0, 0, 0, 0, 0];
  for (const { from, to } of moved) {
    const u = from.x - x;
    const v = from.y - y;
    const weight = FAR_WEIGHT + Math.exp(-(u * u + v * v) / (2 * reachPx ** 2));
    w += weight;
    wu += weight * u;
    wv += weight * v;
    wuu += weight * u * u;
    wuv += weight * u * v;
    wvv += weight * v * v;
    wx += weight * to.x;
    wux += weight * u * to.x;
    wvx += weight * v * to.x;
    wy += weight * to.y;
    wuy += weight * u * to.y;
    wvy += weight * v * to.y;
  }
  const normal = new Matrix([
    [wuu, wuv, wu],
    [wuv, wvv, wv],
    [wu, wv, w],
  ]);
  const right = new Matrix([
    [wux, wuy],
    [wvx, wvy],
    [wx, wy],
  ]);
  const decomposition = new LuDecomposition(normal);
  if (decomposition.isSingular()) return undefined;
  const [[a = 0, c = 0] = [], [b = 0, d = 0] = [], [toX = 0, toY = 0] = []] = decomposition.solve(right).to2DArray();
  const place = { x: toX, y: toY, a, b, c, d };
  return Object.values(place).every(Number.isFinite) ? place : undefined;
}
