import { medianOf } from '../../../metric/median.ts';
import type { CaptureFrame } from '../session/capture-message.ts';
import type { LlrCalibration } from './calibration.ts';
import { type LivenessCheck, livenessCheck } from './check.ts';

/** A stretch that comes again is at least so many frames long, and begins at least so many later. */
const STRETCH = 15;
const FEWEST_FRAMES = 4 * STRETCH;

/** Of a longer capture so many frames are looked at, evenly: every pair of them is. */
const MOST_FRAMES = 600;

/** Below this there is nothing to tell apart: a repetition to the last digit. */
const LEAST_RATIO = 1e-3;

/**
 * Whether a stretch of the motion comes again, as it does in a loop or a stitched recording that was encoded anew: the logarithm of how far the nearest two stretches lie apart, in median steps
 * from a frame to the next. A person who rests twice comes near 0; a loop lies below.
 */
export function repeatedMotion(calibration: LlrCalibration): LivenessCheck {
  return livenessCheck('repeated-motion', calibration, ({ capture }) => {
    const every = Math.ceil(capture.frames.length / MOST_FRAMES);
    const frames = capture.frames.filter((_, f) => f % every === 0);
    if (frames.length < FEWEST_FRAMES) return { notApplicable: `${frames.length} frames are too few` };
    const steps = frames.slice(1).map((frame, i) => distance(frames[i], frame));
    const step = medianOf(steps);
    if (!(step > 0)) return { notApplicable: 'nothing moves' };
    const ratio = nearestStretches(frames) / step;
    return { score: Math.log(Math.max(LEAST_RATIO, ratio)), quality: 1, reason: `${ratio.toFixed(2)} steps apart` };
  });
}

/** Mean distance, frame by frame, of those two stretches that lie nearest. */
function nearestStretches(frames: readonly CaptureFrame[]): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (let lag = STRETCH; lag <= frames.length - STRETCH; lag++) {
    const apart = frames.slice(lag).map((frame, i) => distance(frames[i], frame));
    let sum = 0;
    apart.forEach((value, i) => {
      sum += value - (i >= STRETCH ? (apart[i - STRETCH] ?? 0) : 0);
      if (i >= STRETCH - 1) nearest = Math.min(nearest, sum / STRETCH);
    });
  }
  return nearest;
}

/** Root mean square over the landmarks, in pixels. */
function distance(a: CaptureFrame | undefined, b: CaptureFrame | undefined): number {
  if (!a || !b) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < a.landmarks.length; i++) sum += ((a.landmarks[i] ?? 0) - (b.landmarks[i] ?? 0)) ** 2;
  return Math.sqrt((2 * sum) / a.landmarks.length);
}
