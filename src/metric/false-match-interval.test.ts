import { expect, test } from 'vitest';
import { Random } from '../util/random.ts';
import { type FalseMatch, falseMatchInterval } from './false-match-interval.ts';

const ones = (count: number) => new Array<number>(count).fill(1);
const interval = (matches: readonly FalseMatch[], facesOf: readonly number[]) =>
  falseMatchInterval(matches, facesOf, { random: new Random(1) });

test('the rate counts pairs of faces of different people', () => {
  // Three people with 2, 1 and 3 faces: 2*1 + 2*3 + 1*3 = 11 pairs.
  expect(
    interval(
      [
        [0, 1],
        [0, 2],
      ],
      [2, 1, 3],
    ).value,
  ).toBeCloseTo(2 / 11, 12);
});

test('false matches of people of their own give the spread that multinomial weights must have', () => {
  // 200 false matches among 400 of 4,000 people. A product of two weights is 1 + (a-1) + (b-1) + (a-1)(b-1): over the matches the linear part has
  // variance 400 (1 - 400/4000), as the weights' sum is fixed, and the product part 200.
  const matches = Array.from({ length: 200 }, (_, i): FalseMatch => [2 * i, 2 * i + 1]);
  const { value, low, high } = interval(matches, ones(4000));
  const pairs = (4000 * 3999) / 2;
  expect(value).toBeCloseTo(200 / pairs, 12);
  const deviation = Math.sqrt(360 + 200) / pairs;
  expect((high - low) / (2 * 1.96 * deviation)).toBeGreaterThan(0.9);
  expect((high - low) / (2 * 1.96 * deviation)).toBeLessThan(1.1);
});

test('one person in all false matches makes the interval wide', () => {
  const star = Array.from({ length: 200 }, (_, i): FalseMatch => [0, i + 1]);
  const { low, high } = interval(star, ones(400));
  expect(low).toBe(0);
  expect(high).toBeGreaterThan((2 * 200) / 79_800);
});

test('the same seed gives the same interval', () => {
  expect(interval([[0, 1]], ones(5))).toEqual(interval([[0, 1]], ones(5)));
});
