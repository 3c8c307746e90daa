import { InputError } from '../util/errors.ts';
import { type Rate, wilson } from './intervals.ts';
import { normalQuantile } from './normal-distribution.ts';

/** Halvings of an interval of length 1: beyond them a double has no more digits. */
const HALVINGS = 52;

/**
 * Lower limit of a share, one-sided and exact: with probability 1 - alpha the true share is above it. It is the share for which as many successes or more have probability alpha.
 *
 * Costs trials - successes additions for each of 52 halvings.
 *
 * Source: Clopper and Pearson, Biometrika 26 (1934).
 *
 * @throws InputError where there is no trial, the counts are no whole numbers with 0 <= successes <= trials, or alpha is outside (0, 1/2).
 */
export function shareLowerLimit(successes: number, trials: number, alpha: number): number {
  if (!Number.isInteger(trials) || trials < 1) throw new InputError(`a share needs at least one trial, not ${trials}`);
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new InputError(`${successes} successes in ${trials} trials make no share`);
  }
  if (!(alpha > 0 && alpha < 0.5)) throw new InputError(`alpha must be inside (0, 0.5), not ${alpha}`);
  if (successes === 0) return 0;
  const tail = upperTail(successes, trials);
  let [low, high] = [0, successes / trials];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (tail(middle) < alpha) low = middle;
    else high = middle;
  }
  return low;
}

/** Probability of at least `successes`, as a function of the share; below successes / trials the terms fall from the first on, so that none is lost. */
function upperTail(successes: number, trials: number): (share: number) => number {
  let logChoices = 0;
  for (let i = 1; i <= trials - successes; i++) logChoices += Math.log((successes + i) / i);
  return (share) => {
    if (share <= 0) return 0;
    if (share >= 1) return 1;
    const odds = share / (1 - share);
    let term = Math.exp(logChoices + successes * Math.log(share) + (trials - successes) * Math.log1p(-share));
    let sum = term;
    for (let i = successes; i < trials; i++) {
      term *= ((trials - i) / (i + 1)) * odds;
      sum += term;
    }
    return sum;
  };
}

/**
 * The radius within which the majority's decision under Gaussian noise stands: sigma * Phi^-1(share), in the noise's own units, Euclidean. Undefined where the share is not above
 * one half: nothing is certified, and the smoothed decision abstains.
 *
 * Source: Cohen, Rosenfeld, Kolter 2019, theorem 1, with one minus the share for the other decision's.
 *
 * @param lowerLimit - of the majority's share ({@link shareLowerLimit}).
 */
export function certifiedRadius(lowerLimit: number, sigma: number): number | undefined {
  return lowerLimit > 0.5 ? sigma * normalQuantile(lowerLimit) : undefined;
}

/** A Euclidean length over `numbers` pixel values in 0..1 as RobFR counts perturbations: root mean square, in levels of 255. */
export const lengthInLevels = (length: number, numbers: number): number => (255 * length) / Math.sqrt(numbers);

/** What a smoothed decision came to; `radius` is undefined where it abstained. */
export interface CertifiedDecision {
  readonly right: boolean;
  readonly radius: number | undefined;
}

/** The share of decisions that are right and certified at least to a radius. */
export interface CertifiedShare {
  readonly radius: number;
  readonly share: Rate;
}

/**
 * Certified accuracy against radius: the share of all decisions that are right and whose radius reaches it, with Wilson's interval. What abstains, and what is certified wrong, counts
 * against it. At radius 0 it is the accuracy of the smoothed decision.
 *
 * @throws InputError where there is no decision.
 */
export function certifiedAccuracy(
  decisions: readonly CertifiedDecision[],
  radii: readonly number[],
): readonly CertifiedShare[] {
  return radii.map((radius) => ({
    radius,
    share: wilson(
      decisions.filter(({ right, radius: own }) => right && own !== undefined && own >= radius).length,
      decisions.length,
    ),
  }));
}
