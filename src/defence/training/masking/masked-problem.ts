import type { Value } from '../../../graph/builder.ts';
import { softmax } from '../../../graph/ops/activation.ts';
import { add, div, equal, exp, mul, sub } from '../../../graph/ops/arithmetic.ts';
import { cast } from '../../../graph/ops/constant.ts';
import { slice } from '../../../graph/ops/indexing.ts';
import { matMul } from '../../../graph/ops/matrix.ts';
import { reduceMean } from '../../../graph/ops/reduction.ts';
import { argMax } from '../../../graph/ops/selection.ts';
import { reshape } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';
import { cosinesTo, oneHot } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import { filled, normal, type Parameters, scope } from '../../../nn/parameters.ts';
import type { Objective, Problem } from '../../../nn/training.ts';
import { applyFront, type FrontSettings } from './front.ts';
import { mostMixed } from './kinds.ts';
import { type MaskedBatchOptions, maskedBatchShape } from './masked-batch.ts';
import { FEWEST_MIXED, MOST_MIXED, mixRows } from './mix.ts';
import { mixedArcFace, type RecogniserForm, recogniser } from './recogniser.ts';
import {
  baseline,
  type ChannelSet,
  drawActions,
  entropyOfParts,
  entropyOfPolicy,
  ofChosen,
  policyLoss,
  priceOfMixing,
  type StrategyLearning,
  strategy,
} from './strategy.ts';

/** Length of the gradients from which on they are shortened, as in every training of an encoder here. */
const CLIP_NORM = 5;

/** What a training of a recogniser on masked faces is made of. */
export interface MaskedProblemOptions {
  readonly batch: MaskedBatchOptions;
  readonly front: FrontSettings;
  readonly form: RecogniserForm;
  /** People to tell apart. */
  readonly people: number;
  /** Of ArcFace. */
  readonly scale: number;
  readonly margin: number;
  /** Used where the masking is adaptive. */
  readonly strategy: StrategyLearning;
  readonly seed: number;
}

type Batch = Readonly<Record<string, Value>>;

/**
 * The training as a problem of nn/. An adaptive one has two turns, and what is not of a turn stands still in it: `recogniser` moves weights under `encoder.` and the people's `centres`,
 * `strategy` those under `strategy.`
 *
 * The masking is part of the graph: it costs no session of its own, and its randomness is fed, so that a resumed training draws what the first would have drawn.
 */
export function maskedProblem(options: MaskedProblemOptions): Problem {
  const { batch, strategy: learning, seed } = options;
  const adaptive = batch.actions.length > 0;
  return {
    name: 'recogniser',
    seed,
    optimiser: adam(),
    clipNorm: CLIP_NORM,
    batch: maskedBatchShape(batch),
    build: (parameters, inputs, turn) => objective(parameters, inputs, options, turn),
    ...(adaptive ? { turns: { names: ['recogniser', 'strategy'], at: (step) => turnAt(step, learning) } } : {}),
  };
}

/** Whose turn a step is, counted from 0: the strategy network's after every `every` of the recogniser. */
export const turnAt = (step: number, { every }: Pick<StrategyLearning, 'every'>): 'recogniser' | 'strategy' =>
  step % (every + 1) === every ? 'strategy' : 'recogniser';

function objective(p: Parameters, batch: Batch, options: MaskedProblemOptions, turn: string): Objective {
  const all = maskAlone(p, batch, options);
  const encode = (tensor: Value): Value => recogniser(scope(p, 'encoder'), tensor, options.form);
  const classes = p.weight('centres', [options.people, options.form.embeddingSize], normal(0.01));
  const adaptive = options.batch.actions.length > 0;
  const rows = turn === 'strategy' ? Math.ceil(options.batch.batchSize * STRATEGY_SHARE) : options.batch.batchSize;
  const partners = firstRows(batch.partners as Value, rows);
  const policy = adaptive ? choose(p, firstRows(all, rows), batch, options) : undefined;
  const parts = policy?.parts ?? (batch.parts as Value);
  const embeddings = encode(mixFaces(all, { parts, partners, kept: policy?.kept }, batch, options));
  const targets = targetsOf(batch.person as Value, partners, options.people);
  const losses = mixedArcFace(embeddings, classes, targets, parts, options);
  const loss = reduceMean(losses);
  const observed = { parts };
  if (!policy) return { loss, observed };
  if (turn === 'recogniser')
    return { loss, moving: ['encoder.', 'centres'], figures: { count: reduceMean(policy.count) }, observed };
  const reward = options.strategy.reward === 'loss' ? losses : linkageLoss(embeddings, encode(all), options.scale);
  const accuracy = options.strategy.constraint && accuracyOn(batch, classes, encode, options.front);
  return { ...strategyObjective(p, { ...policy, reward, parts, accuracy }, options), observed };
}

