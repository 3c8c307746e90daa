import { LEAST_DETERMINANT } from './places.ts';

/** Key points of one picture. */
export interface KeyPoints {
  /** [K,2]: x and y, from -1 at the left and upper edge to 1. */
  readonly points: Float32Array;
  /** [K,2,2], row by row. */
  readonly jacobians: Float32Array;
}

/**
 * The source's key points moved as the driver's have moved since its reference frame: places by the difference, scaled by the root of the ratio of the areas that the points span, and Jacobians by
 * the quotient. Where the driver has not moved these are the source's own.
 *
 * Source: Siarohin et al. 2019, section 3.4 and equation 6; the scale is their code's `normalize_kp`.
 */
export function relativeMotion(source: KeyPoints, reference: KeyPoints, driving: KeyPoints): KeyPoints {
  const spanned = hullArea(reference.points);
  const scale = spanned > 1e-9 ? Math.sqrt(hullArea(source.points) / spanned) : 1;
  const points = source.points.map(
    (place, i) => place + scale * ((driving.points[i] as number) - (reference.points[i] as number)),
  );
  const jacobians = new Float32Array(source.jacobians.length);
  for (let at = 0; at < jacobians.length; at += 4) {
    const [now, then, own] = [driving, reference, source].map((of) => matrixAt(of.jacobians, at)) as [
      Matrix,
      Matrix,
      Matrix,
    ];
    const back = inverse(then);
    jacobians.set(back ? multiply(multiply(now, back), own) : own, at);
  }
  return { points, jacobians };
}

/** Area of the convex hull of points, x and y in turn; of fewer than three it is 0. Source: Andrew's monotone chain (1979). */
export function hullArea(points: Float32Array): number {
  const sorted = Array.from(
    { length: points.length / 2 },
    (_, i): Corner => [points[2 * i] as number, points[2 * i + 1] as number],
  ).sort(([ax, ay], [bx, by]) => ax - bx || ay - by);
  const hull = [...chain(sorted), ...chain(sorted.toReversed())];
  let doubled = 0;
  hull.forEach(([x, y], i) => {
    const [nextX, nextY] = hull[(i + 1) % hull.length] as Corner;
    doubled += x * nextY - nextX * y;
  });
  return Math.abs(doubled) / 2;
}

type Corner = readonly [x: number, y: number];

/** One side of the hull of sorted points, without its last point. */
function chain(sorted: readonly Corner[]): Corner[] {
  const kept: Corner[] = [];
  for (const corner of sorted) {
    while (kept.length > 1 && turn(kept.at(-2) as Corner, kept.at(-1) as Corner, corner) <= 0) kept.pop();
    kept.push(corner);
  }
  return kept.slice(0, -1);
}

/** Above 0 where the way a, b, c turns from x towards y. */
const turn = ([ax, ay]: Corner, [bx, by]: Corner, [cx, cy]: Corner): number =>
  (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);

type Matrix = readonly [number, number, number, number];

const matrixAt = (jacobians: Float32Array, at: number): Matrix => jacobians.subarray(at, at + 4) as unknown as Matrix;

const multiply = ([a, b, c, d]: Matrix, [e, f, g, h]: Matrix): Matrix => [
  a * e + b * g,
  a * f + b * h,
  c * e + d * g,
  c * f + d * h,
];

/** Undefined where surroundings collapse: then they do not tell how they turn, and a face at rest is to stay as it is. */
function inverse([a, b, c, d]: Matrix): Matrix | undefined {
  const determinant = a * d - b * c;
  if (Math.abs(determinant) < LEAST_DETERMINANT) return undefined;
  return [d / determinant, -b / determinant, -c / determinant, a / determinant];
}
