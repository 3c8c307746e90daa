import { int64, type Shape, type Tensor } from '../../../graph/tensor.ts';
import { InputError } from '../../../util/errors.ts';
import { noiseMultiplierFor, type PrivacyLoss, privacyLoss } from './accountant.ts';
import { COUNT, noiseFeeds } from './dp-sgd.ts';

/** What a private training is asked to keep. */
export interface PrivacyGoal {
  readonly examples: number;
  /** Examples in a step, in the mean. */
  readonly batchSize: number;
  readonly steps: number;
  readonly epsilon: number;
  /** Default: a tenth of 1 / examples. */
  readonly delta?: number;
}

/** A private training as it is to be run. */
export interface PrivacyPlan {
  /** Probability of each example to be in a step. */
  readonly samplingRate: number;
  readonly noiseMultiplier: number;
  /** Most examples of a step that there is room for. */
  readonly places: number;
  /** What it gives away at most. */
  readonly loss: PrivacyLoss;
}

/** Share of delta that is set aside for steps that draw more examples than there is room for. */
const DELTA_FOR_OVERFLOW = 0.01;

/** Numbers that a private training is drawn from. */
export interface PrivateNumbers {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** So many independent standard normal ones. */
  normals(count: number): Float32Array;
}

/**
 * The numbers of each part of a private training, by its label: the same for the same label, others for another. Epsilon is promised to those alone who cannot compute them, so they are made of
 * a secret (`CipherStream` of util/, which Node alone has); `Random` is not fit for it.
 */
export type PrivateDraws = (label: string) => PrivateNumbers;

/**
 * The noise and the room that keep a training within epsilon. How many examples there are counts as known: rate, noise and room follow from it.
 *
 * A graph has a fixed number of places, but the batches that the accountant counts on have none: there is so much room that hardly any training overflows it, and that chance is taken from delta (two trainings of which the chance t tells apart whether they overflow differ in delta by
 * at most (1 + e^epsilon) t).
 *
 * @throws InputError where the goal is none, or no noise keeps it.
 */
export function planPrivateTraining(goal: PrivacyGoal): PrivacyPlan {
  const { examples, batchSize, steps, epsilon, delta = 0.1 / examples } = goal;
  if (!(Number.isSafeInteger(batchSize) && batchSize >= 1 && batchSize <= examples)) {
    throw new InputError(`batches of ${batchSize} cannot be drawn from ${examples} examples`, {
      hint: 'take smaller batches, or bring more examples',
    });
  }
  const samplingRate = batchSize / examples;
  const counted = { samplingRate, steps, delta: delta * (1 - DELTA_FOR_OVERFLOW) };
  const noiseMultiplier = noiseMultiplierFor(epsilon, counted);
  const rare = (delta * DELTA_FOR_OVERFLOW) / (steps * (1 + Math.exp(epsilon)));
  return {
    samplingRate,
    noiseMultiplier,
    places: placesFor(examples, samplingRate, rare),
    loss: { ...privacyLoss({ ...counted, noiseMultiplier }), delta },
  };
}

/** The least number that so many independent draws exceed with at most this probability. */
export function placesFor(examples: number, rate: number, probability: number): number {
  if (rate === 1) return examples;
  // log P(count), from the least likely end upwards, until the tail is too heavy.
  const odds = Math.log(rate) - Math.log1p(-rate);
  let log = examples * Math.log(rate);
  let tail = 0;
  for (let count = examples; count > 0; count--) {
    tail += Math.exp(log);
    if (tail > probability) return count;
    log += Math.log(count) - Math.log(examples - count + 1) - odds;
  }
  return 1;
}

/** The examples of a step. */
export interface PrivateDraw {
  /** Numbers of the examples, each in the place where it stands; further places stay empty. */
  readonly examples: readonly number[];
  /** What the step is fed besides the examples: how many they are, and the noise. */
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/**
 * Draws a step of a private training: every example by itself, with the plan's probability.
 *
 * @param shapes - of the problem's weights.
 * @param numbers - of this step alone.
 */
export function drawPrivateStep(
  plan: PrivacyPlan,
  examples: number,
  shapes: ReadonlyMap<string, Shape>,
  numbers: PrivateNumbers,
): PrivateDraw {
  const drawn = Array.from({ length: examples }, (_, i) => i).filter(() => numbers.uniform() < plan.samplingRate);
  // Delta has room for whatever is done in a step that overflows.
  const kept = drawn.slice(0, plan.places);
  return {
    examples: kept,
    feeds: {
      [COUNT]: int64([kept.length], []),
      ...noiseFeeds(shapes, (count) => numbers.normals(count)),
    },
  };
}
