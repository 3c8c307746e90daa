import { describe, expect, it } from 'vitest';
import { InputError } from '../util/errors.ts';
import { wilson } from './intervals.ts';
import { successfulAttackRate, successfulAttackRateByPerson } from './sar.ts';
import { thresholdAtFmr } from './threshold.ts';

const THRESHOLD = thresholdAtFmr([0.1, 0.2, 0.3, 0.4], 0.25, { dataset: 'made up', encoder: 'none' });

describe('successfulAttackRate', () => {
  it('counts comparisons that reach the threshold, and carries the threshold and the type', () => {
    const row = successfulAttackRate({ type: 'type-I', similarities: [0.39, 0.4, 0.8], threshold: THRESHOLD });
    expect(row).toEqual({ type: 'type-I', threshold: THRESHOLD, ...wilson(2, 3) });
  });

  it('refuses what is not a number rather than calling it a failed attack', () => {
    const attack = { type: 'type-II' as const, similarities: [Number.NaN], threshold: THRESHOLD };
    expect(() => successfulAttackRate(attack)).toThrow(InputError);
    expect(() => successfulAttackRate({ ...attack, similarities: [] })).toThrow(InputError);
  });
});

describe('successfulAttackRateByPerson', () => {
  it('puts the most exposed first', () => {
    const rows = successfulAttackRateByPerson(
      { type: 'type-II', similarities: Float32Array.of(0.9, 0.1, 0.9, 0.9, 0, 0.5), threshold: THRESHOLD },
      ['ann', 'ann', 'bob', 'bob', 'cat', 'dan'],
    );
    expect(rows.map(({ person, successes, trials }) => [person, successes, trials])).toEqual([
      ['bob', 2, 2],
      ['dan', 1, 1],
      ['ann', 1, 2],
      ['cat', 0, 1],
    ]);
  });

  it('needs a person for each comparison', () => {
    const attack = { type: 'type-I' as const, similarities: [1], threshold: THRESHOLD };
    expect(() => successfulAttackRateByPerson(attack, [])).toThrow(InputError);
  });
});
