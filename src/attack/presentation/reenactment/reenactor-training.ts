import type { Value } from '../../../graph/builder.ts';
import { add, mul } from '../../../graph/ops/arithmetic.ts';
import { gridSample } from '../../../graph/ops/grid-sampling.ts';
import { concat, slice } from '../../../graph/ops/indexing.ts';
import { reduceMean } from '../../../graph/ops/reduction.ts';
import { reshape } from '../../../graph/ops/shape.ts';
import { float32, type TypedTensor } from '../../../graph/tensor.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { adam } from '../../../nn/optimisers.ts';
import type { Parameters, Weights } from '../../../nn/parameters.ts';
import { cosineSchedule, type Objective, type Problem, type TrainOptions, train } from '../../../nn/training.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { distort, distortionShapes, drawDistortions, equivarianceLosses } from './equivariance.ts';
import type { KeyPointValues } from './key-points.ts';
import { pixelCentres } from './places.ts';
import { reconstructionLosses } from './reconstruction-losses.ts';
import { featuresOf, forMotion, frameOf, keyPointsOf } from './reenactor-network.ts';
import { type ReenactorShape, requireReenactorShape } from './reenactor-shape.ts';
import { createPairSource, type MovingFaces } from './training-pairs.ts';

/** Weights of the losses. */
export interface ReenactorLosses {
  /** Of the mean absolute difference, summed over sizes. */
  readonly absolute: number;
  /** Of that of Sobel gradients. */
  readonly edges: number;
  /** Of 1 - SSIM. */
  readonly structure: number;
  /** Of the same three on what was painted alone: the painter would learn nothing of what it is not yet asked for. */
  readonly painted: number;
  /** Of the mean share that is painted: where both would do, the photo is to be shown, which in use is sharper. */
  readonly hidden: number;
  /** Of key points that do not follow a distortion of the picture, and of their Jacobians. */
  readonly points: number;
  readonly jacobians: number;
}

/** Chosen so that the terms weigh about alike in the first steps. */
export const REENACTOR_LOSSES: ReenactorLosses = {
  absolute: 1,
  edges: 1,
  structure: 0.5,
  painted: 0.5,
  hidden: 0.1,
  points: 1,
  jacobians: 0.5,
};

/** How a reenactment network is trained. */
export interface ReenactorTrainingOptions extends Omit<TrainOptions, 'batch' | 'learningRate'> {
  readonly shape: ReenactorShape;
  readonly losses?: ReenactorLosses;
  /** Pairs in a step. */
  readonly batchSize: number;
  /** Peak of the learning rate. */
  readonly learningRate: number;
  readonly seed: number;
}

/**
 * Trains a reenactment network on pairs of frames of the same person: from one and the other's key points the other is to be made.
 *
 * Source: Siarohin et al., "First Order Motion Model for Image Animation" (2019). What is ours beside the network: no perceptual network judges the frames, and pairs may be one photo that was
 * moved twice.
 *
 * @param faces - of training people alone.
 * @throws InputError where there is nothing to draw from, or the shape is none.
 */
export async function trainReenactor(faces: MovingFaces, options: ReenactorTrainingOptions): Promise<Weights> {
  const { batchSize, learningRate, seed } = options;
  const shape = requireReenactorShape(options.shape);
  if (batchSize < 2) throw new InputError(`a batch of ${batchSize} pairs`, { hint: 'give at least two' });
  const pairs = createPairSource(faces, shape.sizePx);
  return train(reenactorProblem({ ...options, shape }), {
    ...options,
    learningRate: cosineSchedule(learningRate, options.steps),
    batch: (step) => {
      const random = new Random(seed).fork(`batch ${step}`);
      const drawn = Array.from({ length: batchSize }, (_, i) => pairs.draw(random.fork(`pair ${i}`)));
      const planar = (which: 0 | 1): TypedTensor<'float32'> =>
        float32(toPlanar(drawn.map((pair) => pair[which])), [batchSize, 3, shape.sizePx, shape.sizePx]);
      return {
        source: planar(0),
        driving: planar(1),
        ...drawDistortions(batchSize, random.fork('distortions')),
      };
    },
  });
}

