import type { Value } from '../../../graph/builder.ts';
import { sigmoid, softmax } from '../../../graph/ops/activation.ts';
import { mul, sub } from '../../../graph/ops/arithmetic.ts';
import { gridSample } from '../../../graph/ops/grid-sampling.ts';
import { concat, slice } from '../../../graph/ops/indexing.ts';
import { matMul } from '../../../graph/ops/matrix.ts';
import { reduceSum } from '../../../graph/ops/reduction.ts';
import { reshape, transpose } from '../../../graph/ops/shape.ts';
import { conv2d } from '../../../nn/layers.ts';
import { type Parameters, scope } from '../../../nn/parameters.ts';
import { hourglass } from './hourglass.ts';
import { type KeyPointValues, spotsAt } from './key-points.ts';
import { invert2x2, mapPlaces, pixelCentres } from './places.ts';
import type { ReenactorShape } from './reenactor-shape.ts';

/** How every pixel of the frame moves, as values of a graph. */
export interface DenseMotion {
  /** [N,2,M,M], x then y: where in the source each pixel of the frame lies, less its own place; in units of places. */
  readonly displacements: Value;
  /** [N,1,M,M]: the share of each pixel that the source can show, 0..1; the rest has to be painted. */
  readonly shown: Value;
}

/**
 * How the source moves when its key points go where the driver's are: about each point the motion is affine, to first order, and a network says which of these motions, or rest, each pixel takes.
 *
 * Source: Siarohin et al. 2019, section 3.2 and equation 4.
 *
 * @param source - [N,3,M,M], RGB, 0..1, of the shape's `motionPx`.
 */
export function denseMotion(
  p: Parameters,
  source: Value,
  keyPoints: { readonly source: KeyPointValues; readonly driving: KeyPointValues },
  shape: ReenactorShape,
): DenseMotion {
  const { motionPx: side, keyPoints: count } = shape;
  const n = source.shape[0] as number;
  const centres = pixelCentres(p.builder, side);
  const places = sparseMotions(keyPoints.source, keyPoints.driving, centres);
  const spots = sub(spotsAt(keyPoints.driving.points, side), spotsAt(keyPoints.source.points, side));
  const moved = movedBySparse(source, places, side);
  const features = hourglass(scope(p, 'hourglass'), concat([spots, source, moved], 1), shape.motionWidths);
  // One convolution for both: the weights of rest and of the points' motions, then what is shown.
  const maps = conv2d(scope(p, 'maps'), features, count + 2, { kernel: 3 });
  const weights = softmax(slice(maps, { starts: [0], ends: [count + 1], axes: [1] }), 1);
  const ofPoints = reshape(slice(weights, { starts: [1], ends: [count + 1], axes: [1] }), [n, count, side ** 2, 1]);
  const sum = reduceSum(mul(sub(places, reshape(centres, [1, 1, side ** 2, 2])), ofPoints), [1]);
  return {
    displacements: reshape(transpose(sum, [0, 2, 1]), [n, 2, side, side]),
    shown: sigmoid(slice(maps, { starts: [count + 1], ends: [count + 2], axes: [1] })),
  };
}

/** For each key point where the frame's places lie in the source if all move as its surroundings do: [N,K,P,2]. */
export function sparseMotions(source: KeyPointValues, driving: KeyPointValues, places: Value): Value {
  const [n, count] = source.points.shape as readonly number[] as [number, number];
  const matrices = matMul(source.jacobians, invert2x2(driving.jacobians));
  const column = (points: Value): Value => reshape(points, [n, count, 2, 1]);
  const offsets = sub(column(source.points), matMul(matrices, column(driving.points)));
  return mapPlaces(matrices, reshape(offsets, [n, count, 2]), places);
}

/** The source under each sparse motion: [N, 3K, M, M], colour by colour. */
function movedBySparse(source: Value, places: Value, side: number): Value {
  const [n, count] = places.shape as readonly number[] as [number, number];
  // The motions lie below each other in one tall grid, so that the source need not be repeated.
  const tall = gridSample(source, reshape(places, [n, count * side, side, 2]), { padding: 'border' });
  return reshape(tall, [n, 3 * count, side, side]);
}
