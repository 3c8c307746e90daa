import type { Value } from '../../../graph/builder.ts';
import { logSoftmax, relu } from '../../../graph/ops/activation.ts';
import { add, div, exp, greater, log, maximum, mul, neg, sub, where } from '../../../graph/ops/arithmetic.ts';
import { matMul } from '../../../graph/ops/matrix.ts';
import { reduceMean, reduceSum } from '../../../graph/ops/reduction.ts';
import { argMax, oneHot } from '../../../graph/ops/selection.ts';
import { reshape, unsqueeze } from '../../../graph/ops/shape.ts';
import { conv2d } from '../../../nn/layers.ts';
import { filled, type Parameters, scope } from '../../../nn/parameters.ts';
import type { RandomNumbers } from '../../../util/random.ts';
import { FEWEST_MIXED, MOST_MIXED } from './mix.ts';

/** What the strategy network chooses beside the number of faces. */
export const STRATEGY_CHOICES = ['count', 'count-and-parts', 'count-and-channels'] as const;

export type StrategyChoice = (typeof STRATEGY_CHOICES)[number];

/** Which of the front's channels a mix keeps, the others are 0: all of them, or the first or the second half. */
export const CHANNEL_SETS = ['all', 'first', 'second'] as const;

export type ChannelSet = (typeof CHANNEL_SETS)[number];

/** 1 for each of so many channels that a set keeps, 0 for the others. The front has them in a random order, so that a half by place is a random half. */
export function channelSet(set: ChannelSet, channels: number): number[] {
  return Array.from({ length: channels }, (_, channel) =>
    Number(set === 'all' || (set === 'first' ? 2 * channel < channels : 2 * channel >= channels)),
  );
}

/** One thing that the strategy network can choose for a face. */
export interface MixAction {
  /** Faces in the mix. */
  readonly count: number;
  /** Of the law of the parts. */
  readonly power: number;
  readonly channels: ChannelSet;
}

/** Powers of the law of parts that are chosen among: more alike, InstaHide's, less alike. */
const POWERS = [0.5, 1, 2] as const;

/** All that there is to choose. */
export function actionsOf(choice: StrategyChoice): MixAction[] {
  const counts = Array.from({ length: MOST_MIXED - FEWEST_MIXED + 1 }, (_, i) => FEWEST_MIXED + i);
  const powers = choice === 'count-and-parts' ? POWERS : [1];
  const sets = choice === 'count-and-channels' ? CHANNEL_SETS : (['all'] as const);
  return counts.flatMap((count) => powers.flatMap((power) => sets.map((channels) => ({ count, power, channels }))));
}

/** Channels of the two convolutions. */
const CHANNELS = 32;

/**
 * The strategy network: masked faces [N,C,h,w], each by itself -> ln pi [N,actions]. It begins undecided: its last weights are 0.
 *
 * The paper does not say what its network looks like; this form is ours: two convolutions of stride 2, the mean over the face, one layer.
 */
export function strategy(p: Parameters, masked: Value, actions: number): Value {
  const first = relu(conv2d(scope(p, 'conv1'), masked, CHANNELS, { kernel: 3, stride: 2 }));
  const second = relu(conv2d(scope(p, 'conv2'), first, CHANNELS, { kernel: 3, stride: 2 }));
  const seen = reduceMean(second, [2, 3]);
  const weight = p.weight('head.weight', [CHANNELS, actions], filled(0));
  const bias = p.weight('head.bias', [actions], filled(0));
  return logSoftmax(add(matMul(seen, weight), bias), 1);
}

/**
 * Draws an action for each row inside the graph: one-hot [N,A]. The place of the largest sum of ln pi and Gumbel noise has the probability pi. No gradient passes.
 *
 * Source: Gumbel 1954; Maddison, Tarlow, Minka 2014.
 *
 * @param noise - [N,A], of {@link gumbelNoise}.
 */
export function drawActions(logProbabilities: Value, noise: Value): Value {
  const actions = logProbabilities.shape[1] as number;
  return oneHot(argMax(add(logProbabilities, noise), 1), actions);
}

/** `count` standard Gumbel numbers. */
export function gumbelNoise(count: number, random: RandomNumbers): Float32Array {
  // Half a step off, so that neither 0 nor 1 is drawn, whose logarithms have no use.
  return Float32Array.from({ length: count }, () => -Math.log(-Math.log((random.uint32() + 0.5) / 2 ** 32)));
}

