import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { mul } from '../../../graph/ops/arithmetic.ts';
import { float32, toNumbers } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { gatherNormStatistics } from '../../../nn/norm-statistics.ts';
import { FrozenParameters, type Parameters, scope, type Weights } from '../../../nn/parameters.ts';
import { cosineSchedule, type TrainOptions, train } from '../../../nn/training.ts';
import { CapabilityError, InputError } from '../../../util/errors.ts';
import type { ProgressEvent } from '../../../util/progress.ts';
import { Random } from '../../../util/random.ts';
import type { Augmentation } from '../augmentation.ts';
import type { PrivacyPlan, PrivateDraws } from '../privacy/private-training.ts';
import { BLOCK_PX } from './block-dct.ts';
import { noiseMetadata } from './channel-noise.ts';
import { applyFront, type FrontSettings, fitFront } from './front.ts';
import { type Masking, mostMixed, requireDrawable } from './kinds.ts';
import {
  drawMaskedBatch,
  drawSigns,
  type MaskedBatch,
  type MaskedBatchOptions,
  type MaskedPerson,
} from './masked-batch.ts';
import { type MaskedProblemOptions, maskedProblem, turnAt } from './masked-problem.ts';
import type { MixRecord } from './mix-log.ts';
import { trainPrivateEncoder } from './private-encoder.ts';
import { type RecogniserForm, recogniser } from './recogniser.ts';
import { actionsOf, type StrategyLearning } from './strategy.ts';

/** How a recogniser is trained on masked faces. */
export interface MaskedTrainingOptions extends Omit<TrainOptions, 'batch' | 'learningRate' | 'onObserved'> {
  readonly masking: Masking;
  readonly form: RecogniserForm;
  /** Frequencies that the front keeps, where it is one of frequencies. */
  readonly frequencies: number;
  readonly batchSize: number;
  /** Peak of the recogniser's. */
  readonly learningRate: number;
  /** Of ArcFace. */
  readonly scale: number;
  readonly margin: number;
  readonly augmentations: readonly Augmentation[];
  /** Used where the masking is adaptive. */
  readonly strategy: StrategyLearning;
  readonly seed: number;
  /** Where the masking is by DP-SGD, and has to be given then: what the training is drawn from. */
  readonly draws?: PrivateDraws;
  /** Told of each mix that the training made. Steps are those of all turns. */
  readonly onMix?: (mix: MixRecord) => void;
  /** Told of each step of all turns, counted from 0: whose turn it was, and its figures. */
  readonly onTurn?: (step: number, turn: 'recogniser' | 'strategy', figures: Readonly<Record<string, number>>) => void;
}

/** A recogniser, and what comes before it. */
export interface MaskedEncoder {
  /** The recogniser under `encoder.`, the people's `centres`, and where there is one the strategy network under `strategy.` */
  readonly weights: Weights;
  readonly front: FrontSettings;
  /** Of a private training: what it kept. */
  readonly privacy?: PrivacyPlan;
}

/** Faces that the front is measured on, one of each person. */
const FRONT_FACES = 1000;

/** Batches of faces as recognition sees them, that batch normalisation's means are gathered on in the end. */
const STATISTICS_BATCHES = 100;

/**
 * Trains a recogniser on masked faces. An adaptive masking's strategy network has its own turns between the recogniser's; `steps` are the recogniser's alone, so that
 * all maskings train it equally often, and progress counts these.
 *
 * In the end batch normalisation's means are gathered anew on faces that are masked alone, not mixed: recognition sees those.
 *
 * @throws InputError where there are fewer than two people, or fewer than a mix takes; CapabilityError where a private training has nothing to draw from.
 */
