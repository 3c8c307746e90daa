import { type CheckResult, resultOfCheck } from '../../defence/liveness/checks/check.ts';
import { decide } from '../../defence/liveness/decision.ts';
import { type FusedEvidence, fuse } from '../../defence/liveness/fusion.ts';
import type { LivenessCalibration } from '../../defence/liveness/liveness-calibration.ts';
import type { Attempt } from './attempt.ts';

/** What a verification made of an attempt; a step up and another try let nobody in, and are no refusal either. */
export type Outcome = 'passed' | 'refused' | 'no-response';

/** The checks' results for an attempt, in the calibration's order. */
export function resultsOf({ checks }: Pick<Attempt, 'checks'>, calibration: LivenessCalibration): CheckResult[] {
  return Object.entries(calibration.checks).map(([name, own]) =>
    resultOfCheck(name, own, checks[name] ?? { notApplicable: 'it was not measured' }),
  );
}

/** The evidence of all checks of an attempt. */
export const evidenceOf = (attempt: Pick<Attempt, 'checks'>, calibration: LivenessCalibration): FusedEvidence =>
  fuse(resultsOf(attempt, calibration), calibration.fusion);

/** What our own verification makes of an attempt: the same rules as in a session. */
export function outcomeOf(
  attempt: Pick<Attempt, 'checks' | 'refusal' | 'marked'>,
  calibration: LivenessCalibration,
): Outcome {
  if (attempt.refusal !== null) return 'refused';
  const results = resultsOf(attempt, calibration);
  const decision = decide(fuse(results, calibration.fusion), results, calibration.policy, attempt.marked);
  switch (decision) {
    case 'pass':
      return 'passed';
    case 'refuse':
      return 'refused';
    default:
      return 'no-response';
  }
}

/** What a score alone makes of it, such as a network's: passed from the threshold on; what has none gives no response. */
export const outcomeOfScore = (score: number | undefined, threshold: number): Outcome =>
  score === undefined ? 'no-response' : score >= threshold ? 'passed' : 'refused';
