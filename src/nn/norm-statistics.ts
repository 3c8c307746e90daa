import { GraphBuilder, type Value } from '../graph/builder.ts';
import type { Tensor, TypedTensor } from '../graph/tensor.ts';
import { createSession, type SessionOptions, type Tensors } from '../runtime/session.ts';
import { ShapeError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { type Parameters, TrainableParameters, type Weights } from './parameters.ts';
import type { BatchShape } from './training.ts';

/** What batch normalisation is to see. */
export interface NormStatisticsOptions extends JobOptions, SessionOptions {
  readonly inputs: BatchShape;
  /** Builds the network on a batch, as a training would. */
  readonly build: (parameters: Parameters, batch: Readonly<Record<string, Value>>) => void;
  /** Batches; after 100 of them less than 1 % of the old means is left. */
  readonly batches: number;
  readonly batch: (index: number) => Tensors;
}

/**
 * The weights with the running means of batch normalisation gathered anew: after an average of weights, or a training whose inputs are not those of later use, the old ones do not fit. No
 * weight changes. Cost: one forward pass a batch.
 *
 * Source: Izmailov et al. 2018, section 3.2.
 *
 * @throws ShapeError where a weight of the network is missing.
 */
export async function gatherNormStatistics(weights: Weights, options: NormStatisticsOptions): Promise<Weights> {
  const builder = new GraphBuilder('norm statistics');
  const parameters = new TrainableParameters(builder, new Random(0));
  const batch: Record<string, Value> = {};
  for (const [name, { shape, dtype }] of Object.entries(options.inputs))
    batch[name] = builder.input(name, shape, dtype);
  options.build(parameters, batch);
  if (parameters.updates.size === 0) return weights;
  for (const [name, value] of parameters.updates) builder.output(`next/${name}`, value);
  const session = await createSession(builder.build(), options);
  const state = new Map<string, TypedTensor<'float32'>>(weights);
  try {
    for (let index = 0; index < options.batches; index++) {
      throwIfAborted(options);
      const feeds: Record<string, Tensor> = { ...options.batch(index) };
      for (const name of [...parameters.weights.keys(), ...parameters.buffers.keys()]) {
        const value = state.get(name);
        if (!value) throw new ShapeError(`the weights hold no "${name}"`);
        feeds[name] = value;
      }
      const next = await session.run(feeds);
      for (const name of parameters.updates.keys()) {
        const value = next[`next/${name}`];
        if (value?.dtype === 'float32') state.set(name, value);
      }
      options.onProgress?.({ stage: 'gathering means', done: index + 1, total: options.batches });
    }
  } finally {
    await session.release();
  }
  return state;
}
