import { InputError } from '../util/errors.ts';
import type { Rate } from './intervals.ts';

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
 * The rate of successes with the exact interval: each limit is missed with probability (1 - confidence) / 2 at most, whatever the rate. Wider than Wilson's; what ISO/IEC 30107-3 reports use.
 *
 * It takes trials as independent.
 *
 * Source: Clopper and Pearson, Biometrika 26 (1934).
 *
 * @throws InputError as {@link shareLowerLimit}.
 */
export function clopperPearson(successes: number, trials: number, confidence = 0.95): Rate {
  const tail = (1 - confidence) / 2;
  const low = shareLowerLimit(successes, trials, tail);
  const high = 1 - shareLowerLimit(trials - successes, trials, tail);
  return { successes, trials, rate: successes / trials, low, high };
}
