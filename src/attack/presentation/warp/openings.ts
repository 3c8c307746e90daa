import { EYES, LANDMARKS, type Landmarks68, MOUTH } from '../../../face/landmarks68.ts';

/** The share of a blink that the upper lid makes. */
const UPPER_SHARE = 0.85;

/** Brings lids together or apart (in place): the distance of each pair is multiplied, most of it by the upper lid. */
export function scaleEyes(points: Float64Array, [leftFactor, rightFactor]: readonly [number, number]): void {
  for (let eye = 0; eye < EYES.length; eye++) {
    const { upper, lower } = EYES[eye] as (typeof EYES)[number];
    const change = 1 - (eye === 0 ? leftFactor : rightFactor);
    for (let i = 0; i < upper.length; i++) {
      for (let axis = 0; axis < 2; axis++) {
        const [u, l] = [2 * (upper[i] as number) + axis, 2 * (lower[i] as number) + axis];
        const gap = (points[l] as number) - (points[u] as number);
        points[u] = (points[u] as number) + UPPER_SHARE * change * gap;
        points[l] = (points[l] as number) - (1 - UPPER_SHARE) * change * gap;
      }
    }
  }
}

/**
 * Lays lids between the corners of their eye (in place) as they lie in a photo's: along the line of the corners by its length, across it by a factor, so that they turn as the eye does and a turned
 * head, whose eyes are seen shorter, does not close them.
 */
export function createLids(photo: Landmarks68): (points: Float64Array, factor: number) => void {
  const lids = EYES.flatMap(({ left, right, upper, lower }) => {
    const [x, y] = [photo[2 * left] as number, photo[2 * left + 1] as number];
    const [dx, dy] = [(photo[2 * right] as number) - x, (photo[2 * right + 1] as number) - y];
    const length = Math.max(1e-9, Math.hypot(dx, dy));
    return [...upper, ...lower].map((lid) => {
      const [byX, byY] = [(photo[2 * lid] as number) - x, (photo[2 * lid + 1] as number) - y];
      return { lid, left, right, along: (byX * dx + byY * dy) / length ** 2, acrossPx: (byY * dx - byX * dy) / length };
    });
  });
  return (points, factor) => {
    for (const { lid, left, right, along, acrossPx } of lids) {
      const [x, y] = [points[2 * left] as number, points[2 * left + 1] as number];
      const [dx, dy] = [(points[2 * right] as number) - x, (points[2 * right + 1] as number) - y];
      const across = (factor * acrossPx) / Math.max(1e-9, Math.hypot(dx, dy));
      points[2 * lid] = x + along * dx - across * dy;
      points[2 * lid + 1] = y + along * dy + across * dx;
    }
  };
}

/** The share of an opening's width by which its points stay within its corners, and left and right of its middle. */
const WITHIN = { corners: 0.1, middle: 0.02 } as const;

/**
 * Holds the points of lids and lips in order (in place): between their corners, left ones left of right ones, upper ones above lower ones by `leastPx`, and lips no further apart than `mostPx`.
 */
export function holdOpenings(points: Float64Array, leastPx: number, mostPx: number): void {
  for (const { left, right, upper, lower } of [...EYES, MOUTH]) {
    const [x, y] = [points[2 * left] as number, points[2 * left + 1] as number];
    const [dx, dy] = [(points[2 * right] as number) - x, (points[2 * right + 1] as number) - y];
    const length = Math.sqrt(dx * dx + dy * dy);
    if (!(length > 1e-9)) continue;
    const [alongX, alongY] = [dx / length, dy / length];
    for (let i = 0; i < upper.length; i++) {
      const [u, l] = [upper[i] as number, lower[i] as number];
      const [low, high] = rangeOf(i, upper.length);
      shiftInto(points, u, x, y, alongX, alongY, low * length, high * length);
      shiftInto(points, l, x, y, alongX, alongY, low * length, high * length);
      const gap =
        ((points[2 * l + 1] as number) - (points[2 * u + 1] as number)) * alongX -
        ((points[2 * l] as number) - (points[2 * u] as number)) * alongY;
      const change = (Math.min(mostPx, Math.max(leastPx, gap)) - gap) / 2;
      shift(points, u, alongY * change, -alongX * change);
      shift(points, l, -alongY * change, alongX * change);
    }
  }
}

/** The part of an opening's width in which the pair i of so many belongs: the middle of three may be anywhere about it. */
function rangeOf(i: number, count: number): readonly [number, number] {
  const { corners, middle } = WITHIN;
  if (2 * i + 1 === count) return [0.3, 0.7];
  return 2 * i < count ? [corners, 0.5 - middle] : [0.5 + middle, 1 - corners];
}

/** Shifts a point along an axis from (x, y) until it lies between two distances on it. */
function shiftInto(
  points: Float64Array,
  i: number,
  x: number,
  y: number,
  alongX: number,
  alongY: number,
  low: number,
  high: number,
): void {
  const at = ((points[2 * i] as number) - x) * alongX + ((points[2 * i + 1] as number) - y) * alongY;
  const by = Math.min(high, Math.max(low, at)) - at;
  shift(points, i, by * alongX, by * alongY);
}

function shift(points: Float64Array, i: number, byX: number, byY: number): void {
  points[2 * i] = (points[2 * i] as number) + byX;
  points[2 * i + 1] = (points[2 * i + 1] as number) + byY;
}

/** Which landmarks are lids. */
export const IS_LID: readonly boolean[] = Array.from({ length: LANDMARKS }, (_, i) =>
  EYES.some(({ upper, lower }) => [...upper, ...lower].some((lid) => lid === i)),
);
