import type { Value } from '../../graph/builder.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import type { Graph, ValueInfo } from '../../graph/graph.ts';
import { relu } from '../../graph/ops/activation.ts';
import { add } from '../../graph/ops/arithmetic.ts';
import { conv } from '../../graph/ops/convolution.ts';
import { float32 } from '../../graph/tensor.ts';
import type { Image } from '../../image/image.ts';
import { fromPlanar, toPlanar } from '../../image/tensor.ts';
import { conv2d, convTranspose2d } from '../../nn/layers.ts';
import { l1 } from '../../nn/losses.ts';
import { adam } from '../../nn/optimisers.ts';
import { FrozenParameters, filled, type Parameters, scope, type Weights } from '../../nn/parameters.ts';
import { cosineSchedule, type Problem, type TrainOptions, train } from '../../nn/training.ts';
import { createSession, type Session } from '../../runtime/session.ts';
import { InputError, ModelFileError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';

/** Channels at full size, and at half. */
const CHANNELS = { full: 16, half: 32 } as const;

/** How a denoiser is trained. */
export interface DenoiserOptions extends Omit<TrainOptions, 'batch' | 'learningRate'> {
  readonly batchSize: number;
  readonly learningRate: number;
  /** Largest deviation of the noise, of values in 0..1; each face gets one of its own from 0 on, so that a clean face is to be left as it is. */
  readonly noise: number;
  readonly seed: number;
}

/**
 * A small denoising auto-encoder: face [N,3,H,W] in 0..1 -> the same shape, the face plus what the network adds; H and W are even. It begins as the identity: its last kernel is 0.
 */
function denoisingNetwork(p: Parameters, face: Value): Value {
  const wide = relu(conv2d(scope(p, 'in'), face, CHANNELS.full, { kernel: 3 }));
  let x = relu(conv2d(scope(p, 'down'), wide, CHANNELS.half, { kernel: 4, stride: 2, pad: 1 }));
  for (const name of ['middle1', 'middle2']) x = add(x, relu(conv2d(scope(p, name), x, CHANNELS.half, { kernel: 3 })));
  const up = relu(convTranspose2d(scope(p, 'up'), x, CHANNELS.full, { kernel: 4, stride: 2, pad: 1 }));
  const kernel = p.weight('out.weight', [3, CHANNELS.full, 3, 3], filled(0));
  return add(face, conv(add(wide, up), kernel, { bias: p.weight('out.bias', [3], filled(0)), pads: [1, 1, 1, 1] }));
}

/**
 * Trains a denoiser on clean faces with Gaussian noise on them; it never sees an attack. Loss: mean absolute difference from the clean face.
 *
 * @param faces - of one even size, people of the training side.
 * @throws InputError where there is no face, or its size is odd.
 */
export function trainDenoiser(faces: readonly Image[], options: DenoiserOptions): Promise<Weights> {
  const { batchSize, learningRate, noise, seed } = options;
  const [first] = faces;
  if (!first) throw new InputError('a denoiser is trained on faces, and there are none');
  requireEven(first);
  const shape = [batchSize, 3, first.heightPx, first.widthPx];
  const problem: Problem = {
    name: 'denoiser',
    seed,
    optimiser: adam(),
    batch: { noisy: { shape }, clean: { shape } },
    build: (parameters, { noisy, clean }) => {
      const denoised = denoisingNetwork(parameters, noisy as Value);
      return { loss: l1(denoised, clean as Value), figures: { untouched: l1(noisy as Value, clean as Value) } };
    },
  };
  return train(problem, {
    ...options,
    learningRate: cosineSchedule(learningRate, options.steps),
    batch: (step) => {
      const random = new Random(seed).fork(`batch ${step}`);
      const clean = toPlanar(Array.from({ length: batchSize }, () => faces[random.integer(faces.length)] as Image));
      const noisy = new Float32Array(clean.length);
      const numbers = clean.length / batchSize;
      let deviation = 0;
      clean.forEach((value, i) => {
        if (i % numbers === 0) deviation = noise * random.uniform();
        noisy[i] = Math.min(1, Math.max(0, value + deviation * random.normal()));
      });
      return { noisy: float32(noisy, shape), clean: float32(clean, shape) };
    },
  });
}

/** The denoiser as a model: input `face`, output `denoised`, both [N,3,H,W], RGB, 0..1, of any even extent. */
export function denoiserGraph(weights: Weights, metadata: Readonly<Record<string, string>> = {}): Graph {
  const builder = new GraphBuilder('denoiser');
  builder.output(
    'denoised',
    denoisingNetwork(new FrozenParameters(builder, weights), builder.input('face', [1, 3, 2, 2])),
  );
  builder.describe({ kind: 'denoiser', ...metadata });
  const graph = builder.build();
  // Nothing in it but convolutions and sums: every extent will do.
  const free = (info: ValueInfo): ValueInfo => ({ ...info, shape: ['N', 3, 'H', 'W'] });
  return { ...graph, inputs: graph.inputs.map(free), outputs: graph.outputs.map(free) };
}

/** What removes noise from faces by a model of {@link denoiserGraph}; the session is opened with the first face. */
export function openDenoiser(model: Uint8Array | Graph): (face: Image) => Promise<Image> {
  let session: Promise<Session> | undefined;
  return async (face) => {
    requireEven(face);
    session ??= createSession(model);
    const opened = await session;
    if (!opened.inputNames.includes('face') || !opened.outputNames.includes('denoised')) {
      throw new ModelFileError('the model is no denoiser', { hint: 'train one with `faceward train denoiser`' });
    }
    const { denoised } = await opened.run({ face: float32(toPlanar([face]), [1, 3, face.heightPx, face.widthPx]) });
    if (denoised?.dtype !== 'float32') throw new ModelFileError('the denoiser gives no float32 face');
    const [image] = fromPlanar(denoised.data, face) as [Image];
    return image;
  };
}

function requireEven({ widthPx, heightPx }: Image): void {
  if (widthPx % 2 === 0 && heightPx % 2 === 0) return;
  throw new InputError(`a denoiser takes faces of even extent, not ${widthPx}x${heightPx} px`);
}
