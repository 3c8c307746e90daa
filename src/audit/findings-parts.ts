import { z } from 'zod';

/** What may not be empty. */
export const name = z.string().min(1);
export const share = z.number().min(0).max(1);
export const amount = z.number().min(0);
export const count = z.int().min(0);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 hash: 64 hex digits');

/** Far above rounding in any sensible writer, far below what a reader could see. */
export const TOLERANCE = 1e-6;

interface Proportion {
  readonly successes: number;
  readonly trials: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** True where a row's five figures agree with each other: a report must never show a rate that its own counts deny. */
export function isConsistent({ successes, trials, rate, low, high }: Proportion): boolean {
  return (
    successes <= trials &&
    Math.abs(rate - successes / trials) <= TOLERANCE &&
    low <= rate + TOLERANCE &&
    rate <= high + TOLERANCE
  );
}

export const INCONSISTENT = 'successes, trials, rate, low and high contradict each other';

/** A share of trials with its interval: the fields of a row. */
export const proportion = {
  successes: count.describe('Trials that succeeded.'),
  trials: z.int().min(1).describe('Trials made.'),
  rate: share.describe('successes / trials.'),
  low: share.describe('Lower bound of the interval; method and confidence are in provenance.intervals.'),
  high: share.describe('Upper bound of the interval.'),
};
