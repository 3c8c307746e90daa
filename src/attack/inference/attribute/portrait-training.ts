import { PORTRAIT_PX } from '../../../face/portrait.ts';
import type { Value } from '../../../graph/builder.ts';
import { float32 } from '../../../graph/tensor.ts';
import { binaryCrossEntropy } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import type { Weights } from '../../../nn/parameters.ts';
import { cosineSchedule, type Problem, type TrainOptions, train } from '../../../nn/training.ts';
import type { Tensors } from '../../../runtime/session.ts';
import { Random } from '../../../util/random.ts';
import type { AttributeExamples } from './attack.ts';
import { requireExamples } from './examples.ts';
import { augmentPortrait } from './portrait-augmentation.ts';
import { featureCount, type PortraitNetwork, portraitNetwork } from './portrait-networks.ts';

const SIDE = PORTRAIT_PX;
const NUMBERS = 3 * SIDE * SIDE;

/** How a network learns to read attributes. */
export interface PortraitTrainingOptions extends Omit<TrainOptions, 'batch' | 'learningRate'> {
  readonly network: PortraitNetwork;
  readonly batchSize: number;
  /** Peak of the learning rate. */
  readonly learningRate: number;
  /** Share of the features before the last layer that each step leaves out, 0..1. */
  readonly dropout: number;
  readonly seed: number;
}

/**
 * Trains a network of {@link portraitNetwork} on portraits with their attributes. Loss: binary cross-entropy, the mean over attributes, so that what it gives are log-odds among people like the examples.
 *
 * @throws InputError where there is no example; ShapeError where inputs or labels differ in length; InterruptedError as {@link train}.
 */
export function trainPortraitNetwork(examples: AttributeExamples, options: PortraitTrainingOptions): Promise<Weights> {
  const attributes = requireExamples(examples, NUMBERS);
  const { network, batchSize, learningRate, seed, steps } = options;
  const problem: Problem = {
    name: 'attribute reader',
    seed,
    optimiser: adam(),
    batch: {
      portrait: { shape: [batchSize, 3, SIDE, SIDE] },
      labels: { shape: [batchSize, attributes] },
      dropout: { shape: [batchSize, featureCount(network)] },
    },
    build: (parameters, { portrait, labels, dropout }) => {
      const logOdds = portraitNetwork(parameters, portrait as Value, { network, attributes, dropout });
      return { loss: binaryCrossEntropy(logOdds, labels as Value) };
    },
  };
  return train(problem, {
    ...options,
    learningRate: cosineSchedule(learningRate, steps),
    batch: (step) => batchOf(examples, { ...options, step, attributes }),
  });
}

function batchOf(
  { inputs, labels }: AttributeExamples,
  options: PortraitTrainingOptions & { readonly step: number; readonly attributes: number },
): Tensors {
  const { network, batchSize, attributes, dropout } = options;
  const random = new Random(options.seed).fork(`batch ${options.step}`);
  const portraits = new Float32Array(batchSize * NUMBERS);
  const targets = new Float32Array(batchSize * attributes);
  for (let row = 0; row < batchSize; row++) {
    const picked = random.integer(inputs.length);
    augmentPortrait(
      inputs[picked] as Float32Array,
      portraits.subarray(row * NUMBERS, (row + 1) * NUMBERS),
      SIDE,
      random,
    );
    targets.set(Float32Array.from(labels[picked] ?? [], Number), row * attributes);
  }
  const features = featureCount(network);
  const kept = Float32Array.from({ length: batchSize * features }, () =>
    random.uniform() < dropout ? 0 : 1 / (1 - dropout),
  );
  return {
    portrait: float32(portraits, [batchSize, 3, SIDE, SIDE]),
    labels: float32(targets, [batchSize, attributes]),
    dropout: float32(kept, [batchSize, features]),
  };
}
