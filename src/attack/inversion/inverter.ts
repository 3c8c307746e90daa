import { GraphBuilder, type Value } from '../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../graph/graph.ts';
import { add, mul, sub } from '../../graph/ops/arithmetic.ts';
import { float32, type TypedTensor } from '../../graph/tensor.ts';
import { l1, l2 } from '../../nn/losses.ts';
import { adam } from '../../nn/optimisers.ts';
import { FrozenParameters, type Weights } from '../../nn/parameters.ts';
import { cosineSchedule, type Objective, type Problem, type TrainOptions, train } from '../../nn/training.ts';
import { Random } from '../../util/random.ts';
import type { Experiment } from './experiments.ts';
import { FACE_SIZE_PX, type InverseDcganOptions, inverseDcgan } from './inverse-dcgan.ts';
import { type EmbeddingScale, embeddingScale, FACE_NUMBERS, type InversionPairs } from './pairs.ts';
import { identityLoss, type Surrogate } from './surrogate.ts';

/** What is trained, and on what. */
export interface InverterOptions extends Omit<TrainOptions, 'batch' | 'learningRate'> {
  readonly experiment: Experiment;
  /** Default 32. */
  readonly batchSize?: number;
  /** Peak of the learning rate; default 1e-3. It rises over the first 2 % of the steps and falls along half a cosine. */
  readonly learningRate?: number;
  readonly seed: number;
  /** See {@link InverseDcganOptions.bottleneck}. */
  readonly bottleneck?: number | undefined;
  /** An encoder that is neither target nor judge, through which the reconstruction's identity is held. Beyond the patent. */
  readonly surrogate?: Surrogate;
}

/** A trained inverter: its weights, and the scale of the embeddings that it was trained on. */
export interface TrainedInverter {
  readonly weights: Weights;
  readonly scale: EmbeddingScale;
}

/**
 * Trains the patent's black-box inverter: embedding + noise -> the person's mean face. The pairs must be of training people alone.
 *
 * The same pairs, options and seed give the same weights, also when the training was broken off and resumed.
 *
 * Cost: about 20 ms an image and step on two cores at 128 px, three times that with a surrogate.
 */
export async function trainInverter(pairs: InversionPairs, options: InverterOptions): Promise<TrainedInverter> {
  const { experiment, batchSize = 32, learningRate: peak = 1e-3, seed, surrogate } = options;
  const scale = embeddingScale(pairs.embeddings);
  const size = pairs.embeddings[0]?.length ?? 0;
  const problem: Problem = {
    name: `inverter-${experiment.number}`,
    seed,
    optimiser: adam({ beta1: 0.9, beta2: 0.99 }),
    batch: {
      input: { shape: [batchSize, size] },
      face: { shape: [batchSize, 3, FACE_SIZE_PX, FACE_SIZE_PX] },
      ...(surrogate ? { identity: { shape: [batchSize, surrogate.embeddings[0]?.length ?? 0] } } : {}),
    },
    build: (parameters, batch) =>
      objective(inverseDcgan(parameters, input(batch, 'input'), shapeOf(options)), batch, options),
  };
  const weights = await train(problem, {
    ...options,
    learningRate: cosineSchedule(peak, options.steps),
    batch: (step) =>
      sampleBatch(pairs, scale, new Random(seed).fork(`batch ${step}`), { batchSize, experiment, surrogate }),
  });
  return { weights, scale };
}

function input(batch: Readonly<Record<string, Value>>, name: string): Value {
  return batch[name] as Value;
}

function shapeOf({
  experiment,
  bottleneck,
}: {
  readonly experiment: Experiment;
  readonly bottleneck?: number | undefined;
}): InverseDcganOptions {
  return { residualLayers: experiment.residualLayers, ...(bottleneck === undefined ? {} : { bottleneck }) };
}

function objective(
  output: Value,
  batch: Readonly<Record<string, Value>>,
  { experiment, surrogate }: InverterOptions,
): Objective {
  const face = input(batch, 'face');
  const absolute = l1(output, face);
  const squared = l2(output, face);
  const terms: Value[] = [];
  if (experiment.l1 > 0) terms.push(mul(absolute, experiment.l1));
  if (experiment.l2 > 0) terms.push(mul(squared, experiment.l2));
  const figures: Record<string, Value> = { l1: absolute, l2: squared };
  if (surrogate) {
    const identity = identityLoss(surrogate, output, input(batch, 'identity'));
    figures.identity = identity;
    terms.push(mul(identity, surrogate.weight));
  }
  return { loss: terms.reduce((sum, term) => add(sum, term)), figures };
}

