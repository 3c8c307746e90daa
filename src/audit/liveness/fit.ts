import { fitCalibration, type LlrCalibration } from '../../defence/liveness/checks/calibration.ts';
import { CAMERA_CHECK, LEAST_CAMERA_SCORE } from '../../defence/liveness/checks/camera.ts';
import { doubtedChecks, type LivenessThreshold } from '../../defence/liveness/decision.ts';
import { fitFusion } from '../../defence/liveness/fusion.ts';
import type { LivenessCalibration } from '../../defence/liveness/liveness-calibration.ts';
import { InputError } from '../../util/errors.ts';
import { type Attempt, isBonaFide } from './attempt.ts';
import { reachedByAllBut, scoresOf } from './attempt-scores.ts';
import { evidenceOf, resultsOf } from './outcome.ts';

/** How {@link fitLiveness} fits. */
export interface FitOptions {
  /** Name of the presentations, with the split by person. */
  readonly dataset: string;
  /** Checks that are used, of those that apply to somebody and to some attack on one half of the people; default: all of them. */
  readonly checks?: readonly string[];
  /** Checks without which nobody passes, of those that are used; default none. */
  readonly required?: readonly string[];
}

/** Shares of bona fide presentations that are refused, that fall short of what is asked of a required check, and that do not pass for whatever reason, on the people that the thresholds are fixed on. */
const BPCER = { refuse: 0.01, asked: 0.01, pass: 0.05 } as const;

/** Below this a required check counts as not seen. */
const LEAST_QUALITY = 0.2;

/**
 * Fits a calibration: each check's line on one half of the people, the weights on the other half, and the thresholds, and what is asked of required checks, on the bona fide presentations of all of them.
 *
 * The thresholds follow from bona fide presentations alone: no attack, known or unknown, has a say in what people are asked to put up with. What the attacks then come to is what is measured.
 *
 * @throws InputError where a half lacks bona fide presentations or attacks.
 */
export function fitLiveness(attempts: readonly Attempt[], options: FitOptions): LivenessCalibration {
  const { dataset, required = [] } = options;
  const judged = attempts.filter(({ refusal }) => refusal === null);
  const [lines, weights] = halvesByPerson(judged);
  const names = namesOf(lines).filter((name) => options.checks?.includes(name) ?? true);
  if (names.length === 0)
    throw new InputError(
      'none of the checks was seen in bona fide attempts and in attacks, on one half of the people',
      {
        hint: 'give more people',
      },
    );
  const checks: Record<string, LlrCalibration> = {};
  for (const name of names) checks[name] = fitCheck(name, lines, `${dataset}, half of the people`);
  const labels = weights.map(isBonaFide);
  const unweighted = { checks, fusion: { offset: 0, weights: {}, dataset }, policy: NO_POLICY };
  const fusion = fitFusion(
    weights.map((attempt) => resultsOf(attempt, unweighted)),
    labels,
    `${dataset}, the other half of the people`,
  );
  const asked = required.filter((name) => names.includes(name));
  const leastScores = Object.fromEntries(asked.map((name) => [name, leastScoreOf(name, judged)]));
  const evidence = (attempt: Attempt): number => evidenceOf(attempt, { ...unweighted, fusion }).logLikelihoodRatio;
  // Who is asked for another proof anyhow passes at no threshold.
  const evidenceToPass = (attempt: Attempt): number =>
    doubtedChecks(resultsOf(attempt, unweighted), { leastScores }).length > 0
      ? Number.NEGATIVE_INFINITY
      : evidence(attempt);
  return {
    checks,
    fusion,
    policy: {
      pass: thresholdAt(BPCER.pass, judged, evidenceToPass, dataset),
      refuse: thresholdAt(BPCER.refuse, judged, evidence, dataset),
      required: asked,
      leastQuality: LEAST_QUALITY,
      // No audit has cameras to measure the last on.
      leastScores: { ...leastScores, [CAMERA_CHECK]: LEAST_CAMERA_SCORE },
    },
  };
}

/**
 * What nearly all bona fide presentations reach in a required check, to be asked of everybody: evidence alone would let the other checks outweigh that nothing was followed, and a recording of the person has much
 * that speaks for it.
 */
function leastScoreOf(name: string, attempts: readonly Attempt[]): number {
  const own = scoresOf(attempts.filter(isBonaFide), name);
  return reachedByAllBut(BPCER.asked, own) ?? Number.NEGATIVE_INFINITY;
}

const NO_THRESHOLD: LivenessThreshold = { logLikelihoodRatio: 0, apcer: 1, bpcer: 1, dataset: 'none' };
const NO_POLICY = { pass: NO_THRESHOLD, refuse: NO_THRESHOLD, required: [], leastQuality: 0 };

/** All checks that apply to somebody and to an attack, in the order of their names: where there is nothing to compare, a check says nothing. */
function namesOf(attempts: readonly Attempt[]): string[] {
  const seen = (bonaFide: boolean): Set<string> =>
    new Set(
      attempts
        .filter((attempt) => isBonaFide(attempt) === bonaFide)
        .flatMap(({ checks }) => Object.entries(checks).flatMap(([name, own]) => ('score' in own ? [name] : []))),
    );
  const attacked = seen(false);
  return [...seen(true)].filter((name) => attacked.has(name)).sort();
}

/** People by turns in the order of their names, so that the halves are the same in every run. */
function halvesByPerson(attempts: readonly Attempt[]): readonly [Attempt[], Attempt[]] {
  const people = [...new Set(attempts.map(({ person }) => person))].sort();
  const first = new Set(people.filter((_, i) => i % 2 === 0));
  return [attempts.filter(({ person }) => first.has(person)), attempts.filter(({ person }) => !first.has(person))];
}

function fitCheck(name: string, attempts: readonly Attempt[], dataset: string): LlrCalibration {
  const scores = (bonaFide: boolean): number[] =>
    scoresOf(
      attempts.filter((attempt) => isBonaFide(attempt) === bonaFide),
      name,
    );
  return fitCalibration(scores(true), scores(false), dataset);
}

/** The evidence that all but this share of the bona fide presentations reach. */
function thresholdAt(
  bpcer: number,
  attempts: readonly Attempt[],
  evidence: (attempt: Attempt) => number,
  dataset: string,
): LivenessThreshold {
  const own = attempts.filter(isBonaFide).map(evidence);
  const threshold = reachedByAllBut(bpcer, own) ?? 0;
  const reach = (values: readonly number[]): number =>
    values.filter((value) => value >= threshold).length / values.length;
  const species = Map.groupBy(
    attempts.filter((attempt) => !isBonaFide(attempt)),
    (attempt) => attempt.species,
  );
  return {
    logLikelihoodRatio: threshold,
    apcer: Math.max(...[...species.values()].map((trials) => reach(trials.map(evidence)))),
    bpcer: 1 - reach(own),
    dataset,
  };
}
