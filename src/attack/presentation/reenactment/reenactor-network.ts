import type { Value } from '../../../graph/builder.ts';
import { add, exp, mul, square, sub } from '../../../graph/ops/arithmetic.ts';
import { averagePool } from '../../../graph/ops/pooling.ts';
import { reduceMean } from '../../../graph/ops/reduction.ts';
import { reshape } from '../../../graph/ops/shape.ts';
import { type Parameters, scope } from '../../../nn/parameters.ts';
import { denseMotion } from './dense-motion.ts';
import { findKeyPoints, type KeyPointValues } from './key-points.ts';
import { moveSource, paint, sourceFeatures } from './painter.ts';
import { resizeTo } from './places.ts';
import type { ReenactorShape } from './reenactor-shape.ts';

/** A mean squared change of key points and Jacobians from which on about two thirds of what is painted is seen. */
const STIRRED = 0.01 ** 2;

/** What a source gives, once for all frames. */
export interface SourceValues {
  /** [N,3,S,S], RGB, 0..1. */
  readonly picture: Value;
  readonly keyPoints: KeyPointValues;
  readonly features: Value;
}

/** A frame, and what it is made of. */
export interface FrameValues {
  /** [N,3,S,S], RGB, 0..1: the moved source where it can show the frame, else what was painted. */
  readonly picture: Value;
  /** [N,3,S,S]. */
  readonly painted: Value;
  /** [N,2,M,M], as of {@link denseMotion}. */
  readonly displacements: Value;
  /** [N,1,M,M]: the share of what was painted, 0..1; 0 everywhere where the key points are the source's own. */
  readonly hidden: Value;
}

/** The key points of pictures [N,3,S,S], RGB, 0..1. */
export const keyPointsOf = (p: Parameters, pictures: Value, shape: ReenactorShape): KeyPointValues =>
  findKeyPoints(scope(p, 'points'), forMotion(pictures, shape), shape);

/** What the painter needs of a source: see {@link sourceFeatures}. */
export const featuresOf = (p: Parameters, source: Value, shape: ReenactorShape): Value =>
  sourceFeatures(scope(p, 'painter'), source, shape);

/**
 * The frame in which the source's key points are where the driver's are.
 *
 * Source: Siarohin et al. 2019. What is ours: the frame is the moved source itself wherever the occlusion map says that it can show it, and the painter's picture elsewhere, so that the same motion
 * moves a photo of any resolution; and a face that has not moved needs no painting.
 */
export function frameOf(
  p: Parameters,
  source: SourceValues,
  driving: KeyPointValues,
  shape: ReenactorShape,
): FrameValues {
  const motion = denseMotion(
    scope(p, 'motion'),
    forMotion(source.picture, shape),
    { source: source.keyPoints, driving },
    shape,
  );
  const painted = paint(scope(p, 'painter'), source.features, motion, shape);
  const hidden = mul(sub(1, motion.shown), stirredBy(source.keyPoints, driving));
  const moved = moveSource(source.picture, motion);
  const picture = add(moved, mul(sub(painted, moved), resizeTo(hidden, shape.sizePx)));
  return { picture, painted, displacements: motion.displacements, hidden };
}

/** Pictures at the size at which motion is looked for. */
export function forMotion(pictures: Value, { sizePx, motionPx }: ReenactorShape): Value {
  const step = sizePx / motionPx;
  return step === 1 ? pictures : averagePool(pictures, [step, step], { strides: [step, step] });
}

/** From 0 where all key points are where they were up to 1: [N,1,1,1]. */
function stirredBy(one: KeyPointValues, other: KeyPointValues): Value {
  const n = one.points.shape[0] as number;
  const change = add(
    reduceMean(square(sub(one.points, other.points)), [1, 2]),
    reduceMean(square(sub(one.jacobians, other.jacobians)), [1, 2, 3]),
  );
  return reshape(sub(1, exp(mul(change, -1 / STIRRED))), [n, 1, 1, 1]);
}