/** What was chosen of a table: chosen one-hot [N,A] and table [N,A,...] -> [N,...]. */
export function ofChosen(chosen: Value, table: Value): Value {
  const [rows, actions, ...rest] = table.shape as [number, number, ...number[]];
  const size = rest.reduce((product, extent) => product * extent, 1);
  const picked = matMul(unsqueeze(chosen, [1]), reshape(table, [rows, actions, size]));
  return reshape(picked, [rows, ...rest]);
}

/** H(lambda) of the parts of each mix [N,slots]: [N]; parts of 0 count nothing. */
export const entropyOfParts = (parts: Value): Value => neg(reduceSum(mul(parts, log(maximum(parts, 1e-12))), [1]));

/** What the strategy network is rewarded for: the recogniser's loss; or how badly the recogniser links a mix to the face behind it, among the faces of the batch. */
export const REWARDS = ['loss', 'linkage'] as const;

export type Reward = (typeof REWARDS)[number];

/** How the strategy network learns. */
export interface StrategyLearning {
  readonly choice: StrategyChoice;
  readonly reward: Reward;
  /** Whether H(lambda) is taken off the reward: a soft label's loss grows with its entropy, whatever was learnt. */
  readonly entropyTerm: boolean;
  readonly learningRate: number;
  /** Share of the old baseline kept at each step. */
  readonly baselineDecay: number;
  /** beta: what entropy of the policy is worth. */
  readonly exploration: number;
  /** Steps of the recogniser for each one of the strategy network. */
  readonly every: number;
  /** The accuracy wanted on held-out faces, and rho, how fast its price mu follows. Default: none. */
  readonly constraint?: { readonly accuracy: number; readonly rate: number };
}

/** How fast the price of mixing follows a missed accuracy: the reference gives no rho. */
export const PRICE_RATE = 0.05;

/** The reference's learning, with numbers where it has none. */
export const STRATEGY_DEFAULTS: StrategyLearning = {
  choice: 'count',
  reward: 'loss',
  entropyTerm: true,
  learningRate: 1e-3,
  baselineDecay: 0.9,
  exploration: 0.01,
  every: 1,
};

/**
 * What the strategy network minimises. Its gradient is minus that of REINFORCE: the mean over the faces of (R - b - mu ln k) grad ln pi(a) + beta grad H(pi). R - b - mu ln k is taken as a
 * number: it must not depend on the policy's weights otherwise than by what was drawn.
 *
 * Source: Williams 1992; the reward and the price of k are those of our reconstruction of the paper.
 *
 * @param logProbabilities - ln pi [N,A].
 * @param chosen - one-hot [N,A].
 * @param advantage - R - b - mu ln k, [N].
 */
export function policyLoss(logProbabilities: Value, chosen: Value, advantage: Value, exploration: number): Value {
  const ofAction = reduceSum(mul(logProbabilities, chosen), [1]);
  return neg(
    add(reduceMean(mul(advantage, ofAction)), mul(reduceMean(entropyOfPolicy(logProbabilities)), exploration)),
  );
}

/** H(pi) of each row [N]. */
export const entropyOfPolicy = (logProbabilities: Value): Value =>
  neg(reduceSum(mul(exp(logProbabilities), logProbabilities), [1]));

/** The running mean b of rewards before this step, whose own mean is what it begins with; and what it becomes is kept in the parameters. */
export function baseline(p: Parameters, reward: Value, decay: number): Value {
  // Kept beside its weight 1 - decay^t, so that the zero it began with does not count (as Adam corrects its means).
  const [total, weight] = [p.buffer('baseline', [], filled(0)), p.buffer('baseline_weight', [], filled(0))];
  const now = reduceMean(reward);
  const blend = (old: Value, value: Value | number): Value => add(mul(old, decay), mul(value, 1 - decay));
  const [newTotal, newWeight] = [blend(total, now), add(mul(weight, decay), 1 - decay)];
  p.update('baseline', newTotal);
  p.update('baseline_weight', newWeight);
  // At the first step weight is 0, and the batch's own mean stands in.
  return where(greater(weight, 0), div(total, maximum(weight, 1e-6)), now);
}

/** The price mu of ln k, which rises while the accuracy is below the target and falls to 0 above it: dual ascent. */
export function priceOfMixing(
  p: Parameters,
  accuracy: Value,
  constraint: NonNullable<StrategyLearning['constraint']>,
): Value {
  const price = p.buffer('price', [], filled(0));
  p.update('price', maximum(add(price, mul(sub(constraint.accuracy, accuracy), constraint.rate)), 0));
  return price;
}
