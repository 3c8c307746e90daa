import type { Box, Point } from './face.ts';

/** Boxes that overlap more than this are the same face. */
const SAME_FACE_OVERLAP = 0.3;

/** Points nearer than this part of the box are the same point. */
const SAME_POINT_DISTANCE = 0.2;

/** What {@link mergeOverlapping} merges. */
interface Candidate {
  readonly box: Box;
  readonly confidence: number;
  readonly points: readonly Point[];
}

/**
 * Makes one of the candidates that show the same face: box and points are the mean of the most confident one and of those that agree with it, weighted by
 * confidence, which is steadier than the best one alone.
 *
 * Source: BlazeFace (Bazarevsky et al. 2019), section 3.4.
 *
 * @returns most confident first.
 */
export function mergeOverlapping(candidates: readonly Candidate[]): Candidate[] {
  let left = [...candidates].sort((a, b) => b.confidence - a.confidence);
  const merged: Candidate[] = [];
  for (let best = left[0]; best; best = left[0]) {
    const { box } = best;
    const same = left.filter((other) => other === best || isSameFace(box, other.box));
    left = left.filter((other) => !same.includes(other));
    merged.push({ ...weightedMean(same.filter((other) => agrees(best, other))), confidence: best.confidence });
  }
  return merged;
}

/** Area of the intersection by area of the union, 0..1. */
function overlapOf(a: Box, b: Box): number {
  const shared = sharedArea(a, b);
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** The same face, or a part of it that the edge of a window has cut off. */
export function isSameFace(a: Box, b: Box): boolean {
  const smaller = Math.min(a.width * a.height, b.width * b.height);
  return overlapOf(a, b) > SAME_FACE_OVERLAP || sharedArea(a, b) > 0.7 * smaller;
}

/** Whether two candidates of one face have box and points alike: neither is cut off, nor sees the face in another direction. */
function agrees(best: Candidate, other: Candidate): boolean {
  const reach = SAME_POINT_DISTANCE * Math.max(best.box.width, best.box.height);
  const isNear = best.points.every(({ x, y }, k) => {
    const point = other.points[k];
    return point !== undefined && Math.hypot(point.x - x, point.y - y) < reach;
  });
  return isNear && overlapOf(best.box, other.box) > SAME_FACE_OVERLAP;
}

function sharedArea(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}

function weightedMean(candidates: readonly Candidate[]): { box: Box; points: Point[] } {
  const total = candidates.reduce((sum, { confidence }) => sum + confidence, 0);
  const mean = (value: (candidate: Candidate) => number) =>
    candidates.reduce((sum, candidate) => sum + candidate.confidence * value(candidate), 0) / total;
  return {
    box: {
      x: mean(({ box }) => box.x),
      y: mean(({ box }) => box.y),
      width: mean(({ box }) => box.width),
      height: mean(({ box }) => box.height),
    },
    points: (candidates[0]?.points ?? []).map((_, k) => ({
      x: mean(({ points }) => points[k]?.x ?? 0),
      y: mean(({ points }) => points[k]?.y ?? 0),
    })),
  };
}
