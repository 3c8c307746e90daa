import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { add, mul } from '../../../graph/ops/arithmetic.ts';
import { crossEntropy, l2 } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import { FrozenParameters, scope, type Weights } from '../../../nn/parameters.ts';
import { cosineSchedule, type Problem, type TrainOptions, train } from '../../../nn/training.ts';
import { InputError } from '../../../util/errors.ts';
import { fourierHead, miniFasNet } from './minifasnet.ts';
import {
  type PresentationBatchOptions,
  type PresentationExample,
  presentationBatch,
  presentationBatchShape,
} from './presentation-batch.ts';

/** Share of the loss that the predicted spectrum has. Source: Silent-Face-Anti-Spoofing. */
const SPECTRUM_SHARE = 0.5;

/** How a presentation-attack network is trained. */
export interface PresentationTrainingOptions
  extends Omit<TrainOptions, 'batch' | 'learningRate'>,
    PresentationBatchOptions {
  /** Peak of the learning rate. */
  readonly learningRate: number;
}

/**
 * Trains a MiniFASNet on faces of bona fide presentations and attacks, with or without the Fourier head. Loss: cross-entropy; with the head, half of it and half the mean squared error of the spectrum. Faces
 * are mirrored and their light is changed at random; they are not turned or resized here, which would smooth the traces that are to be learnt.
 *
 * @param examples - `batchSize` of them for each step, which must depend on the step alone (and a seed): a resumed training sees the same.
 * @returns weights under `network.`; those of the head under `head.`, of no use later.
 * @throws InputError where there are fewer than two classes, or an example is of another class; ShapeError where one has another size; InterruptedError as {@link train}.
 */
export function trainPresentationNetwork(
  examples: (step: number) => readonly PresentationExample[] | Promise<readonly PresentationExample[]>,
  options: PresentationTrainingOptions,
): Promise<Weights> {
  return train(presentationProblem(options), {
    ...options,
    learningRate: cosineSchedule(options.learningRate, options.steps),
    batch: async (step) => presentationBatch(await examples(step), step, options),
  });
}

/** What {@link trainPresentationNetwork} solves. @throws InputError where there are fewer than two classes. */
export function presentationProblem(options: PresentationBatchOptions): Problem {
  const { classes, seed } = options;
  if (classes < 2) throw new InputError('a presentation-attack network has two classes or more');
  return {
    name: 'presentation-attack network',
    seed,
    optimiser: adam(),
    batch: presentationBatchShape(options),
    build: (parameters, { face, classes: targets, dropout, spectrum }) => {
      const seen = miniFasNet(scope(parameters, 'network'), face as Value, { classes, dropout });
      const entropy = crossEntropy(seen.logits, targets as Value);
      if (!spectrum) return { loss: entropy };
      const apart = l2(fourierHead(scope(parameters, 'head'), seen.features), spectrum);
      const loss = add(mul(entropy, 1 - SPECTRUM_SHARE), mul(apart, SPECTRUM_SHARE));
      return { loss, figures: { entropy, spectrum: apart } };
    },
  };
}

/** What a finished network's file says of itself. */
export interface PresentationGraphOptions {
  /** Names of the classes in their order, the bona fide one first; without a comma. */
  readonly classes: readonly string[];
  readonly sizePx: number;
  /** By how much the face's box is enlarged. */
  readonly cropFactor: number;
  /** Where it comes from: data, steps, seed. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A presentation-attack network as a model that `openPresentationNetwork` takes: input `face` [N,3,S,S], output `logits` [N,classes]; how the face is cut and what the classes are is in its metadata.
 *
 * @throws ModelFileError where a weight is missing or of another shape.
 */
export function presentationGraph(weights: Weights, options: PresentationGraphOptions): Graph {
  const { classes, sizePx, cropFactor, metadata } = options;
  const builder = new GraphBuilder('presentation_network');
  const face = builder.input('face', [1, 3, sizePx, sizePx]);
  const parameters = scope(new FrozenParameters(builder, weights), 'network');
  builder.output('logits', miniFasNet(parameters, face, { classes: classes.length }).logits);
  builder.describe({
    ...metadata,
    kind: 'presentation-network',
    classes: classes.join(','),
    bona_fide: '0',
    crop: String(cropFactor),
    order: 'RGB',
    range: '0..1',
  });
  return withFreeBatch(builder.build());
}
