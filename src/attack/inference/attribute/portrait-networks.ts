import type { Value } from '../../../graph/builder.ts';
import { relu } from '../../../graph/ops/activation.ts';
import { mul, sub } from '../../../graph/ops/arithmetic.ts';
import { globalAveragePool } from '../../../graph/ops/pooling.ts';
import { flatten } from '../../../graph/ops/shape.ts';
import { batchNorm, conv2d, linear, residual } from '../../../nn/layers.ts';
import { type Parameters, scope } from '../../../nn/parameters.ts';

/** Networks that read attributes off portraits, of different form: what hides from one may not hide from the other. */
export const PORTRAIT_NETWORKS = ['cnn', 'residual'] as const;

export type PortraitNetwork = (typeof PORTRAIT_NETWORKS)[number];

/** A layer of 3x3 convolutions: channels, and the stride. */
type Layer = readonly [channels: number, stride: 1 | 2];

/** 64 -> 32 -> 16 -> 8 -> 4 px. */
const CNN_LAYERS: readonly Layer[] = [
  [24, 2],
  [48, 2],
  [64, 1],
  [96, 2],
  [128, 1],
  [192, 2],
];

/** Channels at 16, 8 and 4 px. */
const RESIDUAL_CHANNELS = [48, 96, 160] as const;

/** What a network makes of a portrait before its last layer. */
const FEATURES: Readonly<Record<PortraitNetwork, (p: Parameters, portrait: Value) => Value>> = {
  cnn: cnnFeatures,
  residual: residualFeatures,
};

/**
 * Portraits [N,3,64,64], RGB, 0..1 -> log-odds [N,attributes].
 *
 * `cnn` is a plain stack of convolutions, each with batch normalisation and ReLU, whose last maps are weighed place by place (a depthwise convolution over all of them, as MobileFaceNet has it, since faces
 * are aligned): 0.43 M weights, 25 M multiply-adds. `residual` begins with patches of 4x4 px, goes on with residual layers, and averages over the places: 0.86 M weights, 34 M multiply-adds.
 *
 * @param options.dropout - [N,features] of {@link featureCount} that the features are multiplied with in training.
 */
export function portraitNetwork(
  p: Parameters,
  portrait: Value,
  options: { readonly network: PortraitNetwork; readonly attributes: number; readonly dropout?: Value | undefined },
): Value {
  const centred = mul(sub(portrait, 0.5), 4);
  const features = FEATURES[options.network](p, centred);
  const kept = options.dropout ? mul(features, options.dropout) : features;
  return linear(scope(p, 'head'), kept, options.attributes);
}

/** Numbers that a network's last layer sees. */
export const featureCount = (network: PortraitNetwork): number =>
  network === 'cnn' ? (CNN_LAYERS.at(-1)?.[0] ?? 0) : RESIDUAL_CHANNELS[2];

function cnnFeatures(p: Parameters, portrait: Value): Value {
  let x = portrait;
  CNN_LAYERS.forEach(([channels, stride], i) => {
    x = normalised(scope(p, `layer${i + 1}`), x, channels, { kernel: 3, stride, pad: 1 });
  });
  const [, channels = 0, side = 0] = x.shape;
  const weighed = conv2d(scope(p, 'places'), x, channels, { kernel: side, pad: 0, groups: channels, bias: false });
  return flatten(batchNorm(scope(p, 'places.norm'), weighed));
}

function residualFeatures(p: Parameters, portrait: Value): Value {
  let x = portrait;
  RESIDUAL_CHANNELS.forEach((channels, i) => {
    const stage = scope(p, `stage${i + 1}`);
    const shrink = i === 0 ? { kernel: 4, stride: 4, pad: 0 } : { kernel: 3, stride: 2, pad: 1 };
    x = residual(scope(stage, 'residual'), normalised(scope(stage, 'shrink'), x, channels, shrink));
  });
  return flatten(globalAveragePool(x));
}

function normalised(
  p: Parameters,
  x: Value,
  channels: number,
  shape: { readonly kernel: number; readonly stride: number; readonly pad: number },
): Value {
  return relu(batchNorm(scope(p, 'norm'), conv2d(scope(p, 'conv'), x, channels, { ...shape, bias: false })));
}
