/** Entries of a curve's table. */
const STEPS = 32;

/** Which landmarks bound an opening: its corners, and the points of its upper and lower edge from left to right. */
export interface ApertureEdges {
  readonly left: number;
  readonly right: number;
  readonly upper: readonly number[];
  readonly lower: readonly number[];
}

/**
 * The opening between two lids or lips, in a frame of its own: u runs from the left corner (0) to the right one (1), v downwards across it in pixels. Its edges are smooth curves v(u) through
 * the landmarks.
 */
export interface Aperture {
  x: number;
  y: number;
  /** From the left corner to the right one, in pixels. */
  length: number;
  /** The unit vector along u; v is it turned clockwise by a right angle. */
  alongX: number;
  alongY: number;
  /** v of the edges at u = i / 32. */
  readonly upper: Float64Array;
  readonly lower: Float64Array;
}

/** An aperture to be set by {@link setAperture}. */
export const emptyAperture = (): Aperture => ({
  x: 0,
  y: 0,
  length: 0,
  alongX: 1,
  alongY: 0,
  upper: new Float64Array(STEPS + 1),
  lower: new Float64Array(STEPS + 1),
});

/** Sets an aperture by the landmarks that bound it. */
export function setAperture(aperture: Aperture, points: Float64Array, edges: ApertureEdges): void {
  const { left, right } = edges;
  aperture.x = points[2 * left] as number;
  aperture.y = points[2 * left + 1] as number;
  const [dx, dy] = [(points[2 * right] as number) - aperture.x, (points[2 * right + 1] as number) - aperture.y];
  aperture.length = Math.max(1e-6, Math.sqrt(dx * dx + dy * dy));
  aperture.alongX = dx / aperture.length;
  aperture.alongY = dy / aperture.length;
  setCurve(aperture, points, edges.upper, aperture.upper);
  setCurve(aperture, points, edges.lower, aperture.lower);
}

/** The value of an edge's curve at u, 0..1. */
export function edgeAt(curve: Float64Array, u: number): number {
  const at = Math.min(STEPS - 1e-9, Math.max(0, STEPS * u));
  const i = Math.floor(at);
  const a = curve[i] as number;
  return a + (at - i) * ((curve[i + 1] as number) - a);
}

/** The widest distance between the edges, in pixels. */
export function heightOf({ upper, lower }: Aperture): number {
  let height = 0;
  for (let i = 0; i <= STEPS; i++) height = Math.max(height, (lower[i] as number) - (upper[i] as number));
  return height;
}

/** A cubic through the corners and the points between, with slopes by finite differences (Catmull and Rom's, for uneven knots). */
function setCurve(aperture: Aperture, points: Float64Array, between: readonly number[], out: Float64Array): void {
  const { x, y, length, alongX, alongY } = aperture;
  const count = between.length + 2;
  const knots = KNOTS;
  for (let k = 0; k < count; k++) {
    if (k === 0 || k === count - 1) {
      knots[2 * k] = k === 0 ? 0 : 1;
      knots[2 * k + 1] = 0;
      continue;
    }
    const i = between[k - 1] as number;
    const [dx, dy] = [(points[2 * i] as number) - x, (points[2 * i + 1] as number) - y];
    // In order and apart, whatever the landmarks say.
    const least = (knots[2 * k - 2] as number) + 0.02;
    knots[2 * k] = Math.min(1 - 0.02 * (count - 1 - k), Math.max(least, (dx * alongX + dy * alongY) / length));
    knots[2 * k + 1] = dy * alongX - dx * alongY;
  }
  let k = 0;
  for (let i = 0; i <= STEPS; i++) {
    const u = i / STEPS;
    while (k < count - 2 && u > (knots[2 * k + 2] as number)) k++;
    const [u0, v0, u1, v1] = [0, 1, 2, 3].map((o) => knots[2 * k + o] as number) as [number, number, number, number];
    const t = (u - u0) / (u1 - u0);
    const [s0, s1] = [slopeAt(knots, k, count) * (u1 - u0), slopeAt(knots, k + 1, count) * (u1 - u0)];
    const [t2, t3] = [t * t, t * t * t];
    out[i] = (2 * t3 - 3 * t2 + 1) * v0 + (t3 - 2 * t2 + t) * s0 + (3 * t2 - 2 * t3) * v1 + (t3 - t2) * s1;
  }
}

/** u and v of up to eight knots. */
const KNOTS = new Float64Array(16);

function slopeAt(knots: Float64Array, k: number, count: number): number {
  const [a, b] = [Math.max(0, k - 1), Math.min(count - 1, k + 1)];
  return (
    ((knots[2 * b + 1] as number) - (knots[2 * a + 1] as number)) /
    ((knots[2 * b] as number) - (knots[2 * a] as number))
  );
}
