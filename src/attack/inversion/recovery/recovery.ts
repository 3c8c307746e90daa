import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { float32, joinRows } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { l1, l2 } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import { FrozenParameters, type Weights } from '../../../nn/parameters.ts';
import { cosineSchedule, type Problem, type TrainOptions, train } from '../../../nn/training.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { type MaskedShape, requireMaskedShape } from '../../masked-shape.ts';
import { type RecoveryForm, recoveryNetwork } from './recovery-network.ts';

/** A face and what a masking made of it. */
export interface RecoveryPair {
  /** [C,h,h]. */
  readonly masked: Float32Array;
  /** Square, of the form's `sizePx`. */
  readonly face: Image;
}

export interface RecoveryOptions extends RecoveryForm, Omit<TrainOptions, 'batch' | 'learningRate'> {
  readonly shape: MaskedShape;
  /** Default 16. */
  readonly batchSize?: number;
  /** Peak of the learning rate; default 2e-3. */
  readonly learningRate?: number;
  readonly seed: number;
}

/** Steps over which weights are averaged: a training of hundreds of steps has no long memory. */
const AVERAGE_STEPS = 50;

/**
 * Trains a network that recovers faces from what a masking left of them, on pairs of people whose masked faces it is not judged by. Loss: mean absolute difference.
 *
 * The same pairs, options and seed give the same weights, also when the training was broken off and resumed.
 *
 * @throws InputError where there is no pair, a face has another size, or the form makes no network; ShapeError where a masked face has not the shape's numbers.
 */
export function trainRecovery(pairs: readonly RecoveryPair[], options: RecoveryOptions): Promise<Weights> {
  const { shape, sizePx, batchSize = 16, learningRate = 2e-3, seed, steps } = options;
  if (pairs.length === 0) throw new InputError('recovery is learnt from pairs of a masked face and the face');
  requireMaskedShape(
    pairs.map(({ masked }) => masked),
    shape,
  );
  const wrong = pairs.find(({ face }) => face.widthPx !== sizePx || face.heightPx !== sizePx)?.face;
  if (wrong) throw new InputError(`a face of ${wrong.widthPx}x${wrong.heightPx} px, wanted ${sizePx}`);
  const shapes = { masked: [batchSize, ...shape], face: [batchSize, 3, sizePx, sizePx] };
  const problem: Problem = {
    name: 'recovery',
    seed,
    optimiser: adam(),
    batch: { masked: { shape: shapes.masked }, face: { shape: shapes.face } },
    build: (parameters, batch) => {
      const { masked, face } = batch as { readonly masked: Value; readonly face: Value };
      const recovered = recoveryNetwork(parameters, masked, options);
      return { loss: l1(recovered, face), figures: { l2: l2(recovered, face) } };
    },
  };
  return train(problem, {
    averageSteps: AVERAGE_STEPS,
    ...options,
    learningRate: cosineSchedule(learningRate, steps),
    batch: (step) => {
      const random = new Random(seed).fork(`batch ${step}`);
      const chosen = Array.from({ length: batchSize }, () => pairs[random.integer(pairs.length)] as RecoveryPair);
      return {
        masked: float32(joinRows(chosen.map(({ masked }) => masked)), shapes.masked),
        face: float32(toPlanar(chosen.map(({ face }) => face)), shapes.face),
      };
    },
  });
}

/** The network as a model: input `masked` [N,C,h,h], output `face` [N,3,S,S], RGB, 0..1. What it gives imitates a face: whoever writes it out as a picture marks it. */
export function recoveryGraph(
  weights: Weights,
  form: RecoveryForm & { readonly shape: MaskedShape },
  metadata: Readonly<Record<string, string>> = {},
): Graph {
  const builder = new GraphBuilder('recovery');
  const masked = builder.input('masked', [1, ...form.shape]);
  builder.output('face', recoveryNetwork(new FrozenParameters(builder, weights), masked, form));
  builder.describe({ kind: 'recovery', ...metadata });
  return withFreeBatch(builder.build());
}