export async function trainMaskedEncoder(
  people: readonly MaskedPerson[],
  options: MaskedTrainingOptions,
): Promise<MaskedEncoder> {
  const { form, seed, draws } = options;
  requirePeople(people, options);
  if (options.masking.epsilon !== undefined) {
    if (!draws) throw new CapabilityError(`--masking ${options.masking.name} needs draws that nobody can compute`);
    const { plan, ...encoder } = await trainPrivateEncoder(people, { ...options, draws });
    return { ...encoder, privacy: plan };
  }
  const front = await maskingFront(people, options);
  const problem = maskedProblemOf(people.length, front, options);
  const trained = await train(maskedProblem(problem), turnsOf(people, problem.batch, options));
  const weights = await gatherNormStatistics(trained, {
    ...options,
    inputs: { face: { shape: [options.batchSize, 3, form.sizePx, form.sizePx] } },
    build: (p, { face }) => encodeMasked(p, face as Value, { front, ...options }),
    batches: STATISTICS_BATCHES,
    batch: (index) => {
      const random = new Random(seed).fork(`statistics ${index}`);
      const faces = Array.from({ length: options.batchSize }, () => anyFace(people, random));
      return { face: float32(toPlanar(faces), [options.batchSize, 3, form.sizePx, form.sizePx]) };
    },
  });
  return { weights, front };
}

function requirePeople(people: readonly MaskedPerson[], { masking, batchSize }: MaskedTrainingOptions): void {
  const wanted = Math.max(2, mostMixed(masking));
  if (people.length < wanted)
    throw new InputError(`${people.length} people are too few for --masking ${masking.name}`, {
      hint: `it takes ${wanted} or more: a face is mixed with those of other people`,
    });
  if (batchSize < wanted)
    throw new InputError(`a batch of ${batchSize} faces is too small for --masking ${masking.name}`, {
      hint: `give ${wanted} or more`,
    });
}

/** The front of a training that is not private, measured on its people. The same people and seed give the same front. */
export function maskingFront(
  people: readonly MaskedPerson[],
  { masking, form, frequencies, seed }: Pick<MaskedTrainingOptions, 'masking' | 'form' | 'frequencies' | 'seed'>,
): Promise<FrontSettings> {
  const faces = people.slice(0, FRONT_FACES).flatMap((person) => person.faces[0] ?? []);
  // One thread: a sum in another order could give another last bit, and another front.
  return fitFront(faces, { kind: masking.front, sizePx: form.sizePx, frequencies, seed, threads: 1 });
}

/** The problem of a training on so many people. @throws InputError where the masking draws more channels than the front keeps. */
export function maskedProblemOf(
  people: number,
  front: FrontSettings,
  options: MaskedTrainingOptions,
): MaskedProblemOptions {
  const { masking, form, batchSize, augmentations, seed, strategy: learning } = options;
  const adaptive = masking.mix.kind === 'adaptive';
  const channels = front.channels.length;
  requireDrawable(masking, channels);
  const batch: MaskedBatchOptions = {
    masking,
    actions: adaptive ? actionsOf(learning.choice) : [],
    channels,
    sizePx: form.sizePx,
    batchSize,
    augmentations,
    heldOut: adaptive && learning.constraint !== undefined,
    seed,
  };
  const { scale, margin } = options;
  return { batch, front, form, people, scale, margin, strategy: learning, seed };
}

/** The options of nn/'s training: steps of all turns, from those of the recogniser. */
function turnsOf(
  people: readonly MaskedPerson[],
  batch: MaskedBatchOptions,
  options: MaskedTrainingOptions,
): TrainOptions {
  const { strategy: learning, steps, learningRate, averageSteps = 200, checkpointSteps = 100, onMix } = options;
  const { every } = learning;
  const adaptive = batch.actions.length > 0;
  const allTurns = (count: number): number => (adaptive ? count + Math.floor(count / every) : count);
  const ownStep = (step: number): number => (adaptive ? step - Math.floor(step / (every + 1)) : step);
  const whose = (step: number): 'recogniser' | 'strategy' => (adaptive ? turnAt(step, learning) : 'recogniser');
  const schedule = cosineSchedule(learningRate, steps);
  let drawn: MaskedBatch | undefined;
  return {
    ...options,
    onProgress: reports(options, ownStep, whose),
    steps: allTurns(steps),
    averageSteps: allTurns(averageSteps),
    checkpointSteps: allTurns(checkpointSteps),
    batch: (step) => {
      drawn = drawMaskedBatch(people, step, batch);
      return drawn.feeds;
    },
    learningRate: (step) => (whose(step) === 'strategy' ? learning.learningRate : schedule(ownStep(step))),
    ...(onMix && mostMixed(batch.masking) > 1
      ? {
          onObserved: ({ parts }, step) => {
            if (parts && drawn) for (const mix of recordsOf(drawn, toNumbers(parts), step)) onMix(mix);
          },
        }
      : {}),
  };
}

