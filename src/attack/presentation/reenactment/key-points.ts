import type { Value } from '../../../graph/builder.ts';
import { softmax } from '../../../graph/ops/activation.ts';
import { div, exp, mul, square, sub } from '../../../graph/ops/arithmetic.ts';
import { conv } from '../../../graph/ops/convolution.ts';
import { slice } from '../../../graph/ops/indexing.ts';
import { matMul } from '../../../graph/ops/matrix.ts';
import { reduceSum } from '../../../graph/ops/reduction.ts';
import { reshape } from '../../../graph/ops/shape.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import { he, type Parameters, scope } from '../../../nn/parameters.ts';
import { hourglass } from './hourglass.ts';
import { pixelCentres } from './places.ts';
import type { ReenactorShape } from './reenactor-shape.ts';

/** Key points of pictures, as values of a graph. */
export interface KeyPointValues {
  /** [N,K,2]: x and y in units of places. */
  readonly points: Value;
  /** [N,K,2,2]: how the surroundings of each point lie, against those of an abstract reference picture that never is needed. */
  readonly jacobians: Value;
}

/** Side of the kernel that makes maps of features: 7 as published, which costs as much as the whole hourglass before it and sees no more. */
const KERNEL = 3;

/** What a heatmap's numbers are divided by before their softmax: below 1, points are sharper. */
const TEMPERATURE = 0.1;

/** Variance of the spots by which motion is shown where points are, in squares of places' unit. */
const SPOT_VARIANCE = 0.01;

/**
 * Key points of pictures [N,3,S,S], RGB, 0..1, found without anybody having said where: each is the mean place of a heatmap, and the mean of four maps of
 * numbers under it. At first all surroundings lie as in the reference picture.
 *
 * Source: Siarohin et al. 2019, section 3.1; but heatmaps of the pictures' own size, where theirs lose six pixels of the edge.
 *
 * @param pictures - of the shape's `motionPx`.
 */
export function findKeyPoints(p: Parameters, pictures: Value, shape: ReenactorShape): KeyPointValues {
  const { keyPoints: count, motionPx } = shape;
  const n = pictures.shape[0] as number;
  const pixels = motionPx ** 2;
  const features = hourglass(scope(p, 'hourglass'), pictures, shape.motionWidths);
  const maps = keyPointMaps(p, features, count);
  const heat = softmax(div(reshape(channelsOf(maps, 0, count), [n, count, pixels]), TEMPERATURE), 2);
  const points = matMul(heat, pixelCentres(p.builder, motionPx));
  const numbers = reshape(channelsOf(maps, count, 5 * count), [n, count, 4, pixels]);
  const means = reduceSum(mul(numbers, reshape(heat, [n, count, 1, pixels])), [3]);
  return { points, jacobians: reshape(means, [n, count, 2, 2]) };
}

/** One map of heat for each point, then four of numbers; the latter begin as the identity everywhere. */
function keyPointMaps(p: Parameters, features: Value, count: number): Value {
  const inputs = features.shape[1] as number;
  const fanIn = inputs * KERNEL ** 2;
  const own = scope(p, 'maps');
  const weight = own.weight('weight', [5 * count, inputs, KERNEL, KERNEL], (whole, random) => {
    const numbers = new Float32Array(sizeOf(whole));
    numbers.set(he(fanIn)([count, inputs, KERNEL, KERNEL], random));
    return numbers;
  });
  const bias = own.weight('bias', [5 * count], () =>
    Float32Array.from({ length: 5 * count }, (_, i) => (i >= count && ((i - count) % 4) % 3 === 0 ? 1 : 0)),
  );
  const pad = (KERNEL - 1) / 2;
  return conv(features, weight, { bias, pads: [pad, pad, pad, pad] });
}

/** A Gaussian spot about each point: [N,K,M,M], 1 in its middle. */
export function spotsAt(points: Value, sidePx: number): Value {
  const [n, count] = points.shape as readonly number[] as [number, number];
  const centres = reshape(pixelCentres(points.builder, sidePx), [1, 1, sidePx ** 2, 2]);
  const squares = reduceSum(square(sub(centres, reshape(points, [n, count, 1, 2]))), [3]);
  return reshape(exp(mul(squares, -0.5 / SPOT_VARIANCE)), [n, count, sidePx, sidePx]);
}

const channelsOf = (x: Value, from: number, to: number): Value => slice(x, { starts: [from], ends: [to], axes: [1] });
