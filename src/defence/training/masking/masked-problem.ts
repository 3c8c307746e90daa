import type { Value } from '../../../graph/builder.ts';
import { equal, exp, mul, sub } from '../../../graph/ops/arithmetic.ts';
import { cast } from '../../../graph/ops/constant.ts';
import { matMul } from '../../../graph/ops/matrix.ts';
import { reduceMean } from '../../../graph/ops/reduction.ts';
import { argMax } from '../../../graph/ops/selection.ts';
import { reshape } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';
import { cosinesTo, oneHot } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import { normal, type Parameters, scope } from '../../../nn/parameters.ts';
import type { Objective, Problem } from '../../../nn/training.ts';
import { applyFront, type FrontSettings } from './front.ts';
import { type MaskedBatchOptions, maskedBatchShape } from './masked-batch.ts';
import { FEWEST_MIXED, MOST_MIXED } from './mix.ts';
import { type Batch, type MixChoice, mixedFaces } from './mixed-faces.ts';
import { mixedArcFace, type RecogniserForm, recogniser } from './recogniser.ts';
import {
  baseline,
  entropyOfParts,
  entropyOfPolicy,
  policyLoss,
  priceOfMixing,
  type StrategyLearning,
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
  const rows = turn === 'strategy' ? Math.ceil(options.batch.batchSize * STRATEGY_SHARE) : options.batch.batchSize;
  const { alone, mixed, parts, partners, policy } = mixedFaces(p, batch, options, rows);
  const encode = (tensor: Value): Value => recogniser(scope(p, 'encoder'), tensor, options.form);
  const classes = p.weight('centres', [options.people, options.form.embeddingSize], normal(0.01));
  const embeddings = encode(mixed);
  const targets = targetsOf(batch.person as Value, partners, options.people);
  const losses = mixedArcFace(embeddings, classes, targets, parts, options);
  const loss = reduceMean(losses);
  const observed = { parts };
  if (!policy) return { loss, observed };
  if (turn === 'recogniser')
    return { loss, moving: ['encoder.', 'centres'], figures: { count: reduceMean(policy.count) }, observed };
  const reward = options.strategy.reward === 'loss' ? losses : linkageLoss(embeddings, encode(alone), options.scale);
  const accuracy = options.strategy.constraint && accuracyOn(batch, classes, encode, options.front);
  return { ...strategyObjective(p, { ...policy, reward, parts, accuracy }, options), observed };
}

/** Share of a batch that the strategy network learns from in its turn: the whole of it would cost a third of the recogniser's own. Its partners come from all of the batch. */
const STRATEGY_SHARE = 0.5;

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
  step: MixChoice & { readonly reward: Value; readonly accuracy: Value | undefined },
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
