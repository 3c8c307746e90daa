import { describe, expect, test } from 'vitest';
import { InputError } from '../../../util/errors.ts';
import { noiseMultiplierFor, privacyLoss, RENYI_ORDERS, renyiDivergence } from './accountant.ts';

/** log of the binomial series of A_order, for whole orders: Mironov, Talwar, Zhang 2019, section 3.3, equation 4. */
function seriesDivergence(q: number, s: number, order: number): number {
  let logBinomial = 0;
  const logs: number[] = [];
  for (let k = 0; k <= order; k++) {
    logs.push(logBinomial + k * Math.log(q) + (order - k) * Math.log1p(-q) + (k * k - k) / (2 * s ** 2));
    logBinomial += Math.log((order - k) / (k + 1));
  }
  const greatest = Math.max(...logs);
  const sum = logs.reduce((total, log) => total + Math.exp(log - greatest), 0);
  return (greatest + Math.log(sum)) / (order - 1);
}

/** The older way from Rényi to epsilon, which TensorFlow Privacy had until 2021: Mironov 2017, proposition 3. */
function classicEpsilon(
  training: { samplingRate: number; noiseMultiplier: number; steps: number; delta: number },
  orders: readonly number[],
): { epsilon: number; order: number } {
  const all = orders.map((order) => ({
    order,
    epsilon: training.steps * renyiDivergence(training, order) - Math.log(training.delta) / (order - 1),
  }));
  return all.reduce((best, one) => (one.epsilon < best.epsilon ? one : best));
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('the Rényi divergence of a step', () => {
  // TensorFlow Privacy, privacy/analysis/rdp_accountant_test.py, test_compute_rdp_sequence: 50 steps, to the digits it gives.
  test.each([
    [1.5, 0.00065, 5],
    [2.5, 0.001085, 6],
    [5, 0.00218075, 7],
    [50, 0.023846, 6],
    [100, 167.416307, 5],
  ])('of order %d is that of TensorFlow Privacy', (order, wanted, digits) => {
    const found = 50 * renyiDivergence({ samplingRate: 0.01, noiseMultiplier: 2.5 }, order);
    expect(found).toBeCloseTo(wanted, digits);
  });

  // The integral by mpmath's quadrature with 30 digits.
  test.each([
    [0.01, 2.5, 1.5, 1.3001417943760795e-5],
    [1e-4, 1, 1.5, 1.2885373907673299e-8],
    [0.02, 0.8, 3.7, 0.0038500335559169627],
    [1e-5, 0.3, 5.5, 16.484202209480834],
    [0.004, 0.5, 1.1, 0.0003069410215907165],
    [0.999, 100, 256.1, 0.012779725746660574],
  ])('at rate %d, noise %d and the broken order %d is the exact integral', (q, s, order, exact) => {
    const found = renyiDivergence({ samplingRate: q, noiseMultiplier: s }, order);
    expect(Math.abs(found - exact)).toBeLessThan(1e-9 * exact + 1e-13);
  });

  test.each([
    [0.01, 1.1, 2],
    [0.004, 0.6, 7],
    [0.3, 4, 33],
    [0.9, 0.3, 12],
    [1e-5, 1, 256],
  ])('at rate %d, noise %d and the whole order %d is the binomial series', (q, s, order) => {
    const series = seriesDivergence(q, s, order);
    const found = renyiDivergence({ samplingRate: q, noiseMultiplier: s }, order);
    expect(Math.abs(found - series)).toBeLessThan(1e-9 * series + 1e-13);
  });

  test('without sampling is that of the Gaussian mechanism, order / (2 s^2)', () => {
    for (const order of [1.1, 3.7, 64]) {
      expect(renyiDivergence({ samplingRate: 1, noiseMultiplier: 3 }, order)).toBeCloseTo(order / 18, 10);
    }
  });

  test.each([
    [{ samplingRate: 0, noiseMultiplier: 1 }, 2],
    [{ samplingRate: 1.1, noiseMultiplier: 1 }, 2],
    [{ samplingRate: 0.1, noiseMultiplier: 0 }, 2],
    [{ samplingRate: 0.1, noiseMultiplier: 1 }, 1],
  ])('%o of order %d is refused', (mechanism, order) => {
    expect(() => renyiDivergence(mechanism, order)).toThrow(InputError);
  });
});

describe('epsilon', () => {
  // Opacus, tests/accountants_test.py, test_rdp_accountant.
  test('is that of Opacus', () => {
    const found = privacyLoss({ samplingRate: 0.04, noiseMultiplier: 1.5, steps: 2250, delta: 1e-5 });
    expect(found.epsilon).toBeCloseTo(7.32911117143, 5);
  });

  // TensorFlow Privacy, compute_dp_sgd_privacy_test.py: of 2022, and of 2020 by the conversion of its day.
  test.each([
    [60_000, 150, 1.3, 15, 1e-5, 0.7242234026109595, 0.941870567, 19],
    [100_000, 100, 1.0, 30, 1e-7, 1.4154988495444845, 1.70928734, 13],
  ])(
    'of %d examples, batch %d, noise %d, %d epochs is that of TensorFlow Privacy',
    (examples, batch, noiseMultiplier, epochs, delta, wanted, before, order) => {
      const steps = Math.ceil((epochs * examples) / batch);
      const training = { samplingRate: batch / examples, noiseMultiplier, steps, delta };
      expect(privacyLoss(training).epsilon).toBeCloseTo(wanted, 9);
      expect(privacyLoss(training).order).toBe(order);
      expect(classicEpsilon(training, RENYI_ORDERS).epsilon).toBeCloseTo(before, 7);
    },
  );

  // By the conversion of their day, to the digits printed: TensorFlow Privacy, README.md (noise 1.1) and tutorials/README.md (2019); Opacus, issue 153 (2021).
  test.each([
    [256 / 60_000, 1.1, 14_063, 3.01],
    [256 / 60_000, 1.12, 60 * 234, 2.92],
    [256 / 60_000, 0.6, 30 * 234, 9.74],
    [256 / 60_000, 1.2, 10 * 234, 1.2],
    [0.004, 1.1, 60 * 250, 2.905],
    [0.004, 0.7, 45 * 250, 6.859],
    [0.004, 1.3, 15 * 250, 1.16],
  ])(
    'of MNIST at rate %d with noise %d over %d steps is the published %d',
    (samplingRate, noiseMultiplier, steps, wanted) => {
      const training = { samplingRate, noiseMultiplier, steps, delta: 1e-5 };
      expect(Math.abs(classicEpsilon(training, RENYI_ORDERS).epsilon - wanted)).toBeLessThan(0.01);
      expect(privacyLoss(training).epsilon).toBeLessThan(wanted);
    },
  );

  // TensorFlow Privacy, privacy/analysis/rdp_accountant_test.py, test_get_privacy_spent_check_target_delta.
  test('and its order are those of the first TensorFlow Privacy', () => {
    const training = { samplingRate: 0.01, noiseMultiplier: 4, steps: 10_000, delta: 1e-5 };
    const { epsilon, order } = classicEpsilon(training, range(2, 33));
    expect(epsilon).toBeCloseTo(1.258575, 5);
    expect(order).toBe(20);
  });

  // dp_accounting, test_compute_epsilon_delta_gaussian: noise chosen for exactly (1, 1e-6) with fine orders; ours are coarser, which may only cost.
  test('of the Gaussian mechanism is not below its true one', () => {
    const { epsilon } = privacyLoss({ samplingRate: 1, noiseMultiplier: 4.530877117, steps: 1, delta: 1e-6 });
    expect(epsilon).toBeGreaterThan(1 - 1e-7);
    expect(epsilon).toBeLessThan(1.001);
  });

  test('of no step is 0', () => {
    expect(privacyLoss({ samplingRate: 0.5, noiseMultiplier: 1, steps: 0, delta: 1e-5 }).epsilon).toBe(0);
  });
});

describe('the noise for an epsilon', () => {
  // Opacus, tests/accountants_test.py: its bisection stops 0.01 short in epsilon, hence the tolerance.
  test.each([
    [2250, 1.416],
    [2000, 1.3562],
  ])('over %d steps is that of Opacus, and enough', (steps, wanted) => {
    const training = { samplingRate: 0.04, steps, delta: 1e-5 };
    const noiseMultiplier = noiseMultiplierFor(8, training);
    expect(Math.abs(noiseMultiplier - wanted)).toBeLessThan(2e-3);
    expect(privacyLoss({ ...training, noiseMultiplier }).epsilon).toBeLessThanOrEqual(8);
  });

  test('that nothing reaches is refused', () => {
    expect(() => noiseMultiplierFor(1e-6, { samplingRate: 1, steps: 1_000_000, delta: 1e-9 })).toThrow(InputError);
  });
});
