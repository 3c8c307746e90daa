import { describe, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { medianInterval, medianOf } from './median.ts';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => n - i);

describe('medianInterval', () => {
  // Ranks of the 95 % interval from tables of the sign test (Conover, Practical Nonparametric Statistics, table A3): n = 10: 2 and 9; 20: 6 and 15; 50: 18 and 33; 100: 40 and 61.
  test.each([
    [6, 1, 6],
    [10, 2, 9],
    [20, 6, 15],
    [50, 18, 33],
    [100, 40, 61],
    // The normal approximation, n/2 -+ 1.96 sqrt(n)/2.
    [4000, 1938, 2063],
  ])('of 1 to %i: ranks %i and %i', (n, low, high) => {
    expect(medianInterval(upTo(n))).toEqual({ median: (n + 1) / 2, low, high });
  });

  test('an odd number of values has its middle one', () => {
    expect(medianInterval([9, 1, 5]).median).toBe(5);
  });

  test('too few for an interval: the smallest and the largest', () => {
    expect(medianInterval([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 });
    expect(medianInterval([4])).toEqual({ median: 4, low: 4, high: 4 });
  });

  test('what never came counts as larger than all', () => {
    const never = Number.POSITIVE_INFINITY;
    expect(medianInterval([1, 2, never])).toEqual({ median: 2, low: 1, high: never });
    expect(medianInterval([never, never, 1]).median).toBe(never);
  });

  test('refuses none, and what is no number', () => {
    expect(() => medianInterval([])).toThrow(InputError);
    expect(() => medianInterval([1, Number.NaN])).toThrow(InputError);
  });
});

test('the middle value, or the mean of the two', () => {
  expect(medianOf([5, 1, 3])).toBe(3);
  expect(medianOf([4, 1, 3, 2])).toBe(2.5);
  expect(medianOf([])).toBeNaN();
});
