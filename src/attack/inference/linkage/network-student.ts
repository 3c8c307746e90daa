import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { withFreeBatch } from '../../../graph/graph.ts';
import { relu } from '../../../graph/ops/activation.ts';
import { abs } from '../../../graph/ops/arithmetic.ts';
import { concat } from '../../../graph/ops/indexing.ts';
import { flatten } from '../../../graph/ops/shape.ts';
import { float32, joinRows } from '../../../graph/tensor.ts';
import { batchNorm, conv2d, linear, residual } from '../../../nn/layers.ts';
import { cosineLoss } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import { FrozenParameters, type Parameters, scope } from '../../../nn/parameters.ts';
import { cosineSchedule, type Problem, train } from '../../../nn/training.ts';
import { Random } from '../../../util/random.ts';
import { requireMaskedShape } from '../../masked-shape.ts';
import { openRowFunction } from '../attribute/row-function.ts';
import { centredRows, meanRow } from './held-out.ts';
import type { LinkageStudent, MaskedFace } from './student.ts';

/** Pairs in a step. */
const BATCH_SIZE = 32;

const STEPS = 400;

/** Peak of the learning rate. */
const LEARNING_RATE = 3e-3;

/** Steps over which weights are averaged: a short training has no long memory. */
const AVERAGE_STEPS = 50;

/** Channels before, in and after the middle, and the side from which on the middle begins. */
const CHANNELS = { early: 24, middle: 48, late: 96 } as const;
const MIDDLE_PX = 14;

/**
 * A small convolutional network that is trained to give a masked face's template, by the angle between them.
 *
 * Cost: 400 steps of 32 faces; of [36,14,14] 24 M multiply-adds a face forwards.
 */
export const networkStudent: LinkageStudent = {
  name: 'network',
  description: 'A small convolutional network, trained by the cosine similarity of what it gives to the template.',
  train: async (pairs, options) => {
    requireMaskedShape(
      pairs.map(({ masked }) => masked),
      options.shape,
    );
    const { shape, seed, steps = STEPS } = options;
    const templates = pairs.map(({ template }) => template);
    const directions = centredRows(templates, meanRow(templates));
    const size = directions[0]?.length ?? 0;
    const inputs = { masked: [BATCH_SIZE, ...shape], template: [BATCH_SIZE, size] };
    const problem: Problem = {
      name: 'linkage student',
      seed,
      optimiser: adam(),
      batch: { masked: { shape: inputs.masked }, template: { shape: inputs.template } },
      build: (p, { masked, template }) => ({
        loss: cosineLoss(studentNetwork(p, masked as Value, size), template as Value),
      }),
    };
    const weights = await train(problem, {
      ...options,
      steps,
      averageSteps: AVERAGE_STEPS,
      learningRate: cosineSchedule(LEARNING_RATE, steps),
      batch: (step) => {
        const random = new Random(seed).fork(`batch ${step}`);
        const rows = Array.from({ length: BATCH_SIZE }, () => random.integer(pairs.length));
        return {
          masked: float32(joinRows(rows.map((row) => (pairs[row] as MaskedFace).masked)), inputs.masked),
          template: float32(joinRows(rows.map((row) => directions[row] as Float32Array)), inputs.template),
        };
      },
    });
    const builder = new GraphBuilder('linkage_student');
    const masked = builder.input('masked', [1, ...shape]);
    builder.output('template', studentNetwork(new FrozenParameters(builder, weights), masked, size));
    return openRowFunction(withFreeBatch(builder.build()), options);
  },
};

/**
 * Masked faces [N,C,h,w] -> [N,size]. It sees the numbers and their magnitudes, both normalised, and weighs the last maps place by place, since faces are aligned: a mean over places would lose where
 * an eye is.
 */
function studentNetwork(p: Parameters, masked: Value, size: number): Value {
  let x = batchNorm(scope(p, 'input'), concat([masked, abs(masked)], 1));
  for (let halving = 1; (x.shape[2] as number) > MIDDLE_PX; halving++)
    x = layer(scope(p, `early${halving}`), x, CHANNELS.early, 2);
  x = residual(scope(p, 'middle.residual'), layer(scope(p, 'middle'), x, CHANNELS.middle, 1));
  x = residual(scope(p, 'late.residual'), layer(scope(p, 'late'), x, CHANNELS.late, 2));
  const [, channels, heightPx, widthPx] = x.shape as [number, number, number, number];
  const kernel = Math.min(heightPx, widthPx);
  const weighed = conv2d(scope(p, 'places'), x, channels, { kernel, pad: 0, groups: channels, bias: false });
  return linear(scope(p, 'template'), flatten(batchNorm(scope(p, 'places.norm'), weighed)), size);
}

function layer(p: Parameters, x: Value, channels: number, stride: 1 | 2): Value {
  return relu(batchNorm(scope(p, 'norm'), conv2d(scope(p, 'conv'), x, channels, { kernel: 3, stride, bias: false })));
}