/** One report for each step of the recogniser, with the last figures of the strategy network beside its own. */
function reports(
  { onProgress, onTurn, steps }: MaskedTrainingOptions,
  ownStep: (step: number) => number,
  whose: (step: number) => 'recogniser' | 'strategy',
): (event: ProgressEvent) => void {
  let ofStrategy: Readonly<Record<string, number>> = {};
  return (event) => {
    const { loss = Number.NaN, ...others } = event.figures ?? {};
    const turn = whose(event.done - 1);
    const figures = turn === 'strategy' ? { policy_loss: loss, ...others } : { loss, ...others };
    onTurn?.(event.done - 1, turn, figures);
    if (turn === 'strategy') ofStrategy = figures;
    else onProgress?.({ ...event, done: ownStep(event.done), total: steps, figures: { ...figures, ...ofStrategy } });
  };
}

function recordsOf({ ids, partners }: MaskedBatch, parts: readonly number[], step: number): MixRecord[] {
  const slots = partners[0]?.length ?? 0;
  // In the strategy network's turn only the first rows were mixed.
  return ids.slice(0, parts.length / slots).map((image, row) => {
    const weights = parts.slice(row * slots, (row + 1) * slots).filter((part) => part > 0);
    const others = (partners[row] ?? []).slice(1, weights.length);
    return { step, image, partners: others.map((other) => ids[other] as string), weights };
  });
}

function anyFace(people: readonly MaskedPerson[], random: Random): Image {
  const { faces } = people[random.integer(people.length)] as MaskedPerson;
  return faces[random.integer(faces.length)] as Image;
}

/** What decides how a face is recognised. */
interface Recognition {
  readonly front: FrontSettings;
  readonly form: RecogniserForm;
  readonly masking: Masking;
  readonly seed: number;
}

/** A face as recognition sees it: behind the front, alone, without noise; where training drew signs, with one pattern of them that stays the same. */
function encodeMasked(p: Parameters, face: Value, { front, form, masking, seed }: Recognition): Value {
  const masked = applyFront(face, front);
  if (!masking.signs) return recogniser(scope(p, 'encoder'), masked, form);
  const shape = [1, front.channels.length, form.sizePx / BLOCK_PX, form.sizePx / BLOCK_PX];
  const signs = drawSigns(
    shape.reduce((size, extent) => size * extent, 1),
    new Random(seed).fork('signs of recognition'),
  );
  return recogniser(scope(p, 'encoder'), mul(masked, face.builder.constant(float32(signs, shape), 'signs')), form);
}

/** The recogniser with its front before it, an encoder like any other: input `face` [N,3,S,S], RGB, 0..1; output `embedding` [N,embeddingSize]. The front is in the metadata too, and what noise was learnt. */
export function maskedEncoderGraph(
  weights: Weights,
  recognition: Recognition,
  metadata: Readonly<Record<string, string>> = {},
): Graph {
  const { front, form, masking } = recognition;
  const builder = new GraphBuilder('masked_mobilefacenet');
  const face = builder.input('face', [1, 3, form.sizePx, form.sizePx]);
  builder.output('embedding', encodeMasked(new FrozenParameters(builder, weights), face, recognition));
  const described = { kind: 'encoder', range: '0..1', masking: masking.name, front: JSON.stringify(front) };
  builder.describe({ ...described, ...noiseMetadata(weights), ...metadata });
  return withFreeBatch(builder.build());
}
