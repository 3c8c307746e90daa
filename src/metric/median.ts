import { InputError } from '../util/errors.ts';
import { quantileOfSorted } from './intervals.ts';

/** The middle value, or the mean of the two; NaN where there is none. */
export const medianOf = (values: ArrayLike<number>): number => quantileOfSorted(Float64Array.from(values).sort(), 0.5);

/** A median between the limits of its interval. */
export interface MedianEstimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The median with the interval that order statistics give: exact, and whatever the distribution. Values may be infinite ("never"); then so may be the results.
 *
 * With fewer than six values no interval of 95 % exists; its limits are then the smallest and the largest value.
 *
 * Source: David and Nagaraja, Order Statistics (2003), section 7.1: x(l) to x(n + 1 - l), with the largest l for which P(Bin(n, 1/2) < l) stays below a tail.
 *
 * @throws InputError where there is no value, or one is not a number.
 */
export function medianInterval(values: ArrayLike<number>, confidence = 0.95): MedianEstimate {
  const sorted = Float64Array.from(values).sort();
  const count = sorted.length;
  if (count === 0 || Number.isNaN(sorted[count - 1])) throw new InputError('a median needs numbers, at least one');
  const tail = (1 - confidence) / 2;
  let limit = 0;
  // The logarithm of P(Bin(n, 1/2) = k), from k = 0 on: the probability itself is no number any more for thousands of values.
  let logProbability = -count * Math.LN2;
  let below = Math.exp(logProbability);
  while (below <= tail && limit < Math.floor((count + 1) / 2)) {
    limit++;
    logProbability += Math.log((count - limit + 1) / limit);
    below += Math.exp(logProbability);
  }
  const at = Math.max(0, limit - 1);
  const [lower, upper] = [sorted[Math.floor((count - 1) / 2)] as number, sorted[Math.floor(count / 2)] as number];
  return {
    median: lower === upper ? lower : (lower + upper) / 2,
    low: sorted[at] as number,
    high: sorted[count - 1 - at] as number,
  };
}
