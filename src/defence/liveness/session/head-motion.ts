import { medianOf } from '../../../metric/median.ts';
import { measureHead } from '../checks/head-signals.ts';
import type { CaptureFrame } from './capture-message.ts';
import { CHALLENGE_MS } from './challenge.ts';

/**
 * How a head moved: eight whole numbers, -127..127, for each tenth of a second from the session's opening on, [T,8]: where the face is in the picture, how large, how it is turned, and what the mouth does. Each number
 * stands against its own mean and deviation within a second to either side, so that how the head is held between two actions counts as much as the actions, which everybody is asked for. Nothing of the face's own
 * shape is left.
 */
export type HeadMotion = readonly number[];

const STEP_MS = 100;
/** As long as anything is asked. */
const MOST_STEPS = CHALLENGE_MS / STEP_MS;
const SIGNALS = 8;

/** A frame counts for a step by how near it is: three of them at ten frames a second. */
const NEAR_MS = 150;
/** Steps to either side that a signal is measured against. */
const AROUND = 10;
/** What landmarks tremble by themselves, in distances of the eyes and radians: a movement below it counts less. */
const TREMOR = 0.007;
/** Of a whole number for one deviation. */
const SCALE = 32;
const LARGEST = 127;

/** The motion in a capture's landmarks: whatever the size of the picture. */
export function headMotionOf(frames: readonly Pick<CaptureFrame, 'timeMs' | 'landmarks'>[]): HeadMotion {
  const measured = frames.map(({ timeMs, landmarks }) => ({ timeMs, ...measureHead(landmarks) }));
  const usualPx = medianOf(measured.map(({ eyesPx }) => eyesPx)) || 1;
  const poses = measured.map(({ timeMs, middle, eyesPx, turn, nod, tilt, open, mouth }) => ({
    timeMs,
    signals: [middle[0] / usualPx, middle[1] / usualPx, eyesPx / usualPx, turn, nod, tilt, open, mouth],
  }));
  const lastMs = poses.reduce((last, { timeMs }) => Math.max(last, timeMs), 0);
  const steps = Math.min(MOST_STEPS, Math.floor(lastMs / STEP_MS));
  const path = Array.from({ length: steps }, (_, step) => signalsAt(poses, step * STEP_MS));
  return path.flatMap((own, step) => {
    const around = path.slice(Math.max(0, step - AROUND), step + AROUND + 1);
    return own.map((value, signal) => {
      const values = around.map((other) => other[signal] ?? value);
      const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
      const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length;
      const deviations = (value - mean) / Math.sqrt(variance + TREMOR ** 2);
      // Landmarks that are no face's may give no number.
      return Math.round(Math.max(-LARGEST, Math.min(LARGEST, SCALE * deviations))) || 0;
    });
  });
}

interface Pose {
  readonly timeMs: number;
  readonly signals: readonly number[];
}

/** The mean of the frames near a time; of the nearest one where there is none. */
function signalsAt(poses: readonly Pose[], atMs: number): readonly number[] {
  const away = (pose: Pose): number => Math.abs(pose.timeMs - atMs);
  const near = poses.filter((pose) => away(pose) < NEAR_MS);
  if (near.length === 0) return poses.reduce((nearest, pose) => (away(pose) < away(nearest) ? pose : nearest)).signals;
  const total = near.reduce((sum, pose) => sum + NEAR_MS - away(pose), 0);
  return Array.from({ length: SIGNALS }, (_, signal) =>
    near.reduce((sum, pose) => sum + ((NEAR_MS - away(pose)) / total) * (pose.signals[signal] ?? 0), 0),
  );
}

/**
 * The highest correlation of a stretch of one motion with one of another, wherever either begins: 1 where they are the same. 0 where one is shorter than the stretch. About 2 ms of one core for two whole captures.
 */
export function likestStretch(a: HeadMotion, b: HeadMotion, stretchMs: number): number {
  const stretch = Math.round(stretchMs / STEP_MS);
  const [stepsA, stepsB] = [a.length / SIGNALS, b.length / SIGNALS];
  const [ofA, ofB] = [
    sumsUpTo(stepsA, (step) => product(a, step, a, step)),
    sumsUpTo(stepsB, (step) => product(b, step, b, step)),
  ];
  let likest = 0;
  for (let lag = stretch - stepsB; lag <= stepsA - stretch; lag++) {
    const from = Math.max(0, lag);
    const shared = sumsUpTo(Math.min(stepsA, stepsB + lag) - from, (step) =>
      product(a, from + step, b, from + step - lag),
    );
    for (let end = stretch; end < shared.length; end++) {
      const within = (sums: Float64Array, offset: number): number =>
        (sums[offset + end] as number) - (sums[offset + end - stretch] as number);
      const squares = within(ofA, from) * within(ofB, from - lag);
      if (squares > 0) likest = Math.max(likest, within(shared, 0) / Math.sqrt(squares));
    }
  }
  return likest;
}

/** Sums of the first 0, 1, … `count` values. */
function sumsUpTo(count: number, value: (i: number) => number): Float64Array {
  const sums = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) sums[i + 1] = (sums[i] as number) + value(i);
  return sums;
}

function product(a: HeadMotion, stepA: number, b: HeadMotion, stepB: number): number {
  let sum = 0;
  for (let i = 0; i < SIGNALS; i++) sum += (a[SIGNALS * stepA + i] as number) * (b[SIGNALS * stepB + i] as number);
  return sum;
}
