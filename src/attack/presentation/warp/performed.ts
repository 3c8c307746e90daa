import { InputError } from '../../../util/errors.ts';
import { smoothStep } from '../../../util/smooth-step.ts';
import { faceAt, type Gesture } from './gesture.ts';
import type { Track } from './track.ts';

/** What a liveness challenge may ask for and a driver can perform. Left and right are the person's own; pictures are not mirrored. */
export type PerformedAction = keyof typeof GESTURES;

/** One action, and when it is performed: it begins to be seen at `atMs` and is over `durationMs` later. */
export interface Performance {
  readonly action: PerformedAction;
  readonly atMs: number;
  readonly durationMs: number;
}

/**
 * The face at the height of each action: a clear one of a person who wants to be seen doing it, somewhat beyond 15 degrees, as a retargeter takes a part of it away. By eye.
 */
const GESTURES = {
  'turn-left': { yaw: 0.42 },
  'turn-right': { yaw: -0.42 },
  'raise-chin': { pitch: -0.42 },
  'lower-chin': { pitch: 0.6 },
  'tilt-left': { roll: 0.42 },
  'tilt-right': { roll: -0.42 },
  'open-mouth': { mouth: { drop: 0.22, narrow: 0, raise: 0.01 } },
  smile: { mouth: { drop: 0, narrow: -0.07, raise: 0.006, corners: 0.035 } },
} as const satisfies Record<string, Gesture>;

/** How a head is held at a time that is held still, never quite; radians. */
export type HeadUnrest = (timeMs: number) => { readonly pitch: number; readonly yaw: number; readonly roll: number };

const STILL: HeadUnrest = () => ({ pitch: 0, yaw: 0, roll: 0 });

/** How long a person takes from rest to the height of an action, and back. */
const ONSET_MS = 350;

const LONGEST_MS = 600_000;

/**
 * The mean face performing actions, as a driver's track: what a live driver does who follows a challenge. Each action sets in smoothly (350 ms, less where it is shorter than twice that) and ends
 * alike; between actions the face rests, as in its first frame where nothing begins at once. Actions that overlap add up.
 *
 * A person reacts after 300 to 800 ms: that is for the caller to add to the times at which a challenge asks.
 *
 * @param unrest - default: none, as no person holds a head.
 * @throws InputError where a time or the rate is not positive and finite.
 */
export function performedTrack(
  actions: readonly Performance[],
  framesPerSecond: number,
  lengthMs: number,
  unrest: HeadUnrest = STILL,
): Track {
  const fine = framesPerSecond > 0 && framesPerSecond <= 240 && lengthMs > 0 && lengthMs <= LONGEST_MS;
  if (!fine || !actions.every(({ atMs, durationMs }) => Number.isFinite(atMs) && durationMs > 0)) {
    throw new InputError(`a performance of ${lengthMs} ms at ${framesPerSecond} frames a second`, {
      hint: `give positive times, at most ${LONGEST_MS / 1000} s, and at most 240 frames a second`,
    });
  }
  const count = Math.max(1, Math.round((lengthMs * framesPerSecond) / 1000));
  return {
    framesPerSecond,
    frames: Array.from({ length: count }, (_, n) => faceAt(gestureAt(actions, (1000 * n) / framesPerSecond, unrest))),
  };
}

function gestureAt(actions: readonly Performance[], timeMs: number, unrest: HeadUnrest): Gesture {
  const sum = { ...unrest(timeMs) };
  const mouth = { drop: 0, narrow: 0, raise: 0, corners: 0 };
  for (const performance of actions) {
    const share = performedShare(performance, timeMs);
    if (share === 0) continue;
    const gesture: Gesture = GESTURES[performance.action];
    for (const part of ['pitch', 'yaw', 'roll'] as const) sum[part] += share * (gesture[part] ?? 0);
    for (const part of ['drop', 'narrow', 'raise', 'corners'] as const) {
      mouth[part] += share * (gesture.mouth?.[part] ?? 0);
    }
  }
  return { ...sum, mouth };
}

/** How far an action is done at a time, 0..1: with neither a jump nor a kink. */
export function performedShare({ atMs, durationMs }: Performance, timeMs: number): number {
  const onset = Math.min(ONSET_MS, durationMs / 2);
  const share = Math.min((timeMs - atMs) / onset, (atMs + durationMs - timeMs) / onset, 1);
  return smoothStep(share);
}
