import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { detCurve, equalErrorRate, errorRates, rocCurve, tarAtFmr, tenFoldAccuracy } from './verification.ts';

/** Genuine similarities of N(2, 1), impostors of N(0, 1): the error rates are known in closed form. */
function normalScores(count: number) {
  const random = new Random('normal scores');
  return { genuine: random.normals(count).map((value) => value + 2), impostors: random.normals(count) };
}

const scores = fc.array(
  fc.integer({ min: 0, max: 12 }).map((step) => step / 12),
  { minLength: 1, maxLength: 30 },
);

describe('errorRates', () => {
  it('counts what reaches the threshold as accepted', () => {
    const { fmr, fnmr } = errorRates([0.9, 0.5, 0.4], [0.5, 0.1, 0.2, 0.49], { similarity: 0.5 });
    expect(fmr).toMatchObject({ successes: 1, trials: 4, rate: 0.25 });
    expect(fnmr).toMatchObject({ successes: 1, trials: 3 });
  });
});

describe('equalErrorRate', () => {
  it('is the normal tail for two normals two deviations apart', () => {
    const { genuine, impostors } = normalScores(50_000);
    const { rate, fmr, fnmr, similarity } = equalErrorRate(genuine, impostors);
    // Python 3.11: statistics.NormalDist().cdf(-1).
    expect(rate).toBeCloseTo(0.158655, 2);
    expect(Math.abs(fmr - fnmr)).toBeLessThan(1e-4);
    expect(similarity).toBeCloseTo(1, 1);
  });

  it('differs least of all thresholds that occur', () => {
    fc.assert(
      fc.property(scores, scores, (genuine, impostors) => {
        const gapAt = (limit: number) =>
          Math.abs(
            impostors.filter((value) => value >= limit).length / impostors.length -
              genuine.filter((value) => value < limit).length / genuine.length,
          );
        const found = equalErrorRate(genuine, impostors);
        const least = Math.min(...[...genuine, ...impostors].map(gapAt));
        expect(Math.abs(found.fmr - found.fnmr)).toBeCloseTo(least, 9);
        expect(gapAt(found.similarity)).toBeCloseTo(least, 9);
      }),
    );
  });

  it('is 0 where the sets are apart', () => {
    expect(equalErrorRate([0.8, 0.9], [0.1, 0.2]).rate).toBe(0);
  });
});

describe('tarAtFmr', () => {
  it.each([
    // Python 3.11: 1 - NormalDist().cdf(NormalDist().inv_cdf(1 - fmr) - 2).
    [1e-2, 0.3720805854354945],
    [1e-3, 0.1378054128983004],
  ])('at %d agrees with the closed form for normals', (fmr, tar) => {
    const { genuine, impostors } = normalScores(100_000);
    const measured = tarAtFmr(genuine, impostors, fmr);
    expect(measured.tar.rate).toBeGreaterThan(tar - 0.02);
    expect(measured.tar.rate).toBeLessThan(tar + 0.02);
    expect(measured.fmr.rate).toBeCloseTo(fmr, 9);
  });

  it('refuses an FMR below what the pairs can show', () => {
    expect(() => tarAtFmr([1], [0, 0.5], 1e-3)).toThrow(/at least 1000/);
  });
});

describe('rocCurve and detCurve', () => {
  it('rise from FMR 0 to FMR 1, and each point is what its threshold gives', () => {
    fc.assert(
      fc.property(scores, scores, (genuine, impostors) => {
        const roc = rocCurve(genuine, impostors, { points: 20 });
        expect(roc[0]?.fmr).toBe(0);
        expect(roc.at(-1)?.fmr).toBe(1);
        expect(roc.length).toBeLessThanOrEqual(20);
        roc.forEach((point, i) => {
          const { fmr, fnmr } = errorRates(genuine, impostors, point);
          expect(point.fmr).toBe(fmr.rate);
          expect(point.tmr).toBeCloseTo(1 - fnmr.rate, 12);
          expect(point.fmr).toBeGreaterThanOrEqual(roc[i - 1]?.fmr ?? 0);
          expect(point.tmr).toBeGreaterThanOrEqual(roc[i - 1]?.tmr ?? 0);
        });
        const det = detCurve(genuine, impostors, { points: 20 });
        expect(det.map((point) => 1 - point.fnmr)).toEqual(roc.map((point) => expect.closeTo(point.tmr, 12)));
      }),
    );
  });

  it('spaces points over the decades', () => {
    const { genuine, impostors } = normalScores(10_000);
    const roc = rocCurve(genuine, impostors, { points: 50 });
    const inLastDecade = roc.filter((point) => point.fmr >= 0.1).length;
    expect(inLastDecade).toBeLessThan(20);
    expect(roc.some((point) => point.fmr === 1e-4)).toBe(true);
  });
});

describe('tenFoldAccuracy', () => {
  it('judges each fold at the threshold of the others', () => {
    const good = { genuine: [0.8, 0.9], impostors: [0.1, 0.2] };
    // Its own best threshold would be 0.95; the others give 0.5, at which one of its four is wrong.
    const odd = { genuine: [0.99, 0.98], impostors: [0.1, 0.9] };
    const result = tenFoldAccuracy([good, { ...good }, { ...good }, odd]);
    expect(result.folds.map((fold) => fold.accuracy)).toEqual([1, 1, 1, 0.75]);
    expect(result.folds[3]?.similarity).toBeCloseTo(0.5, 9);
    expect(result.mean).toBe(0.9375);
    expect(result.standardDeviation).toBeCloseTo(0.125, 12);
    expect(result.standardError).toBeCloseTo(0.0625, 12);
  });

  it('comes to the closed form for normals: accuracy is the normal distribution at half the distance', () => {
    const random = new Random('folds');
    const folds = Array.from({ length: 10 }, () => ({
      genuine: random.normals(300).map((value) => value + 2),
      impostors: random.normals(300),
    }));
    const { mean, standardDeviation } = tenFoldAccuracy(folds);
    expect(mean).toBeGreaterThan(0.841 - 0.015);
    expect(mean).toBeLessThan(0.841 + 0.015);
    // sqrt(p (1 - p) / 600), within what ten folds can tell.
    expect(standardDeviation).toBeGreaterThan(0.007);
    expect(standardDeviation).toBeLessThan(0.03);
  });

  it('refuses one fold', () => {
    expect(() => tenFoldAccuracy([{ genuine: [1], impostors: [0] }])).toThrow(InputError);
  });
});