/** At most this many images of one person count, so that the few with hundreds do not rule the batches. */
const IMAGES_PER_PERSON = 20;

function sampleBatch(
  pairs: InversionPairs,
  scale: EmbeddingScale,
  random: Random,
  {
    batchSize,
    experiment,
    surrogate,
  }: { readonly batchSize: number; readonly experiment: Experiment; readonly surrogate: Surrogate | undefined },
): Record<string, TypedTensor<'float32'>> {
  const size = scale.mean.length;
  const inputs = new Float32Array(batchSize * size);
  const faces = new Float32Array(batchSize * FACE_NUMBERS);
  const identitySize = surrogate?.embeddings[0]?.length ?? 0;
  const identities = new Float32Array(batchSize * identitySize);
  const deviation = Math.sqrt(experiment.noiseVariance);
  for (let row = 0; row < batchSize; row++) {
    const picked = pick(pairs, random);
    const embedding = pairs.embeddings[picked] as Float32Array;
    for (let i = 0; i < size; i++) {
      const noise = deviation > 0 ? deviation * random.normal() : 0;
      inputs[row * size + i] = ((embedding[i] as number) - (scale.mean[i] as number)) * scale.factor + noise;
    }
    const face = pairs.meanFaces[pairs.person[picked] as number] as Uint8Array;
    for (let i = 0; i < FACE_NUMBERS; i++) faces[row * FACE_NUMBERS + i] = (face[i] as number) / 255;
    if (surrogate) identities.set(surrogate.embeddings[picked] as Float32Array, row * identitySize);
  }
  return {
    input: float32(inputs, [batchSize, size]),
    face: float32(faces, [batchSize, 3, FACE_SIZE_PX, FACE_SIZE_PX]),
    ...(surrogate ? { identity: float32(identities, [batchSize, identitySize]) } : {}),
  };
}

/** A random image; one of a person with many images is accepted as often as if that person had {@link IMAGES_PER_PERSON}. */
function pick(pairs: InversionPairs, random: Random): number {
  const counts = imageCounts(pairs);
  for (;;) {
    const index = random.integer(pairs.embeddings.length);
    const count = counts[pairs.person[index] as number] as number;
    if (count <= IMAGES_PER_PERSON || random.uniform() < IMAGES_PER_PERSON / count) return index;
  }
}

const knownCounts = new WeakMap<InversionPairs, Int32Array>();

function imageCounts(pairs: InversionPairs): Int32Array {
  let counts = knownCounts.get(pairs);
  if (!counts) {
    counts = new Int32Array(pairs.meanFaces.length);
    for (const person of pairs.person) counts[person] = (counts[person] as number) + 1;
    knownCounts.set(pairs, counts);
  }
  return counts;
}

/**
 * The inverter as a model, which {@link inverterModel} reads: input `embedding` [N,D] as the encoder gives it, output `face` [N,3,128,128], RGB, 0..1. The
 * inner value `latent` is the standardised embedding.
 */
export function inverterGraph(
  { weights, scale }: TrainedInverter,
  options: {
    readonly experiment: Experiment;
    readonly bottleneck?: number | undefined;
    readonly encoder: { readonly id: string; readonly hash: string };
    readonly metadata?: Readonly<Record<string, string>>;
  },
): Graph {
  const builder = new GraphBuilder('inverter');
  const embedding = builder.input('embedding', [1, scale.mean.length]);
  const mean = builder.constant(float32(scale.mean, [1, scale.mean.length]), 'embedding_mean');
  const factor = builder.constant(float32([scale.factor], [1]), 'embedding_factor');
  const [latent] = builder.apply('Mul', [sub(embedding, mean), factor], { name: 'latent' }) as [Value];
  builder.output('face', inverseDcgan(new FrozenParameters(builder, weights), latent, shapeOf(options)));
  builder.describe({
    encoder: options.encoder.id,
    encoder_hash: options.encoder.hash,
    experiment: String(options.experiment.number),
    ...options.metadata,
  });
  return withFreeBatch(builder.build());
}
