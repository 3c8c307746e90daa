import { InputError } from '../../../util/errors.ts';

/** One step of DP-SGD as the accountant sees it: every example joins with the same probability, independently, and Gaussian noise is added to the sum. */
export interface SampledGaussian {
  /** Probability of an example to be in a step, in (0, 1]. */
  readonly samplingRate: number;
  /** Deviation of the noise, as a multiple of the greatest length of an example's gradient. */
  readonly noiseMultiplier: number;
}

/** A whole training. */
export interface PrivateTraining extends SampledGaussian {
  readonly steps: number;
  /** Probability with which the promise may fail; well below 1 / examples. */
  readonly delta: number;
}

/** What a training gives away of one example at most: (epsilon, delta)-differential privacy, under adding or leaving out that example. */
export interface PrivacyLoss {
  readonly epsilon: number;
  readonly delta: number;
  /** The Rényi order that gave it. */
  readonly order: number;
}

/** Rényi orders that are tried: those of Opacus and TensorFlow Privacy, and a few great ones for large noise. */
export const RENYI_ORDERS: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => 1 + (i + 1) / 10),
  ...Array.from({ length: 52 }, (_, i) => 12 + i),
  ...[128, 256, 512],
];

/** Deviations beyond the outermost hump at which the integrand ends: e^-128 of its height. */
const REACH = 16;

/**
 * Rényi divergence of one step, of an order above 1: log E[(mu / mu0)^order] / (order - 1) under mu0 = N(0, s^2), with mu = (1 - q) mu0 + q N(1, s^2).
 *
 * The expectation is an integral over the line of a function that falls as a Gaussian on both sides, where the trapezoidal rule converges faster than any power of its
 * step; all of it in logarithms. One rule for whole and broken orders, where the usual accountants sum a binomial series for the one and a series of error
 * functions for the other.
 *
 * Cost: about (order / s + 300) logarithms.
 *
 * Source: Mironov, Talwar, Zhang 2019, "Rényi differential privacy of the sampled Gaussian mechanism", theorem 4 and section 3.1.
 *
 * @throws InputError where the order is not above 1, or the mechanism is none.
 */
export function renyiDivergence({ samplingRate: q, noiseMultiplier: s }: SampledGaussian, order: number): number {
  requireMechanism({ samplingRate: q, noiseMultiplier: s });
  if (!(order > 1 && Number.isFinite(order))) throw new InputError(`a Rényi order above 1 is needed, not ${order}`);
  // Fine against the humps' width and against the distance, pi s^2, of the integrand's nearest branch point from the line.
  const step = Math.min(s / 8, s ** 2 / 2);
  const [logStays, logJoins] = [Math.log1p(-q), Math.log(q)];
  const logOf = (z: number): number =>
    order * logSum(logStays, logJoins + (2 * z - 1) / (2 * s ** 2)) - z ** 2 / (2 * s ** 2);
  const first = Math.floor((-REACH * s) / step);
  const last = Math.ceil((order + REACH * s) / step);
  const logs = Array.from({ length: last - first + 1 }, (_, i) => logOf((first + i) * step));
  const greatest = logs.reduce((a, b) => Math.max(a, b));
  const sum = logs.reduce((total, log) => total + Math.exp(log - greatest), 0);
  const logIntegral = greatest + Math.log((sum * step) / (s * Math.sqrt(2 * Math.PI)));
  // At least 0 by Jensen's inequality; rounding may bring it below.
  return Math.max(0, logIntegral) / (order - 1);
}

/**
 * The epsilon that a training keeps at its delta: divergences of the steps add up at each order, and the best order counts.
 *
 * Holds for one image; a person with n of them has n times the epsilon, at a delta n e^((n-1) epsilon) times as great: a promise for few images and a
 * small epsilon alone. Holds for batches drawn as {@link SampledGaussian} says, not for shuffled epochs.
 *
 * Source: Mironov 2017, proposition 1 (composition); Canonne, Kamath, Steinke 2020, proposition 12 (from Rényi to epsilon and delta).
 *
 * @throws InputError where the training is none.
 */
export function privacyLoss(training: PrivateTraining): PrivacyLoss {
  const { steps, delta } = training;
  if (!(delta > 0 && delta < 1)) throw new InputError(`a delta inside (0, 1) is needed, not ${delta}`);
  if (!(Number.isSafeInteger(steps) && steps >= 0)) throw new InputError(`${steps} is no number of steps`);
  if (steps === 0) return { epsilon: 0, delta, order: RENYI_ORDERS[0] as number };
  const candidates = RENYI_ORDERS.map((order) => ({
    order,
    delta,
    epsilon: Math.max(0, epsilonAt(order, steps * renyiDivergence(training, order), delta)),
  }));
  return candidates.reduce((best, one) => (one.epsilon < best.epsilon ? one : best));
}

const epsilonAt = (order: number, divergence: number, delta: number): number =>
  divergence + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1);

/** Noise multipliers between which one is looked for. */
const LEAST_NOISE = 0.1;
const GREATEST_NOISE = 1000;

/** How near, relatively, the noise comes to the least that is enough. */
const NOISE_PRECISION = 1e-4;

/**
 * The least noise multiplier that keeps a training within an epsilon, from above: what it gives is never too little.
 *
 * @throws InputError where no noise between 0.1 and 1000 does.
 */
export function noiseMultiplierFor(epsilon: number, training: Omit<PrivateTraining, 'noiseMultiplier'>): number {
  if (!(epsilon > 0 && Number.isFinite(epsilon))) throw new InputError(`an epsilon above 0 is needed, not ${epsilon}`);
  const keeps = (noiseMultiplier: number): boolean => privacyLoss({ ...training, noiseMultiplier }).epsilon <= epsilon;
  let [low, high] = [LEAST_NOISE, 2 * LEAST_NOISE];
  if (keeps(low)) return low;
  while (!keeps(high)) {
    [low, high] = [high, 2 * high];
    if (high > GREATEST_NOISE) {
      throw new InputError(`no noise keeps ${training.steps} steps within epsilon ${epsilon}`, {
        hint: 'take fewer steps, smaller batches or a greater epsilon',
      });
    }
  }
  while (high / low > 1 + NOISE_PRECISION) {
    const middle = Math.sqrt(low * high);
    if (keeps(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** log(e^a + e^b) without overflow. */
function logSum(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === Number.NEGATIVE_INFINITY ? high : high + Math.log1p(Math.exp(low - high));
}

function requireMechanism({ samplingRate, noiseMultiplier }: SampledGaussian): void {
  if (!(samplingRate > 0 && samplingRate <= 1))
    throw new InputError(`a sampling rate in (0, 1] is needed, not ${samplingRate}`);
  if (!(noiseMultiplier > 0 && Number.isFinite(noiseMultiplier)))
    throw new InputError(`a noise multiplier above 0 is needed, not ${noiseMultiplier}`);
}
