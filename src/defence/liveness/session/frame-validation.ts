import type { CaptureFrame } from './capture-message.ts';
import type { Refusal } from './refusal.ts';

/** Between which limits a capture's frames must lie. */
export interface CaptureLimits {
  readonly leastFramesPerSecond: number;
  readonly mostFramesPerSecond: number;
  /** The longest time without a frame. */
  readonly longestGapMs: number;
  /** How far the client's clock may run from the server's over one session. */
  readonly clockSlackMs: number;
  /** From the last frame to its arrival. */
  readonly longestUploadMs: number;
  /** Two frames whose landmarks lie nearer than this (root mean square, as a share of the distance of the eyes) are one. Of five real clips no two frames came nearer than 0.0005. */
  readonly nearDuplicate: number;
  /** Above this ratio of {@link disorder} frames are taken as shuffled. Five real clips had up to 0.06; without any order it is 2. */
  readonly mostDisorder: number;
}

export const CAPTURE_LIMITS: CaptureLimits = {
  leastFramesPerSecond: 10,
  mostFramesPerSecond: 120,
  longestGapMs: 500,
  clockSlackMs: 500,
  longestUploadMs: 20_000,
  nearDuplicate: 1e-4,
  mostDisorder: 1,
};

/** When the frames of a session are to have been taken. */
export interface SessionTimes {
  /** From the session's opening to the message's arrival, by the server's clock. */
  readonly elapsedMs: number;
  /** Of all that is asked and shown. */
  readonly lengthMs: number;
}

/** Frames that are doubled, out of order or out of time; undefined where there is nothing to say against them. */
export function refuseFrames(
  frames: readonly CaptureFrame[],
  times: SessionTimes,
  limits: CaptureLimits = CAPTURE_LIMITS,
): Refusal | undefined {
  return refuseOrder(frames, limits) ?? refuseTimes(frames, times, limits) ?? refuseDoubles(frames, limits);
}

/** The same of a clip that belongs to no session, so that nothing is known of when it was taken: whether its frames are doubled or out of order. */
export function refuseClip(
  frames: readonly CaptureFrame[],
  limits: CaptureLimits = CAPTURE_LIMITS,
): Refusal | undefined {
  return refuseOrder(frames, limits) ?? refuseDoubles(frames, limits);
}

function refuseOrder(frames: readonly CaptureFrame[], limits: CaptureLimits): Refusal | undefined {
  const intervals = intervalsOf(frames);
  const falling = intervals.filter((interval) => interval <= 0).length;
  const found = disorder(frames);
  if (falling > 0) {
    // Frames that make more sense in the order of their times were moved; otherwise their times were.
    const moved = disorder(frames.toSorted((a, b) => a.timeMs - b.timeMs)) < found;
    const reason = moved ? 'shuffled-frames' : 'clock-not-rising';
    return { reason, detail: `${falling} of ${intervals.length} intervals are not positive` };
  }
  if (found <= limits.mostDisorder) return undefined;
  return { reason: 'shuffled-frames', detail: `disorder ${found.toFixed(2)}` };
}

function refuseTimes(
  frames: readonly CaptureFrame[],
  { elapsedMs, lengthMs }: SessionTimes,
  limits: CaptureLimits,
): Refusal | undefined {
  const [first, last] = [frames[0]?.timeMs ?? 0, frames.at(-1)?.timeMs ?? 0];
  const late = elapsedMs - last;
  if (late < -limits.clockSlackMs || late > limits.longestUploadMs)
    return { reason: 'wrong-clock', detail: `the last frame is ${Math.round(late)} ms before its arrival` };
  // Whether it holds all that was asked and shown.
  if (first > limits.longestGapMs || last < lengthMs - limits.longestGapMs)
    return { reason: 'length-out-of-range', detail: `from ${Math.round(first)} to ${Math.round(last)} ms` };
  const rate = (1000 * (frames.length - 1)) / (last - first);
  const gap = Math.max(...intervalsOf(frames));
  if (rate >= limits.leastFramesPerSecond && rate <= limits.mostFramesPerSecond && gap <= limits.longestGapMs)
    return undefined;
  return { reason: 'rate-out-of-range', detail: `${rate.toFixed(1)} a second, longest gap ${Math.round(gap)} ms` };
}

