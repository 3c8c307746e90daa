import { expect, test } from 'vitest';
import { Random } from '../../util/random.ts';
import { SimilaritySample } from './similarity-sample.ts';

const sampled = (count: number, limit: number, seed = 1): number[] => {
  const sample = new SimilaritySample(limit, new Random(seed));
  for (let i = 0; i < count; i++) sample.add(i);
  return [...sample.similarities];
};

test('keeps all, in their order, up to the limit', () => {
  expect(sampled(0, 5)).toEqual([]);
  expect(sampled(5, 5)).toEqual([0, 1, 2, 3, 4]);
  expect(sampled(5000, 10_000)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
});

test('keeps no more than the limit, each with the same chance, and the same for the same seed', () => {
  expect(sampled(20_000, 2000)).toEqual(sampled(20_000, 2000));
  expect(sampled(20_000, 2000)).not.toEqual(sampled(20_000, 2000, 2));
  const kept = sampled(20_000, 2000);
  expect(kept).toHaveLength(2000);
  expect(new Set(kept).size).toBe(2000);
  // Of each tenth of what came, two hundred but for luck: five standard deviations of sqrt(200 * 0.9) either way.
  for (let tenth = 0; tenth < 10; tenth++) {
    const own = kept.filter((value) => Math.floor(value / 2000) === tenth).length;
    expect(Math.abs(own - 200)).toBeLessThan(67);
  }
});
