import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { GraphBuilder, type Value } from '../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../graph/graph.ts';
import { leakyRelu } from '../../graph/ops/activation.ts';
import { add, mul, sub } from '../../graph/ops/arithmetic.ts';
import { matMul } from '../../graph/ops/matrix.ts';
import { flatten } from '../../graph/ops/shape.ts';
import { float32, type TypedTensor } from '../../graph/tensor.ts';
import { batchNorm, conv2d, linear } from '../../nn/layers.ts';
import { l1, ssim } from '../../nn/losses.ts';
import { adam } from '../../nn/optimisers.ts';
import { FrozenParameters, type Parameters, scope, type Weights } from '../../nn/parameters.ts';
import { cosineSchedule, type Problem, type TrainOptions, train } from '../../nn/training.ts';
import { createSession } from '../../runtime/session.ts';
import { ModelFileError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { FACE_SIZE_PX, inverseDcgan } from './inverse-dcgan.ts';
import type { Generator } from './latent-optimisation.ts';
import { FACE_NUMBERS } from './pairs.ts';

/** Numbers of a latent. */
export const LATENT_SIZE = 256;

/** Deviation of the noise that is put on latents in training: neighbours must give like faces. Latents have deviation 1. */
const LATENT_NOISE = 0.3;

/** Share of the structural loss against the absolute one. */
const SSIM_WEIGHT = 0.15;

/** The decoder's form: the inverse DCGAN of the patent's choice. */
const DECODER = { residualLayers: 1 } as const;

export interface GeneratorOptions extends Omit<TrainOptions, 'batch' | 'learningRate'> {
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly seed: number;
}

/** A trained auto-encoder of faces, whose decoder is the generator. */
export interface TrainedGenerator {
  readonly weights: Weights;
  /** Mean and Cholesky factor of the latents of the training faces: standard normal numbers become latents by them. */
  readonly latentMean: Float32Array;
  /** [Z,Z], upper triangular: latent = mean + normal * factor. */
  readonly latentFactor: Float32Array;
}

/**
 * Trains a generator of faces: an auto-encoder (strided convolutions down, the inverse DCGAN up) with noise on its batch-normalised latents, and a
 * Gaussian fitted to the latents after training. Losses: absolute difference and SSIM. It has no adversary, so its faces are soft, but it trains on
 * two cores and its latents cover every training face.
 *
 * @param faces - planar [3,128,128] each, RGB, 0..255, of training people alone.
 */
export async function trainGenerator(
  faces: readonly Uint8Array[],
  options: GeneratorOptions,
): Promise<TrainedGenerator> {
  const { batchSize = 32, learningRate = 1e-3, seed } = options;
  const problem: Problem = {
    name: 'generator',
    seed,
    optimiser: adam({ beta1: 0.9, beta2: 0.99 }),
    batch: {
      face: { shape: [batchSize, 3, FACE_SIZE_PX, FACE_SIZE_PX] },
      noise: { shape: [batchSize, LATENT_SIZE] },
    },
    build: (parameters, batch) => {
      const face = batch.face as Value;
      const latent = add(faceLatent(scope(parameters, 'encoder'), face), batch.noise as Value);
      const made = inverseDcgan(scope(parameters, 'decoder'), latent, DECODER);
      const [absolute, structure] = [l1(made, face), sub(1, ssim(made, face))];
      return { loss: add(absolute, mul(structure, SSIM_WEIGHT)), figures: { l1: absolute, dssim: structure } };
    },
  };
  const weights = await train(problem, {
    ...options,
    learningRate: cosineSchedule(learningRate, options.steps),
    batch: (step) => {
      const random = new Random(seed).fork(`batch ${step}`);
      const chosen = Array.from({ length: batchSize }, () => faces[random.integer(faces.length)] as Uint8Array);
      return {
        face: faceBatch(chosen.map((face) => ({ face, mirrored: random.uniform() < 0.5 }))),
        noise: float32(random.normals(batchSize * LATENT_SIZE, LATENT_NOISE), [batchSize, LATENT_SIZE]),
      };
    },
  });
  return finishGenerator(faces, weights);
}

/** Fits the Gaussian of the latents to a trained auto-encoder: what makes it a generator. Cost: one pass over the faces. */
export async function finishGenerator(faces: readonly Uint8Array[], weights: Weights): Promise<TrainedGenerator> {
  return { weights, ...gaussianOf(await latentsOf(faces, weights)) };
}

/** The generator as a model: input `latent` [N,256], standard normal; output `face` [N,3,128,128], RGB, 0..1. */
export function generatorGraph(trained: TrainedGenerator, metadata: Readonly<Record<string, string>> = {}): Graph {
  const builder = new GraphBuilder('generator');
  const normal = builder.input('latent', [1, LATENT_SIZE]);
  const factor = builder.constant(float32(trained.latentFactor, [LATENT_SIZE, LATENT_SIZE]), 'latent_factor');
  const mean = builder.constant(float32(trained.latentMean, [1, LATENT_SIZE]), 'latent_mean');
  const decoder = scope(new FrozenParameters(builder, trained.weights), 'decoder');
  builder.output('face', inverseDcgan(decoder, add(matMul(normal, factor), mean), DECODER));
  builder.describe({ kind: 'generator', ...metadata });
  return withFreeBatch(builder.build());
}

/** Reads a generator's file. @throws ModelFileError where the graph is none. */
export function generatorModel(graph: Graph): Generator {
  const size = graph.inputs.find(({ name }) => name === 'latent')?.shape?.[1];
  if (typeof size !== 'number' || !graph.outputs.some(({ name }) => name === 'face')) {
    throw new ModelFileError(`graph "${graph.name}" is no generator`, {
      hint: 'train one with `faceward train generator`',
    });
  }
  return { graph, latentSize: size };
}

/** Planar faces, some of them mirrored, as [N,3,128,128] in 0..1. */
export function faceBatch(
  items: readonly { readonly face: Uint8Array; readonly mirrored?: boolean }[],
): TypedTensor<'float32'> {
  const out = new Float32Array(items.length * FACE_NUMBERS);
  items.forEach(({ face, mirrored }, n) => {
    for (let i = 0; i < FACE_NUMBERS; i++) {
      const column = i % FACE_SIZE_PX;
      const from = mirrored ? i - column + (FACE_SIZE_PX - 1 - column) : i;
      out[n * FACE_NUMBERS + i] = (face[from] as number) / 255;
    }
  });
  return float32(out, [items.length, 3, FACE_SIZE_PX, FACE_SIZE_PX]);
}

/** Face [N,3,128,128] -> latent [N,256], each number of mean 0 and deviation 1 over the faces. */
function faceLatent(p: Parameters, face: Value): Value {
  let x = sub(mul(face, 2), 1);
  [16, 32, 64, 128, 256].forEach((channels, i) => {
    const block = scope(p, `block${i + 1}`);
    x = conv2d(scope(block, 'conv'), x, channels, { kernel: 4, stride: 2, pad: 1, bias: false });
    x = leakyRelu(batchNorm(scope(block, 'norm'), x), 0.2);
  });
  return batchNorm(scope(p, 'latent.norm'), linear(scope(p, 'latent'), flatten(x), LATENT_SIZE, { bias: false }));
}

async function latentsOf(faces: readonly Uint8Array[], weights: Weights): Promise<Float32Array[]> {
  const batch = 32;
  const builder = new GraphBuilder('latents');
  const face = builder.input('face', [batch, 3, FACE_SIZE_PX, FACE_SIZE_PX]);
  builder.output('latent', faceLatent(scope(new FrozenParameters(builder, weights), 'encoder'), face));
  const session = await createSession(builder.build());
  const latents: Float32Array[] = [];
  for (let first = 0; first < faces.length; first += batch) {
    const items = Array.from({ length: batch }, (_, i) => ({
      face: faces[Math.min(first + i, faces.length - 1)] as Uint8Array,
    }));
    const { latent } = await session.run({ face: faceBatch(items) });
    if (latent?.dtype !== 'float32') throw new ModelFileError('the auto-encoder gives no float32 latents');
    for (let i = 0; i < batch && first + i < faces.length; i++)
      latents.push(latent.data.slice(i * LATENT_SIZE, (i + 1) * LATENT_SIZE));
  }
  await session.release();
  return latents;
}

function gaussianOf(latents: readonly Float32Array[]): { latentMean: Float32Array; latentFactor: Float32Array } {
  const mean = new Float32Array(LATENT_SIZE);
  for (const latent of latents)
    for (let i = 0; i < LATENT_SIZE; i++) mean[i] = (mean[i] as number) + (latent[i] as number) / latents.length;
  const centred = new Matrix(latents.map((latent) => Array.from(latent, (value, i) => value - (mean[i] as number))));
  const covariance = centred.transpose().mmul(centred).div(latents.length);
  // Latents that hardly vary get a little of the training's noise, so that the factor exists.
  for (let i = 0; i < LATENT_SIZE; i++) covariance.set(i, i, covariance.get(i, i) + 1e-3);
  const lower = new CholeskyDecomposition(covariance).lowerTriangularMatrix;
  return { latentMean: mean, latentFactor: Float32Array.from(lower.transpose().to1DArray()) };
}