/** Share of a batch that the strategy network learns from in its turn: the whole of it would cost a third of the recogniser's own. Its partners come from all of the batch. */
const STRATEGY_SHARE = 0.5;

const firstRows = (x: Value, rows: number): Value => slice(x, { starts: [0], ends: [rows], axes: [0] });

/** Each face behind the front, with its noise, and with the channels that were drawn for it. */
function maskAlone(p: Parameters, batch: Batch, { front, batch: { masking } }: MaskedProblemOptions): Value {
  const face = batch.face as Value;
  const { noise, channelsDrawn } = masking;
  if (noise?.on === 'pixels') return applyFront(add(face, mul(batch.noise as Value, noise.deviation)), front);
  const plain = applyFront(face, front);
  if (noise) return add(plain, mul(batch.noise as Value, learntDeviations(p, front.channels.length, noise.deviation)));
  return channelsDrawn === undefined ? plain : mul(plain, batch.kept as Value);
}

/** Share of the budget that every channel has, so that no noise is without bound. */
const FIXED_SHARE = 0.1;

/**
 * Deviations of noise [C,1,1] that are learnt within a budget: the sum over the channels of 1 / deviation is that of equal deviations, and no channel has less than a tenth of its equal share.
 *
 * Source: DCTDP (Ji et al., ECCV 2022), section 3.3, which learns how a privacy budget is divided among frequencies; with Gaussian noise in place of Laplace's.
 */
function learntDeviations(p: Parameters, channels: number, deviation: number): Value {
  const shares = softmax(p.weight('noise.budget', [channels], filled(0)), 0);
  const budget = add(mul(shares, channels * (1 - FIXED_SHARE)), FIXED_SHARE);
  return reshape(div(deviation, budget), [channels, 1, 1]);
}

/** What the strategy network chose for each face of a batch. */
interface Choice {
  readonly logProbabilities: Value;
  readonly chosen: Value;
  readonly parts: Value;
  /** Faces in each mix [N], and its logarithm. */
  readonly count: Value;
  readonly logCount: Value;
  /** Channels that are kept [N,C,1,1]; undefined where there is nothing to choose of them. */
  readonly kept: Value | undefined;
}

function choose(p: Parameters, masked: Value, batch: Batch, { batch: { actions } }: MaskedProblemOptions): Choice {
  const { builder } = masked;
  const [rows, channels] = masked.shape as [number, number];
  const logProbabilities = strategy(scope(p, 'strategy'), masked, actions.length);
  const chosen = drawActions(logProbabilities, firstRows(batch.gumbel as Value, rows));
  const column = (values: readonly number[], name: string): Value =>
    reshape(matMul(chosen, builder.constant(float32(values, [values.length, 1]), name)), [rows]);
  const sets = actions.flatMap((action) => channelSet(action.channels, channels));
  const table = builder.constant(float32(sets, [actions.length, channels]), 'channel_sets');
  return {
    logProbabilities,
    chosen,
    parts: ofChosen(chosen, firstRows(batch.parts as Value, rows)),
    count: column(
      actions.map(({ count }) => count),
      'counts',
    ),
    logCount: column(
      actions.map(({ count }) => Math.log(count)),
      'log_counts',
    ),
    kept: sets.includes(0) ? reshape(matMul(chosen, table), [rows, channels, 1, 1]) : undefined,
  };
}

