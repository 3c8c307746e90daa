import type { CaptureMessage } from './capture-message.ts';
import { type HeadMotion, headMotionOf, likestStretch } from './head-motion.ts';

/**
 * What is kept of a capture to know it again: no picture, no landmark, no template. How somebody moved is personal data all the same: bounded in number and time by {@link CAPTURE_MEMORY}, and erased with the rest of
 * the subject's.
 */
export interface CaptureTrace {
  /** Of the frames' SHA-256 the first 16 hexadecimal digits, which chance makes no two alike; of a long capture the lowest 600, so that two that share frames keep the same ones. */
  readonly hashes: readonly string[];
  readonly motion: HeadMotion;
}

/** How an earlier capture came again. */
export interface RepeatedCapture {
  /** Its very frames, or its motion, encoded anew. */
  readonly by: 'frames' | 'motion';
  /** What was seen, for the server's own log. */
  readonly detail: string;
}

/**
 * How captures are remembered and known again.
 *
 * The limit follows from fresh performances, all by one made-up face whose head is never quite still: of 11,175 pairs the likest stretches came to 0.43 on average and 0.70 at most, whether the same was asked or not; with a
 * quarter of that unrest to 0.48 and 0.81. Performances that came again with every landmark up to half a pixel off, later and in another size, came to 0.84 and more. By the whole of the pipeline, on a simulated head at ten
 * frames a second: fresh ones up to 0.51 (six pairs), one through JPEG 75 again 0.98, through JPEG 40 0.93, off a held screen 0.53. Of people before a camera no rate is measured: real clips of four came to 0.3 at most.
 */
export const CAPTURE_MEMORY = {
  /** What comes again is at least so long: more than a step of a challenge, so that one answer that was given alike is none. */
  stretchMs: 5000,
  /** From here on a stretch counts as sent before. */
  correlation: 0.83,
  /** Captures of one subject, the newest: whoever may fail five times in half an hour needs more than three hours to push them out. */
  captures: 32,
  /** For how long they are kept. */
  keptMs: 30 * 24 * 3_600_000,
} as const;

/** Of 64 hexadecimal digits. */
const DIGITS = 16;
const MOST_HASHES = 600;

/** What a capture leaves behind. */
export function traceOf({ frames }: Pick<CaptureMessage, 'frames'>): CaptureTrace {
  const hashes = frames.map(({ hash }) => hash.slice(0, DIGITS));
  return { hashes: hashes.sort().slice(0, MOST_HASHES), motion: headMotionOf(frames) };
}

/** Whether a capture was sent before, as a whole or a stretch of it; undefined where nothing says so. It misses whatever is rendered anew, and a recording that is filmed off a screen in somebody's hand, whose motion is added to it. */
export function findRepeated(own: CaptureTrace, earlier: readonly CaptureTrace[]): RepeatedCapture | undefined {
  const known = new Set(earlier.flatMap(({ hashes }) => hashes));
  const again = own.hashes.filter((hash) => known.has(hash)).length;
  if (again > 0) return { by: 'frames', detail: `${again} of ${own.hashes.length} frames came before` };
  const { stretchMs, correlation } = CAPTURE_MEMORY;
  const likest = Math.max(0, ...earlier.map(({ motion }) => likestStretch(own.motion, motion, stretchMs)));
  if (likest < correlation) return undefined;
  return { by: 'motion', detail: `${stretchMs / 1000} s of the motion came before: correlation ${likest.toFixed(2)}` };
}
