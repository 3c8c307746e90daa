import { expect, test } from 'vitest';
import { windowMeans } from './window-means.ts';

const points = (values: readonly (number | undefined)[]) => values.map((y, x) => ({ x, y }));

test('windows are of equally many points, with their mean and spread', () => {
  expect(windowMeans(points([1, 3, 5, 7, 9]), 3)).toEqual([
    { x: 0.5, y: { mean: 2, low: 1, high: 3 }, missing: 0 },
    { x: 2.5, y: { mean: 6, low: 5, high: 7 }, missing: 0 },
    { x: 4, y: { mean: 9, low: 9, high: 9 }, missing: 0 },
  ]);
});

test('what is no number is counted and in no mean; a window of none has no mean', () => {
  expect(windowMeans(points([2, undefined, undefined, undefined]), 2)).toEqual([
    { x: 0.5, y: { mean: 2, low: 2, high: 2 }, missing: 1 },
    { x: 2.5, y: undefined, missing: 2 },
  ]);
});

test('few points stay as they are, and a long series is never more windows than asked', () => {
  expect(windowMeans(points([4, 5]), 100).map(({ y }) => y?.mean)).toEqual([4, 5]);
  expect(windowMeans([], 100)).toEqual([]);
  for (const length of [99, 100, 101, 40_001])
    expect(windowMeans(points(new Array<number>(length).fill(1)), 100).length).toBeLessThanOrEqual(100);
});