/**
 * Frames in the same place are looked for along a random direction, in which they lie at least as near: of frames that are sorted by it only neighbours are compared. All pairs of a long message that was made for it
 * would take half a minute; the direction has no say in what is found.
 */
function refuseDoubles(frames: readonly CaptureFrame[], limits: CaptureLimits): Refusal | undefined {
  const different = new Set(frames.map(({ hash }) => hash)).size;
  if (different < frames.length)
    return { reason: 'doubled-frames', detail: `${frames.length - different} of one hash with another` };
  const placed = placedAlongLine(frames, limits.nearDuplicate);
  for (const [i, one] of placed.entries()) {
    for (let k = i + 1; k < placed.length; k++) {
      const other = placed[k] as PlacedFrame;
      if (other.place - one.place > one.reach) break;
      if (!isNearer(one, other)) continue;
      const [a, b] = [one.index, other.index].sort((x, y) => x - y);
      return { reason: 'doubled-frames', detail: `the landmarks of frames ${a} and ${b} are in the same places` };
    }
  }
  return undefined;
}

/** A frame's landmarks, which no message can leave out, and where they lie along a line. */
interface PlacedFrame {
  readonly index: number;
  readonly values: Float64Array;
  readonly place: number;
  /** How far apart, root of the summed squares, its landmarks and another frame's may be to be taken for the same. */
  readonly reach: number;
}

function placedAlongLine(frames: readonly CaptureFrame[], share: number): PlacedFrame[] {
  const line = randomDirection(frames[0]?.landmarks.length ?? 0);
  return frames
    .map(({ landmarks }, index) => {
      const values = Float64Array.from(landmarks);
      const place = values.reduce((sum, value, i) => sum + value * (line[i] as number), 0);
      return { index, values, place, reach: share * eyeDistance(values) * Math.sqrt(values.length / 2) };
    })
    .sort((a, b) => a.place - b.place);
}

/** A vector of length 1; not foreseeable, or a message could be made for it. */
function randomDirection(length: number): Float64Array {
  const drawn = crypto.getRandomValues(new Int32Array(length));
  const norm = Math.sqrt(drawn.reduce((sum, value) => sum + value * value, 0)) || 1;
  return Float64Array.from(drawn, (value) => value / norm);
}

/** From each frame to the next, in milliseconds. */
export function intervalsOf(frames: readonly CaptureFrame[]): number[] {
  return frames.slice(1).map(({ timeMs }, i) => timeMs - (frames[i]?.timeMs ?? timeMs));
}

/**
 * How little each frame has to do with the one before: squared differences of successive landmarks over squared deviations from their means. About 0 for a moving face, 2 where the order is
 * random, and about 2 as well where nothing moves but the tracker's noise, so that a capture in which nobody follows the challenge is refused by it too.
 *
 * Source: von Neumann, Distribution of the ratio of the mean square successive difference to the variance, Annals of Mathematical Statistics 12 (1941).
 */
export function disorder(frames: readonly Pick<CaptureFrame, 'landmarks'>[]): number {
  const coordinates = frames[0]?.landmarks.length ?? 0;
  let [successive, variance] = [0, 0];
  for (let i = 0; i < coordinates; i++) {
    const values = frames.map(({ landmarks }) => landmarks[i] ?? 0);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    values.forEach((value, f) => {
      variance += (value - mean) ** 2;
      if (f > 0) successive += (value - (values[f - 1] ?? 0)) ** 2;
    });
  }
  // Where nothing differs at all the frames are doubled, which is another reason.
  return variance === 0 ? 0 : successive / variance;
}

/** Outer corners of the eyes among the 68 landmarks, as places in [68,2]. */
const EYES = [2 * 36, 2 * 45] as const;

function eyeDistance(values: Float64Array): number {
  const [left, right] = EYES;
  const at = (i: number): number => values[i] ?? 0;
  return Math.hypot(at(right) - at(left), at(right + 1) - at(left + 1));
}

/** Whether two frames differ by less than either may. */
function isNearer(a: PlacedFrame, b: PlacedFrame): boolean {
  const most = Math.min(a.reach, b.reach) ** 2;
  let sum = 0;
  // Frames that differ do so within a few points.
  for (let i = 0; i < a.values.length; i++) {
    sum += ((a.values[i] as number) - (b.values[i] as number)) ** 2;
    if (sum > most) return false;
  }
  return true;
}
