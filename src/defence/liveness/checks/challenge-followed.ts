import { medianOf } from '../../../metric/median.ts';
import { ACTIONS, type Action, CHALLENGE_TIMES, type ChallengeStep } from '../session/challenge.ts';
import type { LlrCalibration } from './calibration.ts';
import { type LivenessCheck, livenessCheck } from './check.ts';
import { type HeadSignals, headSignals } from './head-signals.ts';

/** A movement that began in time may go on for so long until it is largest. */
const PEAK_MS = 700;

/** Frames that a step's answer must be seen in. */
const FEWEST_FRAMES = 6;

/** One frame's signals, against the neutral face. */
interface SignalAt {
  readonly timeMs: number;
  readonly signals: HeadSignals;
}

/**
 * Whether the person did what was asked, in order, and each in its slot. For every step: how far the asked action goes beyond the neutral face and beyond where it was when the step was shown (1 is
 * enough), less how far the strongest other one does; it must rise through half of what is asked inside the slot. The score is the mean over the steps, -1..1.
 *
 * It stops photos, recordings and replays; whoever drives an imitated face live follows every challenge.
 */
export function challengeFollowed(calibration: LlrCalibration): LivenessCheck {
  return livenessCheck('challenge-followed', calibration, ({ capture, challenge }) => {
    if (challenge.length === 0) return { notApplicable: 'nothing was asked' };
    const all = capture.frames.map(({ timeMs, landmarks }) => ({ timeMs, signals: headSignals(landmarks) }));
    const resting = between(all, 0, CHALLENGE_TIMES.rest);
    if (resting.length < FEWEST_FRAMES) return { notApplicable: `${resting.length} frames before the first step` };
    const neutral = mapActions((action) => medianOf(resting.map(({ signals }) => signals[action])));
    const moved = all.map(({ timeMs, signals }) => ({
      timeMs,
      signals: mapActions((action) => signals[action] - neutral[action]),
    }));
    const steps = challenge.map((step) => stepScore(moved, step));
    const seen = steps.filter((score) => score !== undefined);
    if (seen.length < challenge.length)
      return { notApplicable: `${challenge.length - seen.length} steps have too few frames` };
    const followed = seen.filter((score) => score > 0).length;
    const score = seen.reduce((sum, step) => sum + step, 0) / seen.length;
    return { score, quality: 1, reason: `${followed} of ${seen.length} steps followed` };
  });
}

/** Undefined where the answer's time holds too few frames. */
function stepScore(frames: readonly SignalAt[], { action, atMs }: ChallengeStep): number | undefined {
  const { fastest, slot } = CHALLENGE_TIMES;
  const before = between(frames, atMs - 200, atMs + fastest);
  const answer = between(frames, atMs + fastest, atMs + fastest + slot);
  if (before.length === 0 || answer.length < FEWEST_FRAMES) return undefined;
  const peak = between(frames, atMs + fastest, atMs + fastest + slot + PEAK_MS);
  const rise = (asked: Action): number => {
    const level = Math.max(0, medianOf(before.map(({ signals }) => signals[asked])));
    const highest = (of: readonly SignalAt[]): number => Math.max(...of.map(({ signals }) => signals[asked])) - level;
    // What rises through one half only after the slot answers another one.
    return highest(answer) < 0.5 ? 0 : Math.min(1, highest(peak));
  };
  return rise(action) - Math.max(...ACTIONS.filter((other) => other !== action).map(rise));
}

function between(frames: readonly SignalAt[], fromMs: number, toMs: number): SignalAt[] {
  return frames.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
}

function mapActions(of: (action: Action) => number): HeadSignals {
  const signals: Partial<Record<Action, number>> = {};
  for (const action of ACTIONS) signals[action] = of(action);
  return signals as HeadSignals;
}
