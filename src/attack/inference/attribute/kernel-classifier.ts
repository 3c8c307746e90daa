import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { cos } from '../../../graph/ops/arithmetic.ts';
import { gemm } from '../../../graph/ops/matrix.ts';
import { float32 } from '../../../graph/tensor.ts';
import { Random } from '../../../util/random.ts';
import type { AttributeAttack } from './attack.ts';
import { requireExamples } from './examples.ts';
import { discriminate, fitDiscriminant } from './linear-discriminant.ts';
import { openAttributeModel, openRowFunction } from './row-function.ts';
import { type DirectionScale, directionScale, standardiseDirections } from './standardised-embedding.ts';

/** Random features that stand for the kernel. */
const FEATURES = 1024;

/** Pairs whose distances set the kernel's width. */
const PAIRS = 500;

const RIDGE = 1;

/**
 * A Gaussian kernel on an embedding's direction, as wide as the median distance of two examples, by random Fourier features and a discriminant in closed form: what a kernel machine reads, where
 * classes are parted by no line.
 *
 * Source: Rahimi and Recht, Random Features for Large-Scale Kernel Machines, NeurIPS 2007.
 */
export const gaussianKernel: AttributeAttack = {
  id: 'kernel',
  name: 'Gaussian kernel',
  sees: 'embedding',
  train: async (examples, options) => {
    requireExamples(examples);
    const random = new Random(options.seed).fork('kernel');
    const kernel = randomKernel(examples.inputs, random);
    const map = await openRowFunction(
      graphOf(kernel, (features) => features),
      options,
    );
    const features = await map.apply(examples.inputs);
    await map.close();
    const rule = await fitDiscriminant(features, examples.labels, { ...options, ridge: RIDGE });
    return openAttributeModel(
      graphOf(kernel, (values) => discriminate(values, rule)),
      options,
    );
  },
};

interface Kernel {
  readonly scale: DirectionScale;
  /** [D,FEATURES] */
  readonly frequencies: Float32Array;
  /** [FEATURES], radians. */
  readonly phases: Float32Array;
}

function randomKernel(inputs: readonly Float32Array[], random: Random): Kernel {
  const size = inputs[0]?.length ?? 0;
  const scale = directionScale(inputs);
  return {
    scale,
    frequencies: random.normals(size * FEATURES, 1 / medianDistance(inputs, scale, random)),
    phases: Float32Array.from({ length: FEATURES }, () => 2 * Math.PI * random.uniform()),
  };
}

/** Of two random examples, at the scale. */
function medianDistance(inputs: readonly Float32Array[], { factor }: DirectionScale, random: Random): number {
  const directions = (): Float32Array => {
    const input = inputs[random.integer(inputs.length)] as Float32Array;
    const norm = Math.hypot(...input) || 1;
    return input.map((value) => value / norm);
  };
  const distances = Array.from({ length: PAIRS }, () => {
    const [a, b] = [directions(), directions()];
    return factor * Math.hypot(...a.map((value, i) => value - (b[i] as number)));
  }).sort((a, b) => a - b);
  return distances[PAIRS >> 1] || 1;
}

/** Embeddings [N,D] -> what `end` makes of the kernel's features [N,FEATURES]. */
function graphOf({ scale, frequencies, phases }: Kernel, end: (features: Value) => Value): Graph {
  const builder = new GraphBuilder('gaussian_kernel');
  const size = scale.mean.length;
  const directions = standardiseDirections(builder.input('embedding', [1, size]), scale);
  const weight = builder.constant(float32(frequencies, [size, FEATURES]), 'frequencies');
  const bias = builder.constant(float32(phases, [FEATURES]), 'phases');
  builder.output('result', end(cos(gemm(directions, weight, { bias }))));
  return withFreeBatch(builder.build());
}
