import { describe, expect, test } from 'vitest';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { fitCalibration, logLikelihoodRatio } from './checks/calibration.ts';
import type { CheckResult } from './checks/check.ts';
import { answerTo, type Decision, type DecisionPolicy, decide, doubtedChecks, vetoOf } from './decision.ts';
import { fitFusion, fuse } from './fusion.ts';
import { fitLogistic } from './logistic-regression.ts';

const result = (name: string, llr: number, more: Partial<CheckResult> = {}): CheckResult => ({
  name,
  score: llr,
  logLikelihoodRatio: llr,
  quality: 1,
  applicable: true,
  reason: '',
  ...more,
});

describe('logistic regression', () => {
  test('is SciPy’s minimum of the same loss', () => {
    const [bonaFide, attacks] = [
      [2, 1, 3, 0.5, 2.2],
      [-1, 0.7, -2, 0.1, -0.3, 1.2, -0.5],
    ];
    const { slope, offset } = fitCalibration(bonaFide, attacks, 'test');
    expect(slope).toBeCloseTo(2.33432556, 4);
    expect(offset).toBeCloseTo(-1.76108209, 4);
  });

  test('gives the log-likelihood ratio of two bells, however many there are of each', () => {
    const random = new Random(4);
    const around = (mean: number, count: number) => Array.from({ length: count }, () => mean + random.normal());
    // ln N(x; 1, 1) / N(x; -1, 1) = 2 x.
    const calibration = fitCalibration(around(1, 4000), around(-1, 400), 'test');
    expect(calibration.slope).toBeGreaterThan(1.75);
    expect(calibration.slope).toBeLessThan(2.25);
    expect(Math.abs(calibration.offset)).toBeLessThan(0.2);
  });

  test('stays finite where the sides do not overlap, and claims no more than their number proves', () => {
    const calibration = fitCalibration([5, 6, 7], [1, 2], 'test');
    expect(Number.isFinite(calibration.slope)).toBe(true);
    expect(logLikelihoodRatio(calibration, 1e6)).toBeCloseTo(Math.log(3), 12);
    expect(logLikelihoodRatio(calibration, -1e6)).toBeCloseTo(-Math.log(3), 12);
  });

  test.each([
    ['no attack', [[1]], [true]],
    ['NaN', [[1], [Number.NaN]], [true, false]],
    ['features that are missing', [[1], []], [true, false]],
    ['labels that are missing', [[1], [2], [3]], [true, false]],
  ])('refuses %s', (_, features, labels) => {
    expect(() => fitLogistic(features, labels)).toThrow(InputError);
  });
});

describe('fusion', () => {
  const calibration = { offset: 0.5, weights: { a: 2, b: 1 }, dataset: 'test' };

  test('adds what applies, by weight and quality', () => {
    const results = [result('a', 3), result('b', -4, { quality: 0.25 }), result('c', 100)];
    expect(fuse(results, calibration).logLikelihoodRatio).toBe(0.5 + 6 - 1);
    expect(fuse([result('a', 3, { applicable: false })], calibration)).toEqual({ logLikelihoodRatio: 0.5, parts: [] });
  });

  test('does not count twice what two checks say alike', () => {
    const random = new Random(5);
    const labels = Array.from({ length: 2000 }, (_, i) => i % 2 === 0);
    const trials = labels.map((bonaFide) => {
      const llr = 2 * ((bonaFide ? 1 : -1) + random.normal());
      return [result('a', llr), result('again', llr + 1e-3 * random.normal()), result('nothing', random.normal())];
    });
    const { weights } = fitFusion(trials, labels, 'test');
    expect(Math.abs((weights.a ?? 0) + (weights.again ?? 0) - 1)).toBeLessThan(0.2);
    expect(Math.abs(weights.nothing ?? 1)).toBeLessThan(0.2);
  });

  test('takes no evidence for a person as evidence against, though that would fit better', () => {
    const random = new Random(6);
    const labels = Array.from({ length: 2000 }, (_, i) => i % 2 === 0);
    const trials = labels.map((bonaFide) => {
      const noise = random.normal();
      // Knows the other's noise, and nothing of the person: taken away it would help.
      return [result('a', (bonaFide ? 1 : -1) + noise), result('noise', noise + 0.1 * random.normal())];
    });
    const { weights } = fitFusion(trials, labels, 'test');
    expect(weights.noise).toBe(0);
    expect(weights.a).toBeGreaterThan(1);
    // Nothing but evidence that points the wrong way: none is left.
    const wrong = fitFusion(
      labels.map((bonaFide) => [result('a', (bonaFide ? -1 : 1) + random.normal())]),
      labels,
      'test',
    );
    expect(wrong.weights).toEqual({ a: 0 });
  });

  test('is not fitted on trials of different checks', () => {
    expect(() => fitFusion([[result('a', 1)], [result('b', 1)]], [true, false], 'test')).toThrow(InputError);
  });
});

describe('decision', () => {
  const threshold = (logLikelihoodRatio: number) => ({ logLikelihoodRatio, apcer: 0.01, bpcer: 0.05, dataset: 'test' });
  const policy: DecisionPolicy = { pass: threshold(2), refuse: threshold(-1), required: ['a'], leastQuality: 0.5 };

  test.each<[Decision, number, Partial<CheckResult>, boolean]>([
    ['pass', 2, {}, false],
    ['step-up', 1.9, {}, false],
    ['step-up', -1, {}, false],
    ['refuse', -1.1, {}, false],
    ['retry', 9, { quality: 0.4 }, false],
    ['retry', 9, { applicable: false }, false],
    ['retry', 9, { name: 'b' }, false],
    ['refuse', -1.1, { applicable: false }, false],
    ['refuse', 9, {}, true],
  ])('%s at %d (%#)', (decision, llr, more, marked) => {
    const found = decide({ logLikelihoodRatio: llr, parts: [] }, [result('a', llr, more)], policy, marked);
    expect(found).toBe(decision);
    expect(answerTo(found)).toBe(decision === 'pass' ? 'pass' : 'fail');
  });

  test('asks for another proof where a check is lower than is asked of it, whatever the evidence, and nothing where it does not apply', () => {
    const asking = { ...policy, leastScores: { b: 0.5 } };
    const decided = (b: Partial<CheckResult>) => {
      const results = [result('a', 9), result('b', 9, b)];
      return [decide({ logLikelihoodRatio: 9, parts: [] }, results, asking, false), doubtedChecks(results, asking)];
    };
    expect(decided({ score: 0.5 })).toEqual(['pass', []]);
    expect(decided({ score: 0.49 })).toEqual(['step-up', ['b']]);
    expect(decided({ score: undefined, applicable: false })).toEqual(['pass', []]);
  });

  test('vetoes are for nonce, expiry and replay alone', () => {
    expect(vetoOf({ reason: 'forged-nonce' })).toBe('nonce');
    expect(vetoOf({ reason: 'other-session' })).toBe('nonce');
    expect(vetoOf({ reason: 'expired-nonce' })).toBe('expiry');
    expect(vetoOf({ reason: 'replayed-nonce' })).toBe('replay');
    expect(vetoOf({ reason: 'rate-out-of-range' })).toBeUndefined();
  });
});
