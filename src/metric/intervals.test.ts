import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { bootstrapMean, clusterBootstrap, clusterRate, wilson } from './intervals.ts';
import { normalQuantile } from './normal-distribution.ts';

describe('normalQuantile', () => {
  it.each([
    // Python 3.11, statistics.NormalDist().inv_cdf.
    [0.5, 0],
    [0.6, 0.2533471031357998],
    [0.975, 1.9599639845400536],
    [0.999, 3.090232306167813],
    [1e-6, -4.753424308822899],
    [1e-12, -7.034483825301132],
  ])('of %d is %d', (probability, quantile) => {
    expect(normalQuantile(probability)).toBeCloseTo(quantile, 5);
  });
});

describe('wilson', () => {
  it.each([
    // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %d in %d is the published interval', (successes, trials, low, high) => {
    const rate = wilson(successes, trials);
    expect(rate).toMatchObject({ successes, trials, rate: successes / trials });
    expect(rate.low).toBeCloseTo(low, 4);
    expect(rate.high).toBeCloseTo(high, 4);
  });

  it('contains the rate, lies in 0..1, and widens with confidence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, share) => {
        const successes = Math.round(share * trials);
        const narrow = wilson(successes, trials, 0.9);
        const wide = wilson(successes, trials, 0.99);
        expect(narrow.low).toBeLessThanOrEqual(narrow.rate);
        expect(narrow.high).toBeGreaterThanOrEqual(narrow.rate);
        expect(wide.low).toBeLessThanOrEqual(narrow.low);
        expect(wide.high).toBeGreaterThanOrEqual(narrow.high);
        expect(wide.low).toBeGreaterThanOrEqual(0);
        expect(wide.high).toBeLessThanOrEqual(1);
      }),
    );
  });

  it.each([
    [0, 0],
    [5, 4],
    [-1, 4],
    [0.5, 4],
  ])('refuses %d in %d', (successes, trials) => {
    expect(() => wilson(successes, trials)).toThrow(InputError);
  });

  it('refuses a confidence that is none', () => {
    expect(() => wilson(1, 2, 1)).toThrow(InputError);
  });
});

describe('bootstrapMean', () => {
  it('comes close to the normal interval for many normal values, and repeats for a seed', () => {
    const values = new Random('values').normals(2000, 3);
    const estimate = bootstrapMean(values, { random: new Random(1) });
    const half = (1.96 * 3) / Math.sqrt(2000);
    expect(estimate.value - estimate.low).toBeCloseTo(half, 1);
    expect(estimate.high - estimate.value).toBeCloseTo(half, 1);
    expect(bootstrapMean(values, { random: new Random(1) })).toEqual(estimate);
  });

  it('covers the true mean about as often as it says', () => {
    const random = new Random('coverage');
    let covered = 0;
    for (let i = 0; i < 200; i++) {
      const { low, high } = bootstrapMean(random.normals(40), { random, samples: 300, confidence: 0.9 });
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered / 200).toBeGreaterThan(0.82);
    expect(covered / 200).toBeLessThan(0.96);
  });

  it('refuses an empty set', () => {
    expect(() => bootstrapMean([], { random: new Random(1) })).toThrow(InputError);
  });
});

describe('clusterBootstrap', () => {
  it('is wider where the values of a group are alike: 20 people of 50 equal values each count as 20', () => {
    const people = Array.from({ length: 20 }, (_, i) => Array.from({ length: 50 }, () => i % 2));
    const clustered = clusterBootstrap(people, { random: new Random(2) });
    const naive = bootstrapMean(people.flat(), { random: new Random(2) });
    expect(clustered.value).toBe(0.5);
    expect((clustered.high - clustered.low) / (naive.high - naive.low)).toBeGreaterThan(5);
    // 1.96 standard errors of 20 coin throws on either side.
    expect(clustered.high - clustered.low).toBeCloseTo(2 * 1.96 * Math.sqrt(0.25 / 20), 1);
  });

  it('weighs values, not groups, and skips empty groups', () => {
    expect(clusterBootstrap([[1, 1, 1], [], [0]], { random: new Random(3) }).value).toBe(0.75);
  });
});

describe('clusterRate', () => {
  it('is as wide as people are many, and where all outcomes agree as Wilson has it', () => {
    const people = Array.from({ length: 20 }, (_, i) => Array.from({ length: 50 }, () => i % 2 === 0));
    const found = clusterRate(people, { random: new Random(4) });
    expect(found).toMatchObject({ successes: 500, trials: 1000, rate: 0.5 });
    expect(found.high - found.low).toBeCloseTo(2 * 1.96 * Math.sqrt(0.25 / 20), 1);
    const all = people.map((own) => own.map(() => true));
    expect(clusterRate(all, { random: new Random(4) })).toEqual(wilson(1000, 1000));
  });

  it('refuses an empty set', () => {
    expect(() => clusterRate([], { random: new Random(1) })).toThrow(InputError);
  });
});
