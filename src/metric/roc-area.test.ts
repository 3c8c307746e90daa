import { describe, expect, it } from 'vitest';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { rocArea } from './roc-area.ts';

const SCORES = [0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.5, 0.4, 0.3, 0.1];
const POSITIVE = [true, true, false, true, false, true, false, false, true, false];
const EACH_OWN = SCORES.map((_, i) => i);
const random = (): Random => new Random('roc area');

describe('rocArea', () => {
  it('counts pairs in order, ties by half, as numpy does', () => {
    const { auc, positives, negatives, people } = rocArea(
      { scores: SCORES, positive: POSITIVE, person: EACH_OWN },
      { random: random() },
    );
    expect([positives, negatives, people]).toEqual([5, 5, 10]);
    // numpy 2.4: mean of (p > n) + (p == n) / 2 over all pairs.
    expect(auc.value).toBeCloseTo(0.68, 12);
  });

  it('takes the true positive rate where no more negatives than asked come through', () => {
    const at = (fpr: number): number | undefined =>
      rocArea({ scores: SCORES, positive: POSITIVE, person: EACH_OWN }, { random: random(), fpr }).tpr?.value;
    // One of five negatives may come through: down to 0.7 that is one (0.8, a tie), and three positives.
    expect(at(0.2)).toBeCloseTo(0.6, 12);
    expect(at(0.4)).toBeCloseTo(0.6, 12);
    expect(at(0.6)).toBeCloseTo(0.8, 12);
    expect(at(0.1), 'five negatives cannot fix one in ten').toBeUndefined();
  });

  it('has intervals that hold the truth for most samples, and wider ones where trials come in people', () => {
    const width = (photos: number): number => {
      const draw = new Random(`people of ${photos}`);
      const own = Array.from({ length: 60 }, () => draw.normal());
      const scores = own.flatMap((value) => Array.from({ length: photos }, () => value + 0.1 * draw.normal()));
      const person = own.flatMap((_, i) => new Array<number>(photos).fill(i));
      const positive = person.map((i) => i % 2 === 0);
      const { auc } = rocArea({ scores, positive, person }, { random: random() });
      expect(auc.low).toBeLessThan(0.5);
      expect(auc.high).toBeGreaterThan(0.5);
      return auc.high - auc.low;
    };
    // Twenty photos of a person say hardly more than one.
    expect(width(20) / width(1)).toBeGreaterThan(0.7);
  });

  it('draws a comparison as often as both of its people', () => {
    // Person 0 is linked wrongly with everybody; without them the order is perfect. A draw without person 0 has AUC 1, one with it less.
    const person: number[] = [];
    const other: number[] = [];
    for (let a = 0; a < 8; a++) {
      for (let b = 0; b < 8; b++) {
        person.push(a);
        other.push(b);
      }
    }
    const positive = person.map((a, i) => a === other[i]);
    const scores = person.map((a, i) => (a === other[i] ? 1 : a === 0 || other[i] === 0 ? 2 : 0));
    const { auc } = rocArea({ scores, positive, person, other }, { random: random() });
    expect(auc.value).toBeCloseTo(1 - 14 / 56, 12);
    expect(auc.high).toBe(1);
    expect(auc.low).toBeLessThan(0.6);
  });

  it('is not sure of a rate of nought because no draw finds anybody', () => {
    // Ten positives below all of a hundred negatives, each of a person of their own.
    const scores = Array.from({ length: 110 }, (_, i) => (i < 10 ? 0 : i));
    const positive = scores.map((_, i) => i < 10);
    const { tpr } = rocArea({ scores, positive, person: scores.map((_, i) => i) }, { random: random() });
    expect(tpr).toMatchObject({ value: 0, low: 0 });
    // Wilson's limit of 0 in 10: z^2 / (10 + z^2).
    expect(tpr?.high).toBeCloseTo(3.8415 / 13.8415, 4);
  });

  it('refuses what tells nothing', () => {
    const all = (positive: readonly boolean[], scores: readonly number[] = SCORES) =>
      rocArea({ scores, positive, person: EACH_OWN }, { random: random() });
    expect(() => all(POSITIVE.map(() => true))).toThrow(InputError);
    expect(() => all(POSITIVE, SCORES.slice(1))).toThrow(InputError);
    expect(() => all(POSITIVE, [Number.NaN, ...SCORES.slice(1)])).toThrow(InputError);
  });
});
