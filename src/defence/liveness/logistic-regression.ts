import { Matrix, solve } from 'ml-matrix';
import { InputError } from '../../util/errors.ts';

/** A line in evidence: offset + weights . features. */
export interface LogisticFit {
  readonly offset: number;
  readonly weights: readonly number[];
}

/** Weight of the squared weights, of standardised features, beside the mean loss: keeps it finite where the classes do not overlap. */
const RIDGE = 1e-3;
const STEPS = 30;

/**
 * Logistic regression in which both classes weigh the same, so that it gives a log-likelihood ratio (natural logarithm) and not the odds among the trials; by Newton's method.
 *
 * Source: Brummer and du Preez, Application-independent evaluation of speaker detection, Computer Speech and Language 20 (2006), section 5, with a ridge.
 *
 * @param features - [D] of each trial.
 * @param labels - whether the trial is bona fide.
 * @throws InputError where a class is empty, lengths differ, or a feature is not finite.
 */
export function fitLogistic(features: readonly (readonly number[])[], labels: readonly boolean[]): LogisticFit {
  const size = features[0]?.length ?? 0;
  const positives = labels.filter(Boolean).length;
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) throw new InputError('calibration needs bona fide trials and attacks');
  if (features.length !== labels.length || features.some((row) => row.length !== size || !row.every(Number.isFinite)))
    throw new InputError('calibration needs the same finite features of every trial, and its label');
  const { rows, means, deviations } = standardise(features, size);
  let parameters = Matrix.zeros(size + 1, 1);
  for (let step = 0; step < STEPS; step++) {
    const gradient = Matrix.zeros(size + 1, 1);
    const hessian = Matrix.eye(size + 1).mul(1e-12);
    for (let j = 1; j <= size; j++) {
      gradient.set(j, 0, RIDGE * parameters.get(j, 0));
      hessian.set(j, j, RIDGE);
    }
    rows.forEach((row, i) => {
      const probability = 1 / (1 + Math.exp(-row.reduce((sum, value, j) => sum + value * parameters.get(j, 0), 0)));
      const share = labels[i] ? 0.5 / positives : 0.5 / negatives;
      const slope = share * (probability - Number(labels[i]));
      const curve = share * probability * (1 - probability);
      row.forEach((a, j) => {
        gradient.set(j, 0, gradient.get(j, 0) + slope * a);
        row.forEach((b, k) => {
          hessian.set(j, k, hessian.get(j, k) + curve * a * b);
        });
      });
    });
    parameters = Matrix.sub(parameters, solve(hessian, gradient));
  }
  const weights = means.map((_, j) => parameters.get(j + 1, 0) / (deviations[j] ?? 1));
  return { offset: parameters.get(0, 0) - means.reduce((sum, mean, j) => sum + mean * (weights[j] ?? 0), 0), weights };
}

/** Rows [1, features] with mean 0 and deviation 1; a feature that is always the same keeps its scale. */
function standardise(features: readonly (readonly number[])[], size: number) {
  const column = (j: number): number[] => features.map((row) => row[j] ?? 0);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const means = Array.from({ length: size }, (_, j) => mean(column(j)));
  const deviations = means.map((centre, j) => Math.sqrt(mean(column(j).map((value) => (value - centre) ** 2))) || 1);
  const rows = features.map((row) => [1, ...row.map((value, j) => (value - (means[j] ?? 0)) / (deviations[j] ?? 1))]);
  return { rows, means, deviations };
}
