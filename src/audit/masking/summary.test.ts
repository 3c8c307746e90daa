import { describe, expect, test } from 'vitest';
import { MASKING_RESULT_SCHEMA, type MaskingResult } from './result.ts';
import { summariseMaskings } from './summary.ts';

const rate = (successes: number, trials: number) => ({
  ...{ successes, trials, rate: successes / trials },
  ...{ low: successes / trials, high: successes / trials },
});
const estimate = (value: number) => ({ value, low: value, high: value });

/** A result in which `linked` of 20 people are linked by a student and half as many by being shown, and each fold is `accuracy`. */
function result(contender: string, seed: number, accuracy: number, linked: number): MaskingResult {
  const linkage = (count: number) => ({
    ...{ rank1: rate(count, 20), anybody: rate(count, 20), auc: estimate(0.5), chance: 0.05 },
    found: Array.from({ length: 20 }, (_, person) => [person < count]),
  });
  const row = (attacker: 'shown' | 'student', count: number) => ({
    ...{ attacker, pairs: 10, student: null, templateToFace: linkage(count), templateToTemplate: linkage(1) },
  });
  return {
    schema: MASKING_RESULT_SCHEMA,
    settings: { steps: 1 },
    ...{ contender, seed, privacy: null, meanCount: 2, meanCounts: [2] },
    cost: { trainingSeconds: 10, measuringSeconds: 5 },
    utility: {
      accuracy: { mean: accuracy, standardError: 0, folds: new Array<number>(10).fill(accuracy) },
      ...{ eer: 0.1, tarAtFar1: null, tarAtFar01: null, named: rate(5, 10), namedByChance: 0.1 },
    },
    linkage: [row('shown', linked / 2), row('student', linked)],
    recovery: [
      { attacker: 'shown', psnr: estimate(9), ssim: estimate(0.2), recognised: null },
      { attacker: 'recovered', psnr: estimate(12), ssim: estimate(0.4), recognised: rate(1, 20) },
    ],
    inversion: (['trained', 'strangers'] as const).map((of) => ({
      ...{ attack: 'plug-and-play', judge: 'dlib', of, places: 1, chance: 0.01 },
      rate: rate(of === 'trained' ? 3 : 1, 10),
    })),
    likeness: [],
    membership: [
      { attack: 'loss', reference: null, auc: estimate(0.6), tprAtFpr1: null },
      { attack: 'calibrated', reference: 'dlib', auc: estimate(0.7), tprAtFpr1: null },
    ],
  };
}

describe('summariseMaskings', () => {
  const summary = summariseMaskings([
    result('fixed:2', 1, 0.8, 10),
    result('fixed:2', 2, 0.8, 12),
    result('fixed:3', 1, 0.7, 10),
    result('random', 1, 0.8, 8),
    result('random', 2, 0.9, 8),
    result('adaptive', 1, 0.85, 4),
    result('adaptive', 2, 0.95, 4),
  ]);
  const row = (name: string) => summary.rows.find(({ contender }) => contender === name);

  test('figures are those of the attacker who is worst for the masking, mean over the seeds', () => {
    expect(row('fixed:2')?.seeds).toEqual([1, 2]);
    expect(row('fixed:2')?.linked.value).toBeCloseTo(11 / 20, 9);
    expect(row('fixed:2')?.recovery.psnr.value).toBe(12);
    expect(row('fixed:2')?.membership).toMatchObject({ value: 0.7, attack: 'calibrated dlib' });
    expect(row('fixed:2')?.inversion[0]).toMatchObject({ trained: estimate(0.3), strangers: estimate(0.1) });
  });

  test('worth is 0.6 accuracy and 0.4 of what is not linked', () => {
    expect(row('random')?.worth.value).toBeCloseTo(0.6 * 0.85 + 0.4 * (1 - 8 / 20), 9);
  });

  test('the best fixed k is that of the greatest worth', () => {
    expect(summary.bestFixed).toBe('fixed:2');
  });

  test('an adaptive masking is compared on the same seeds, folds and people', () => {
    const less = (name: string) => summary.differences.find((one) => one.less === name);
    expect(summary.differences.map(({ of }) => of)).toEqual(['adaptive', 'adaptive']);
    // Every fold differs by 0.05 in either seed: there is no doubt left to draw anew.
    expect(less('random')?.accuracy.value).toBeCloseTo(0.05, 9);
    expect(less('random')?.accuracy.low).toBeCloseTo(0.05, 9);
    expect(less('random')?.linkage.value).toBeCloseTo(-4 / 20, 9);
    // Four of twenty people differ: which are drawn is left to chance.
    expect(less('random')?.linkage.low).toBeLessThan(-4 / 20);
    expect(less('random')?.linkage.high).toBeGreaterThan(-4 / 20);
    expect(less('random')?.worth.value).toBeCloseTo(0.6 * 0.05 + 0.4 * 0.2, 9);
    expect(less('fixed:2')?.worth.value).toBeCloseTo(0.6 * 0.1 + 0.4 * (7 / 20), 9);
  });

  test('trainings that disagree leave as much open as people do', () => {
    // Every fold and person agree within a seed: what is left is which trainings there were.
    const [agreed] = summariseMaskings([result('random', 1, 0.8, 20), result('random', 2, 0.8, 20)]).rows;
    expect(agreed?.accuracy).toEqual({
      value: expect.closeTo(0.8, 9),
      low: expect.closeTo(0.8, 9),
      high: expect.closeTo(0.8, 9),
    });
    const { rows, differences } = summariseMaskings([
      ...[result('random', 1, 0.8, 20), result('random', 2, 0.8, 20)],
      ...[result('adaptive', 1, 0.7, 20), result('adaptive', 2, 1, 20)],
    ]);
    const accuracy = rows.find(({ contender }) => contender === 'adaptive')?.accuracy;
    expect([accuracy?.value, accuracy?.low, accuracy?.high]).toEqual(
      [0.85, 0.7, 1].map((one) => expect.closeTo(one, 9)),
    );
    // Better by 0.05 on average, and worse in one of two trainings: that does not tell the one from the other.
    expect(differences[0]?.accuracy.low).toBeLessThan(0);
    expect(differences[0]?.worth.low).toBeLessThan(0);
  });

  test('results of different people are not put beside each other', () => {
    const fewer = result('adaptive', 1, 0.8, 8);
    const linkage = fewer.linkage.map((row) => ({
      ...row,
      templateToFace: { ...row.templateToFace, found: row.templateToFace.found.slice(1) },
    }));
    expect(() => summariseMaskings([result('random', 1, 0.8, 8), { ...fewer, linkage }])).toThrow('different people');
  });

  test('of maskings without a common seed there is no difference', () => {
    expect(summariseMaskings([result('random', 1, 0.8, 8), result('adaptive', 2, 0.8, 8)]).differences).toEqual([]);
  });
});
