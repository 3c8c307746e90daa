import { describe, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { clopperPearson, shareLowerLimit } from './exact-interval.ts';

describe('shareLowerLimit', () => {
  // scipy.stats.beta.ppf(alpha, k, n - k + 1).
  test.each([
    [1, 10, 0.05, 0.005116196892],
    [60, 100, 0.001, 0.440984265221],
    [99, 100, 0.001, 0.911373111296],
    [480, 500, 0.001, 0.925285743886],
    [500, 500, 0.001, 0.986279485631],
  ])('%i of %i at alpha %d is above %d', (successes, trials, alpha, limit) => {
    expect(shareLowerLimit(successes, trials, alpha)).toBeCloseTo(limit, 9);
  });

  test('where all succeed it is alpha to the power of one over the trials', () => {
    expect(shareLowerLimit(100_000, 100_000, 0.001)).toBeCloseTo(0.001 ** (1 / 100_000), 12);
  });

  test.each([
    [1, 0, 0.1],
    [3, 2, 0.1],
    [0.5, 2, 0.1],
    [1, 2, 0],
    [1, 2, 0.5],
  ])('refuses %d of %d at alpha %d', (successes, trials, alpha) => {
    expect(() => shareLowerLimit(successes, trials, alpha)).toThrow(InputError);
  });
});

describe('clopperPearson', () => {
  // scipy.stats.binomtest(k, n).proportion_ci(method='exact').
  test.each([
    [0, 300, 0, 0.012220974694],
    [3, 300, 0.002067007235, 0.028944511256],
    [150, 300, 0.441997720808, 0.558002279192],
    [300, 300, 0.987779025306, 1],
  ])('%i of %i lies between %d and %d', (successes, trials, low, high) => {
    const rate = clopperPearson(successes, trials);
    expect(rate.rate).toBe(successes / trials);
    expect(rate.low).toBeCloseTo(low, 9);
    expect(rate.high).toBeCloseTo(high, 9);
  });
});