/** 1 for the channels that are kept. The front has them in a random order, so that a half by place is a random half. */
function channelSet(set: ChannelSet, channels: number): number[] {
  return Array.from({ length: channels }, (_, channel) =>
    Number(set === 'all' || (set === 'first' ? 2 * channel < channels : 2 * channel >= channels)),
  );
}

function mixFaces(
  masked: Value,
  mix: { readonly parts: Value; readonly partners: Value; readonly kept: Value | undefined },
  batch: Batch,
  { batch: { masking } }: MaskedProblemOptions,
): Value {
  const mixed = mostMixed(masking) === 1 ? masked : mixRows(masked, mix.parts, mix.partners);
  const seen = mix.kept ? mul(mixed, mix.kept) : mixed;
  return masking.signs ? mul(seen, batch.signs as Value) : seen;
}

/** Who is in each slot of each mix: one-hot [N,slots,K]. */
function targetsOf(person: Value, partners: Value, people: number): Value {
  const [rows, slots, batch] = partners.shape as [number, number, number];
  const which = reshape(partners, [rows * slots, batch]);
  return reshape(matMul(which, oneHot(person, people)), [rows, slots, people]);
}

/** How badly each mix is linked to the face behind it, among all faces of the batch: -ln of the share that the recogniser gives to the right one. [N]. */
function linkageLoss(mixed: Value, alone: Value, scale: number): Value {
  const [rows, batch] = [mixed.shape[0] as number, alone.shape[0] as number];
  const itself = Array.from({ length: rows * batch }, (_, i) => Number(Math.floor(i / batch) === i % batch));
  const right = mixed.builder.constant(float32(itself, [rows, 1, batch]), 'itself');
  const whole = mixed.builder.constant(float32(new Array<number>(rows).fill(1), [rows, 1]), 'whole');
  return mixedArcFace(mixed, alone, right, whole, { scale, margin: 0 });
}

/** Share of held-out faces, seen alone and normalised over their own batch, whose nearest centre is their person’s. */
function accuracyOn(batch: Batch, classes: Value, encode: (tensor: Value) => Value, front: FrontSettings): Value {
  const embeddings = encode(applyFront(batch.held_out as Value, front));
  const nearest = argMax(cosinesTo(embeddings, classes), 1);
  return reduceMean(cast(equal(nearest, batch.held_out_person as Value), 'float32'));
}

function strategyObjective(
  p: Parameters,
  step: Choice & { readonly reward: Value; readonly accuracy: Value | undefined },
  { strategy: learning, batch: { actions } }: MaskedProblemOptions,
): Objective {
  const own = scope(p, 'strategy');
  const reward = learning.entropyTerm ? sub(step.reward, entropyOfParts(step.parts)) : step.reward;
  const centred = sub(reward, baseline(own, reward, learning.baselineDecay));
  const price = step.accuracy && learning.constraint && priceOfMixing(own, step.accuracy, learning.constraint);
  const advantage = price ? sub(centred, mul(step.logCount, price)) : centred;
  const loss = policyLoss(step.logProbabilities, step.chosen, advantage, learning.exploration);
  return {
    loss,
    moving: ['strategy.'],
    figures: {
      reward: reduceMean(reward),
      policy_entropy: reduceMean(entropyOfPolicy(step.logProbabilities)),
      ...sharesOfCounts(
        step.logProbabilities,
        actions.map(({ count }) => count),
      ),
      ...(price && step.accuracy ? { price, accuracy: step.accuracy } : {}),
    },
  };
}

/** The policy's mean probability of each count, as `k2` … `k6`. */
function sharesOfCounts(logProbabilities: Value, counts: readonly number[]): Record<string, Value> {
  const shares = reduceMean(exp(logProbabilities), [0]);
  const { builder } = logProbabilities;
  return Object.fromEntries(
    Array.from({ length: MOST_MIXED - FEWEST_MIXED + 1 }, (_, i) => {
      const count = FEWEST_MIXED + i;
      const of = builder.constant(
        float32(
          counts.map((one) => Number(one === count)),
          [counts.length, 1],
        ),
        `of_${count}`,
      );
      return [`k${count}`, reshape(matMul(reshape(shares, [1, counts.length]), of), [])];
    }),
  );
}
