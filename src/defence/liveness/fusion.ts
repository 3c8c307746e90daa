import { InputError } from '../../util/errors.ts';
import type { CheckResult } from './checks/check.ts';
import { fitLogistic } from './logistic-regression.ts';

/** How the checks' evidence is added up. */
export interface FusionCalibration {
  readonly offset: number;
  /** By the check's name; one that is not named counts for nothing. */
  readonly weights: Readonly<Record<string, number>>;
  /** Name of the presentations that it was fitted on, with the split by person. */
  readonly dataset: string;
}

/** What all checks say together. */
export interface FusedEvidence {
  /** Natural logarithm of the likelihood ratio, bona fide over attack. */
  readonly logLikelihoodRatio: number;
  /** What each check that applied added. */
  readonly parts: readonly { readonly name: string; readonly added: number }[];
}

/**
 * Adds up the checks' log-likelihood ratios, each by its weight and its quality: one that does not apply, or cannot be trusted, adds nothing and takes nothing away.
 *
 * Weights of 1 would be right if checks erred independently of each other; they do not, which is why the weights are fitted.
 */
export function fuse(results: readonly CheckResult[], calibration: FusionCalibration): FusedEvidence {
  const parts = results
    .filter(({ applicable }) => applicable)
    .map((result) => ({ name: result.name, added: (calibration.weights[result.name] ?? 0) * evidenceOf(result) }));
  return { logLikelihoodRatio: parts.reduce((sum, { added }) => sum + added, calibration.offset), parts };
}

/**
 * Fits the weights on presentations of other people than those who are judged, and than those of the checks' own calibration. None is below 0: evidence for a person never counts against, and a check whose weight would be has nothing to add to the others.
 *
 * @param trials - results of the same checks for each presentation.
 * @param bonaFide - what each presentation was.
 * @throws InputError where a side is empty, or a trial has other checks than the first.
 */
export function fitFusion(
  trials: readonly (readonly CheckResult[])[],
  bonaFide: readonly boolean[],
  dataset: string,
): FusionCalibration {
  const names = trials[0]?.map(({ name }) => name) ?? [];
  if (trials.some((results) => results.map(({ name }) => name).join() !== names.join()))
    throw new InputError('fusion is fitted on trials of the same checks');
  const evidence = trials.map((results) => results.map(evidenceOf));
  let used = names.map((_, i) => i);
  for (;;) {
    const fit = fitLogistic(
      evidence.map((row) => used.map((i) => row[i] ?? 0)),
      bonaFide,
    );
    const lowest = fit.weights.indexOf(Math.min(...fit.weights));
    if (used.length === 0 || (fit.weights[lowest] ?? 0) >= 0) {
      const weights = Object.fromEntries(names.map((name, i) => [name, fit.weights[used.indexOf(i)] ?? 0]));
      return { offset: fit.offset, weights, dataset };
    }
    used = used.filter((_, place) => place !== lowest);
  }
}

const evidenceOf = ({ logLikelihoodRatio, quality }: CheckResult): number => quality * logLikelihoodRatio;
