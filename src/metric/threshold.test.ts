import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../util/errors.ts';
import { pairsNeeded, thresholdAtFmr } from './threshold.ts';

const ORIGIN = { dataset: 'made up', encoder: 'none' };

describe('thresholdAtFmr', () => {
  it('lets exactly the share asked for through where nothing ties', () => {
    const impostors = Array.from({ length: 3000 }, (_, i) => i / 3000);
    const threshold = thresholdAtFmr(impostors, 1e-3, ORIGIN);
    expect(threshold).toMatchObject({ similarity: 2997 / 3000, fmr: 1e-3, impostorPairs: 3000, ...ORIGIN });
    expect(threshold.interval).toMatchObject({ successes: 3, trials: 3000, rate: 1e-3 });
  });

  it('rejects all that tie at the limit', () => {
    const threshold = thresholdAtFmr([0.1, 0.2, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.9], 0.2, ORIGIN);
    expect(threshold.similarity).toBe(0.9);
    expect(threshold.interval.rate).toBe(0.1);
  });

  it('lies above everything where all impostors tie', () => {
    const threshold = thresholdAtFmr(new Array(10).fill(0.5), 0.5, ORIGIN);
    expect(threshold.similarity).toBeGreaterThan(0.5);
    expect(threshold.interval.successes).toBe(0);
  });

  it('never measures more than asked for, and no lower impostor would do', () => {
    const similarity = fc.integer({ min: -20, max: 20 }).map((step) => step / 20);
    fc.assert(
      fc.property(
        fc.array(similarity, { minLength: 20, maxLength: 200 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (impostors, fmr) => {
          const threshold = thresholdAtFmr(impostors, fmr, ORIGIN);
          const measuredAt = (limit: number) => impostors.filter((value) => value >= limit).length / impostors.length;
          expect(measuredAt(threshold.similarity)).toBe(threshold.interval.rate);
          expect(threshold.interval.rate).toBeLessThanOrEqual(fmr + 1e-12);
          const below = impostors.filter((value) => value < threshold.similarity);
          if (below.length > 0) expect(measuredAt(Math.max(...below))).toBeGreaterThan(fmr);
        },
      ),
    );
  });

  it('refuses an FMR that the pairs cannot show, and says how many are needed', () => {
    const impostors = Array.from({ length: 999 }, (_, i) => i);
    expect(() => thresholdAtFmr(impostors, 1e-3, ORIGIN)).toThrow(/at least 1000 impostor pairs, but there are 999/);
    expect(thresholdAtFmr([...impostors, 1], 1e-3, ORIGIN).interval.successes).toBe(1);
    expect(pairsNeeded(1e-4)).toBe(10_000);
  });

  it.each([0, 1, -0.1, Number.NaN])('refuses the FMR %d', (fmr) => {
    expect(() => thresholdAtFmr([0, 1], fmr, ORIGIN)).toThrow(InputError);
  });

  it('refuses similarities that are not numbers', () => {
    expect(() => thresholdAtFmr([0, Number.NaN, 1], 0.5, ORIGIN)).toThrow(InputError);
    expect(() => thresholdAtFmr([], 0.5, ORIGIN)).toThrow(InputError);
  });
});
