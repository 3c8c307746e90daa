import { ShapeError } from '../../../util/errors.ts';
import type { EnrolledShape } from '../geometry/enrolment.ts';
import type { CaptureMessage } from '../session/capture-message.ts';
import type { Challenge } from '../session/challenge.ts';
import { type LlrCalibration, logLikelihoodRatio } from './calibration.ts';

/** What a check may look at. */
export interface CheckInput {
  readonly capture: CaptureMessage;
  readonly challenge: Challenge;
  /** The shape of the person who is claimed; undefined where none was enrolled. Biometric data. */
  readonly enrolledShape?: EnrolledShape | undefined;
  /** Undefined where nobody looked at the frames. */
  readonly observations?: Observations;
}

/** One measurement of a capture. */
export interface CheckResult {
  readonly name: string;
  /** Higher speaks for a bona fide presentation; undefined where the check does not apply. */
  readonly score: number | undefined;
  /** Natural logarithm; 0 where the check does not apply, or has no calibration. */
  readonly logLikelihoodRatio: number;
  /** How far the measurement can be trusted, 0..1. */
  readonly quality: number;
  readonly applicable: boolean;
  /** What was seen, or why it does not apply; for the server's log, never for the client. */
  readonly reason: string;
}

/** One liveness measurement, and what its score is worth. */
export interface LivenessCheck {
  readonly name: string;
  /** Undefined for one that is no evidence, because there is nothing to calibrate it on: only a policy may ask something of its score. */
  readonly calibration: LlrCalibration | undefined;
  measure(input: CheckInput): CheckResult;
}

/** What a check's own rule gives: a measurement, or why there is none. */
export type Measurement =
  | { readonly score: number; readonly quality: number; readonly reason: string }
  | { readonly notApplicable: string };

/**
 * What the frames themselves showed, by the name of the check that reads it: measured when the capture came in, because frames are not kept, and stored beside the message, so that a judgement can be
 * done again without them.
 */
export type Observations = Readonly<Record<string, Measurement>>;

/** Makes a check of its name, its rule and its calibration. Where the points of a capture are of no use to the rule (ShapeError), or the score is not finite, it does not apply: what a client sends must not make it throw. */
export function livenessCheck(
  name: string,
  calibration: LlrCalibration | undefined,
  rule: (input: CheckInput) => Measurement,
): LivenessCheck {
  return {
    name,
    calibration,
    measure: (input) => resultOfCheck(name, calibration, measurementBy(rule, input)),
  };
}

/** What a check makes of its measurement. */
export function resultOfCheck(
  name: string,
  calibration: LlrCalibration | undefined,
  measured: Measurement,
): CheckResult {
  if ('notApplicable' in measured || !Number.isFinite(measured.score)) {
    const reason = 'notApplicable' in measured ? measured.notApplicable : 'the score is not a finite number';
    return { name, score: undefined, logLikelihoodRatio: 0, quality: 0, applicable: false, reason };
  }
  const evidence = calibration ? logLikelihoodRatio(calibration, measured.score) : 0;
  return { name, ...measured, logLikelihoodRatio: evidence, applicable: true };
}

function measurementBy(rule: (input: CheckInput) => Measurement, input: CheckInput): Measurement {
  try {
    return rule(input);
  } catch (error) {
    if (error instanceof ShapeError) return { notApplicable: error.message };
    throw error;
  }
}
