import { InputError } from '../util/errors.ts';
import type { Random } from '../util/random.ts';
import { normalQuantile } from './normal-distribution.ts';

/** An estimate between its confidence limits. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A share of trials between its confidence limits, all 0..1. */
export interface Rate {
  readonly successes: number;
  readonly trials: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** How a bootstrap draws. */
export interface BootstrapOptions {
  readonly random: Random;
  /** Resamples drawn; default 2,000. */
  readonly samples?: number;
  /** Default 0.95. */
  readonly confidence?: number;
}

/**
 * The rate of successes with Wilson's score interval, which keeps its coverage at 0, at 1 and for few trials.
 *
 * It takes trials as independent; where one person gives several, {@link clusterBootstrap} is the honest interval.
 *
 * Source: Wilson, J. Am. Stat. Assoc. 22 (1927); Brown, Cai, DasGupta, Statistical Science 16 (2001), section 3.1.
 *
 * @throws InputError where there is no trial, the counts are not whole numbers with 0 <= successes <= trials, or confidence is outside (0, 1).
 */
export function wilson(successes: number, trials: number, confidence = 0.95): Rate {
  if (!Number.isInteger(trials) || trials < 1) throw new InputError(`a rate needs at least one trial, not ${trials}`);
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new InputError(`${successes} successes in ${trials} trials make no rate`);
  }
  const rate = successes / trials;
  const z2 = normalQuantile(tailsOf(confidence)[1]) ** 2;
  const centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = Math.sqrt(z2 * ((rate * (1 - rate)) / trials + z2 / (4 * trials * trials))) / (1 + z2 / trials);
  // At 0 and at 1 the limit is the rate itself; rounding must not move it.
  return {
    successes,
    trials,
    rate,
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  };
}

/**
 * The mean with its percentile bootstrap interval.
 *
 * @throws InputError where there is no value, or an option is out of range.
 */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions): Estimate {
  return clusterBootstrap(
    Array.from(values, (value) => [value]),
    options,
  );
}

/**
 * The mean of all values with an interval from resampling whole groups, because the values of one person are not independent.
 *
 * Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), section 3.8; the percentile interval.
 *
 * @param groups - the values of each person; groups without a value count for nothing.
 * @throws InputError where there is no value, or an option is out of range.
 */
export function clusterBootstrap(groups: readonly (readonly number[])[], options: BootstrapOptions): Estimate {
  const { random, samples = 2000, confidence = 0.95 } = options;
  if (!Number.isInteger(samples) || samples < 1)
    throw new InputError(`a bootstrap needs at least one sample, not ${samples}`);
  const tails = tailsOf(confidence);
  const totals = groups.filter((group) => group.length > 0).map(totalOf);
  if (totals.length === 0) throw new InputError('a mean needs at least one value');
  const means = Float64Array.from({ length: samples }, () =>
    pooledMean(totals.map((own) => totals[random.integer(totals.length)] ?? own)),
  ).sort();
  return { value: pooledMean(totals), low: quantileOfSorted(means, tails[0]), high: quantileOfSorted(means, tails[1]) };
}

/**
 * A rate over groups, such as the photos of each person, with the interval of {@link clusterBootstrap}, but no narrower than Wilson's: where all outcomes agree a bootstrap has no width.
 *
 * @throws InputError where there is no outcome, or an option is out of range.
 */
export function clusterRate(groups: readonly (readonly boolean[])[], options: BootstrapOptions): Rate {
  const outcomes = groups.flat();
  const rate = wilson(outcomes.filter(Boolean).length, outcomes.length, options.confidence);
  const { low, high } = clusterBootstrap(
    groups.map((group) => group.map(Number)),
    options,
  );
  return { ...rate, low: Math.min(rate.low, low), high: Math.max(rate.high, high) };
}

/** What a group's values come to. */
export interface Total {
  readonly sum: number;
  readonly count: number;
}

/** The total of some values. */
export const totalOf = (values: readonly number[]): Total => ({
  sum: values.reduce((sum, value) => sum + value, 0),
  count: values.length,
});

/** The mean of all values of some groups; of no value 0. */
export function pooledMean(totals: readonly Total[]): number {
  let [sum, count] = [0, 0];
  for (const total of totals) {
    sum += total.sum;
    count += total.count;
  }
  return count === 0 ? 0 : sum / count;
}

/** How often each of so many people is drawn in one resample of a bootstrap. */
export function drawnCounts(people: number, random: Random): Float64Array {
  const counts = new Float64Array(people);
  for (let i = 0; i < people; i++) {
    const person = random.integer(people);
    counts[person] = (counts[person] as number) + 1;
  }
  return counts;
}

/** A value with the interval of 95 % between the percentiles of resamples, never beside the value itself. */
export function percentileEstimate(value: number, resampled: ArrayLike<number>): Estimate {
  const sorted = Float64Array.from(resampled).sort();
  return {
    value,
    low: Math.min(value, quantileOfSorted(sorted, 0.025)),
    high: Math.max(value, quantileOfSorted(sorted, 0.975)),
  };
}

/** The quantile of rising values, linear between the two nearest; NaN where there is none. */
export function quantileOfSorted(sorted: Float64Array, probability: number): number {
  const position = probability * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

function tailsOf(confidence: number): readonly [number, number] {
  if (!(confidence > 0 && confidence < 1)) throw new InputError(`confidence must be inside (0, 1), not ${confidence}`);
  return [(1 - confidence) / 2, (1 + confidence) / 2];
}
