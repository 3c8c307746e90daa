import type { Point } from '../../../../face/face.ts';
import type { Plane } from '../../../../image/plane.ts';
import type { Random } from '../../../../util/random.ts';

/** How a stroke is drawn; lengths in the plane's pixels. */
export interface StrokeStyle {
  /** Deviation of its Gaussian profile. Finer than a pixel can show it is drawn wider and fainter, as a lens would. */
  readonly deviation: number;
  /** What its middle line adds, at its strongest. */
  readonly strength: number;
  /** How the strength goes along it, at 0 (start) to 1 (end), 0..1. */
  readonly profile: (along: number) => number;
}

/** The narrowest profile that a lens and a grid of pixels show. */
const LEAST_DEVIATION = 0.65;

/** Strength that swells and dies away: a wrinkle's. */
export const swelling = (along: number): number => Math.min(1, 4 * along * (1 - along) * 1.3);

/** Strength that dies away towards the end: a hair's. */
export const tapering = (along: number): number => 1 - along * along;

/** Adds a stroke along a path to a plane (in place). */
export function addStroke(plane: Plane, path: readonly Point[], { deviation, strength, profile }: StrokeStyle): void {
  const drawn = Math.max(deviation, LEAST_DEVIATION);
  const spacing = drawn / 2;
  // Dots this far apart sum to 1 along the middle of a long line; a stroke that is drawn too wide is fainter.
  const dot = (strength * (deviation / drawn) * spacing) / (Math.sqrt(2 * Math.PI) * drawn);
  const points = resample(path, spacing);
  points.forEach((point, i) => {
    addDot(plane, point, drawn, dot * profile(points.length > 1 ? i / (points.length - 1) : 0.5));
  });
}

function addDot({ widthPx, heightPx, data }: Plane, { x, y }: Point, deviation: number, amount: number): void {
  const reach = 3 * deviation;
  const [left, right] = [Math.max(0, Math.ceil(x - reach)), Math.min(widthPx - 1, Math.floor(x + reach))];
  const [top, bottom] = [Math.max(0, Math.ceil(y - reach)), Math.min(heightPx - 1, Math.floor(y + reach))];
  const scale = -1 / (2 * deviation * deviation);
  // From one place to the next a Gaussian changes by a factor that itself changes by a constant one.
  const bend = Math.exp(2 * scale);
  const [startAcross, stepAcross] = [Math.exp(scale * (left - x) ** 2), Math.exp(scale * (2 * (left - x) + 1))];
  let [down, stepDown] = [amount * Math.exp(scale * (top - y) ** 2), Math.exp(scale * (2 * (top - y) + 1))];
  for (let row = top; row <= bottom; row++) {
    let [value, step] = [down * startAcross, stepAcross];
    const end = row * widthPx + right;
    for (let at = row * widthPx + left; at <= end; at++) {
      data[at] = (data[at] as number) + value;
      value *= step;
      step *= bend;
    }
    down *= stepDown;
    stepDown *= bend;
  }
}

/** A smooth curve through points (Catmull and Rom's), sampled evenly enough to draw. */
export function curveThrough(points: readonly Point[], samplesEach = 8): Point[] {
  const at = (i: number): Point => points[Math.min(points.length - 1, Math.max(0, i))] as Point;
  const curve: Point[] = [];
  for (let i = 0; i + 1 < points.length; i++) {
    const [p, q, r, s] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    for (let k = 0; k < samplesEach; k++) {
      const t = k / samplesEach;
      curve.push({ x: between(p.x, q.x, r.x, s.x, t), y: between(p.y, q.y, r.y, s.y, t) });
    }
  }
  return [...curve, at(points.length - 1)];
}

/** The part of a path from one share of its points to another. */
export function partOf(path: readonly Point[], from: number, to: number): Point[] {
  const last = path.length - 1;
  return path.slice(Math.round(from * last), Math.round(to * last) + 1);
}

/** A path that wavers to either side, as the sum of a few slow waves: by about this deviation, its ends as much as its middle. */
export function waver(path: readonly Point[], deviation: number, random: Random): Point[] {
  const [first, last] = [path[0], path.at(-1)];
  if (!first || !last) return [];
  const length = Math.max(1e-6, Math.hypot(last.x - first.x, last.y - first.y));
  const aside = { x: (first.y - last.y) / length, y: (last.x - first.x) / length };
  const waves = [1, 2, 3].map((cycles) => ({
    cycles,
    phase: 2 * Math.PI * random.uniform(),
    size: (deviation * random.normal()) / cycles,
  }));
  return path.map(({ x, y }, i) => {
    const turn = (2 * Math.PI * i) / Math.max(1, path.length - 1);
    const shift = waves.reduce((sum, { cycles, phase, size }) => sum + size * Math.sin(cycles * turn + phase), 0);
    return { x: x + shift * aside.x, y: y + shift * aside.y };
  });
}

/** The point `share` of the way from one point to another; beyond them too. */
export const mix = (from: Point, to: Point, share: number): Point => ({
  x: from.x + share * (to.x - from.x),
  y: from.y + share * (to.y - from.y),
});

function resample(path: readonly Point[], spacing: number): Point[] {
  const [start] = path;
  if (!start) return [];
  const points: Point[] = [start];
  // How far behind the last point drawn the current corner lies.
  let carried = 0;
  for (let i = 1; i < path.length; i++) {
    const [from, to] = [path[i - 1] as Point, path[i] as Point];
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    let along = spacing - carried;
    for (; along <= length; along += spacing) points.push(mix(from, to, along / length));
    carried = length - (along - spacing);
  }
  return points;
}

function between(p: number, q: number, r: number, s: number, t: number): number {
  return q + 0.5 * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)));
}
