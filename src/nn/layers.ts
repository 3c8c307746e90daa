import type { Value } from '../graph/builder.ts';
import { relu } from '../graph/ops/activation.ts';
import { add, maximum, mul, square, sub } from '../graph/ops/arithmetic.ts';
import { conv, convTranspose } from '../graph/ops/convolution.ts';
import { gather } from '../graph/ops/indexing.ts';
import { gemm } from '../graph/ops/matrix.ts';
import { instanceNorm, layerNorm, normaliseChannels } from '../graph/ops/normalisation.ts';
import { reduceMean } from '../graph/ops/reduction.ts';
import { reshape, unflatten } from '../graph/ops/shape.ts';
import { float32 } from '../graph/tensor.ts';
import { filled, he, normal, type Parameters, scope } from './parameters.ts';

/** Share of the old running mean kept at each step. */
const MOMENTUM = 0.95;

/** x [N,I] -> [N,units]. */
export function linear(p: Parameters, x: Value, units: number, options: { readonly bias?: boolean } = {}): Value {
  const features = x.shape[1] as number;
  const weight = p.weight('weight', [features, units], he(features));
  const bias = options.bias === false ? undefined : p.weight('bias', [units], filled(0));
  return gemm(x, weight, { bias });
}

/** Options of {@link conv2d} and {@link convTranspose2d}. */
export interface Conv2dOptions {
  readonly kernel: number;
  readonly stride?: number;
  /** On all four sides; default: half the kernel, so that stride 1 keeps the size. */
  readonly pad?: number;
  readonly groups?: number;
  /** Default true; of no use before a normalisation. */
  readonly bias?: boolean;
}

/** x [N,C,H,W] -> [N,channels,H',W']. */
export function conv2d(p: Parameters, x: Value, channels: number, options: Conv2dOptions): Value {
  const { kernel, stride = 1, pad = Math.floor(kernel / 2), groups = 1 } = options;
  const perGroup = (x.shape[1] as number) / groups;
  const weight = p.weight('weight', [channels, perGroup, kernel, kernel], he(perGroup * kernel * kernel));
  const bias = options.bias === false ? undefined : p.weight('bias', [channels], filled(0));
  return conv(x, weight, { bias, strides: [stride, stride], pads: [pad, pad, pad, pad], groups });
}

/** x [N,C,H,W] -> [N,channels,H',W'] with H' = (H-1) stride - 2 pad + kernel + outputPad. @param options.outputPad - rows and columns more below and to the right; default 0. */
export function convTranspose2d(
  p: Parameters,
  x: Value,
  channels: number,
  options: Conv2dOptions & { readonly outputPad?: number },
): Value {
  const { kernel, stride = 1, pad = Math.floor(kernel / 2), outputPad = 0 } = options;
  const inputs = x.shape[1] as number;
  // Each output pixel is reached by (kernel / stride)^2 places of the kernel.
  const weight = p.weight('weight', [inputs, channels, kernel, kernel], he((inputs * kernel * kernel) / stride ** 2));
  const bias = options.bias === false ? undefined : p.weight('bias', [channels], filled(0));
  return convTranspose(x, weight, {
    bias,
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    outputPadding: [outputPad, outputPad],
  });
}

/**
 * Batch normalisation of x [N,C] or [N,C,H,W]. In training the batch's own mean and variance are used (E[x^2] - E[x]^2: two reductions and one pass),
 * and running means are kept for the finished model. Source: Ioffe and Szegedy 2015.
 *
 * @param options.firstScale - what the scale begins with; default 1.
 */
export function batchNorm(
  p: Parameters,
  x: Value,
  options: { readonly epsilon?: number; readonly firstScale?: number } = {},
): Value {
  const { epsilon = 1e-5, firstScale = 1 } = options;
  const channels = x.shape[1] as number;
  const scale = p.weight('scale', [channels], filled(firstScale));
  const bias = p.weight('bias', [channels], filled(0));
  const runningMean = p.buffer('mean', [channels], filled(0));
  const runningVariance = p.buffer('variance', [channels], filled(1));
  if (!p.training) {
    return normaliseChannels(x, { scale, bias, mean: runningMean, variance: runningVariance }, epsilon);
  }
  const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const mean = reduceMean(x, axes);
  const variance = maximum(sub(reduceMean(square(x), axes), square(mean)), 0);
  const blend = (old: Value, now: Value): Value => add(mul(old, MOMENTUM), mul(now, 1 - MOMENTUM));
  p.update('mean', blend(runningMean, mean));
  p.update('variance', blend(runningVariance, variance));
  return normaliseChannels(x, { scale, bias, mean, variance }, epsilon);
}

/** Instance normalisation of x [N,C,H,W] with learnt scale and bias. @param options.firstScale - what the scale begins with; default 1. */
export function instanceNorm2d(p: Parameters, x: Value, options: { readonly firstScale?: number } = {}): Value {
  const channels = x.shape[1] as number;
  const scale = p.weight('scale', [channels], filled(options.firstScale ?? 1));
  return instanceNorm(x, scale, p.weight('bias', [channels], filled(0)));
}

/**
 * Group normalisation of x [N,C] or [N,C,...]: the channels of a group together have mean 0 and deviation 1 in each example, whatever the rest of the batch is; with learnt
 * scale and bias. Source: Wu and He 2018.
 *
 * @param options.groups - a divisor of the channels.
 * @param options.firstScale - what the scale begins with; default 1.
 */
export function groupNorm(
  p: Parameters,
  x: Value,
  options: { readonly groups: number; readonly firstScale?: number; readonly epsilon?: number },
): Value {
  const { groups, firstScale = 1, epsilon = 1e-5 } = options;
  const [, channels, ...space] = x.shape as [number, number, ...number[]];
  const { builder } = p;
  const each = (value: number): Value =>
    builder.constant(float32(new Float32Array(groups).fill(value), [groups]), 'group');
  const numbers = (channels / groups) * space.reduce((product, extent) => product * extent, 1);
  const unit = unflatten(instanceNorm(unflatten(x, [groups, numbers]), each(1), each(0), epsilon), [
    channels,
    ...space,
  ]);
  const perChannel = (value: Value): Value => reshape(value, [channels, ...space.map(() => 1)]);
  const scale = perChannel(p.weight('scale', [channels], filled(firstScale)));
  return add(mul(unit, scale), perChannel(p.weight('bias', [channels], filled(0))));
}

/** Layer normalisation of x [N,F]. */
export function layerNorm1d(p: Parameters, x: Value): Value {
  const features = x.shape[1] as number;
  return layerNorm(x, p.weight('scale', [features], filled(1)), p.weight('bias', [features], filled(0)));
}

/**
 * Two 3x3 convolutions with batch normalisation around a shortcut: x [N,C,H,W] -> the same shape. Source: He et al. 2016. The last scale begins with 0, so that a new
 * layer first lets through what it gets (Goyal et al. 2017): without that each one sets a short training back.
 */
export function residual(p: Parameters, x: Value): Value {
  const channels = x.shape[1] as number;
  const first = relu(batchNorm(scope(p, 'norm1'), conv2d(scope(p, 'conv1'), x, channels, { kernel: 3, bias: false })));
  const second = batchNorm(scope(p, 'norm2'), conv2d(scope(p, 'conv2'), first, channels, { kernel: 3, bias: false }), {
    firstScale: 0,
  });
  return relu(add(x, second));
}

/** Row `index` (int64 [N]) of a learnt table: [N,features]. */
export function embedding(p: Parameters, index: Value, rows: number, features: number): Value {
  return gather(p.weight('table', [rows, features], normal(1 / Math.sqrt(features))), index, 0);
}
