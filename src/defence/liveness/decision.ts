import type { CheckResult } from './checks/check.ts';
import type { FusedEvidence } from './fusion.ts';
import type { Refusal, RefusalReason } from './session/refusal.ts';

/** Pass; try again with a better capture; refuse; or ask for another proof, by a person or a document. */
export type Decision = 'pass' | 'retry' | 'refuse' | 'step-up';

/** All that decides by itself, whatever the checks say. */
export type Veto = 'nonce' | 'expiry' | 'replay' | 'own-mark';

/** A log-likelihood ratio with what it means; never a bare number. */
export interface LivenessThreshold {
  readonly logLikelihoodRatio: number;
  /** Share of the attacks of the worst species that reach it. */
  readonly apcer: number;
  /** Share of bona fide presentations that do not. */
  readonly bpcer: number;
  /** Name of the presentations that this was measured on, with the split by person. */
  readonly dataset: string;
}

/** When to pass, when to refuse. */
export interface DecisionPolicy {
  /** Passes from here on. */
  readonly pass: LivenessThreshold;
  /** Refused below this; between the two a step up is asked for. */
  readonly refuse: LivenessThreshold;
  /** Checks without which nobody passes: where one does not apply or has too little quality, another try. That of colours is asked of sessions alone that show some. */
  readonly required: readonly string[];
  /** Quality that the required checks must have, 0..1. */
  readonly leastQuality: number;
  /** By the name of a check: who would pass is asked for another proof where its score is lower, whatever the others say. Where it does not apply nothing is asked. */
  readonly leastScores?: Readonly<Record<string, number>> | undefined;
}

/** Refusals that are vetoes; the others are of messages that cannot be judged, and refused as well. */
const VETO_OF: Readonly<Partial<Record<RefusalReason, Veto>>> = {
  'forged-nonce': 'nonce',
  'other-session': 'nonce',
  'expired-nonce': 'expiry',
  'replayed-nonce': 'replay',
  'replayed-capture': 'replay',
  'doubled-frames': 'replay',
};

/** The veto that a refusal is, if it is one. */
export function vetoOf({ reason }: Pick<Refusal, 'reason'>): Veto | undefined {
  return VETO_OF[reason];
}

/** Decides on a capture that could be judged. `marked`: our own mark was found in a frame, so that it was made by us. */
export function decide(
  evidence: FusedEvidence,
  results: readonly CheckResult[],
  policy: DecisionPolicy,
  marked: boolean,
): Decision {
  if (marked || evidence.logLikelihoodRatio < policy.refuse.logLikelihoodRatio) return 'refuse';
  if (lackingChecks(results, policy).length > 0) return 'retry';
  const isDoubted = doubtedChecks(results, policy).length > 0;
  return evidence.logLikelihoodRatio >= policy.pass.logLikelihoodRatio && !isDoubted ? 'pass' : 'step-up';
}

/** The required checks that do not apply, or saw too little. */
export function lackingChecks(
  results: readonly CheckResult[],
  { required, leastQuality }: Pick<DecisionPolicy, 'required' | 'leastQuality'>,
): string[] {
  return required.filter((name) => {
    const result = results.find((one) => one.name === name);
    return !result?.applicable || result.quality < leastQuality;
  });
}

/** The checks whose score is lower than what is asked of it. */
export function doubtedChecks(
  results: readonly Pick<CheckResult, 'name' | 'score'>[],
  { leastScores = {} }: Pick<DecisionPolicy, 'leastScores'>,
): string[] {
  return results.flatMap(({ name, score }) =>
    score !== undefined && score < (leastScores[name] ?? score) ? [name] : [],
  );
}

/** All that the client learns. */
export function answerTo(decision: Decision): 'pass' | 'fail' {
  return decision === 'pass' ? 'pass' : 'fail';
}