/** The training as a problem of nn/; its weights begin with `points.`, `motion.` and `painter.`. */
function reenactorProblem(options: ReenactorTrainingOptions): Problem {
  const { shape, batchSize, seed } = options;
  const pictures = { shape: [batchSize, 3, shape.sizePx, shape.sizePx] };
  return {
    name: 'reenactor',
    seed,
    optimiser: adam({ beta1: 0.5, beta2: 0.99 }),
    clipNorm: 5,
    batch: { source: pictures, driving: pictures, ...distortionShapes(batchSize) },
    build: (parameters, batch) => objective(parameters, batch as Batch, options),
  };
}

/** A batch as values: [N,3,S,S] twice, and the distortions of the second. */
interface Batch {
  readonly source: Value;
  readonly driving: Value;
  readonly affine: Value;
  readonly bending: Value;
  readonly [name: string]: Value;
}

function objective(p: Parameters, batch: Batch, options: ReenactorTrainingOptions): Objective {
  const { shape, losses = REENACTOR_LOSSES, batchSize } = options;
  const distorted = distortedPictures(batch, shape);
  // All through one network in one pass: its normalisation sees them together.
  const small = [batch.source, batch.driving].map((pictures) => forMotion(pictures, shape));
  const found = keyPointsOf(p, concat([...small, distorted], 0), { ...shape, sizePx: shape.motionPx });
  const [ofSource, ofDriving, ofDistorted] = [0, 1, 2].map((part) => rowsOf(found, part, batchSize)) as [
    KeyPointValues,
    KeyPointValues,
    KeyPointValues,
  ];
  const source = { picture: batch.source, keyPoints: ofSource, features: featuresOf(p, batch.source, shape) };
  const frame = frameOf(p, source, ofDriving, shape);
  const [made, painted] = [frame.picture, frame.painted].map((pictures) =>
    reconstructionLosses(pictures, batch.driving),
  ) as [ReturnType<typeof reconstructionLosses>, ReturnType<typeof reconstructionLosses>];
  const hidden = reduceMean(frame.hidden);
  const kept = equivarianceLosses(ofDriving, ofDistorted, batch);
  const weighed = (of: ReturnType<typeof reconstructionLosses>): Value => {
    const plain = add(mul(of.absolute, losses.absolute), mul(of.edges, losses.edges));
    return of.structure ? add(plain, mul(of.structure, losses.structure)) : plain;
  };
  const loss = [
    weighed(made),
    mul(weighed(painted), losses.painted),
    mul(hidden, losses.hidden),
    mul(kept.points, losses.points),
    mul(kept.jacobians, losses.jacobians),
  ].reduce(add);
  return {
    loss,
    figures: {
      absolute: made.absolute,
      // What a photo that never moves would have: the network has learnt motion once it is well below.
      still: reconstructionLosses(batch.source, batch.driving).absolute,
      ...(made.structure ? { structure: made.structure } : {}),
      painted: painted.absolute,
      hidden,
      points: kept.points,
      jacobians: kept.jacobians,
    },
  };
}

/** The driving pictures under their distortions, as motion sees them: [N,3,M,M]. */
function distortedPictures(batch: Batch, shape: ReenactorShape): Value {
  const { motionPx: side } = shape;
  const places = distort(batch, pixelCentres(batch.driving.builder, side));
  const grid = reshape(places, [batch.driving.shape[0] as number, side, side, 2]);
  return gridSample(forMotion(batch.driving, shape), grid, { padding: 'border' });
}

/** One of several batches that went through together. */
function rowsOf({ points, jacobians }: KeyPointValues, part: number, count: number): KeyPointValues {
  const rows = (x: Value): Value => slice(x, { starts: [part * count], ends: [(part + 1) * count], axes: [0] });
  return { points: rows(points), jacobians: rows(jacobians) };
}
