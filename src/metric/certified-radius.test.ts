import { describe, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { certifiedAccuracy, certifiedRadius, lengthInLevels, shareLowerLimit } from './certified-radius.ts';

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

describe('certifiedRadius', () => {
  test('is sigma times the probit', () => {
    // Phi(1) and Phi(2), from tables.
    expect(certifiedRadius(0.841344746, 0.25)).toBeCloseTo(0.25, 6);
    expect(certifiedRadius(0.977249868, 0.1)).toBeCloseTo(0.2, 6);
  });

  test.each([0, 0.3, 0.5])('is not there at a share of %d', (share) => {
    expect(certifiedRadius(share, 1)).toBeUndefined();
  });
});

test('a length in levels is 255 where every value of a face changes from black to white', () => {
  const numbers = 3 * 112 ** 2;
  expect(lengthInLevels(Math.sqrt(numbers), numbers)).toBeCloseTo(255, 9);
});

test('certified accuracy counts what is right and far enough; abstaining and being certified wrong count against it', () => {
  const decisions = [
    { right: true, radius: 0.5 },
    { right: true, radius: 0.2 },
    { right: false, radius: 0.9 },
    { right: true, radius: undefined },
  ];
  const found = certifiedAccuracy(decisions, [0, 0.2, 0.3, 0.6]);
  expect(found.map(({ share }) => share.successes)).toEqual([2, 2, 1, 0]);
  expect(found.map(({ share }) => share.trials)).toEqual([4, 4, 4, 4]);
});
