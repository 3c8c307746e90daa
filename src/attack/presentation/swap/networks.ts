import type { Value } from '../../../graph/builder.ts';
import { leakyRelu, sigmoid } from '../../../graph/ops/activation.ts';
import { mul, sub } from '../../../graph/ops/arithmetic.ts';
import { depthToSpace } from '../../../graph/ops/resampling.ts';
import { flatten, unflatten } from '../../../graph/ops/shape.ts';
import { conv2d, linear } from '../../../nn/layers.ts';
import { type Parameters, scope } from '../../../nn/parameters.ts';

/** The two people of a swap: the donor, whose face is put on, and the wearer, who is in the photos that it is put upon. */
export const SWAP_PEOPLE = ['donor', 'wearer'] as const;

export type SwapPerson = (typeof SWAP_PEOPLE)[number];

/** The form of a swap's networks. */
export interface SwapShape {
  /** Side of the faces, in pixels: a multiple of 2 to the number of the encoder's layers. */
  readonly sizePx: number;
  /** Channels of the encoder's layers, each of which halves the side; one more than the decoder has. */
  readonly encoder: readonly number[];
  /** Numbers of the code. */
  readonly code: number;
  /** Channels that the code is laid out in at the encoder's smallest side. */
  readonly inner: number;
  /** Channels after the one doubling of the side that both people share. */
  readonly shared: number;
  /** Channels of each decoder's layers, each of which doubles the side. */
  readonly decoder: readonly number[];
  /** Peak of the learning rate that suits it: the wider a dense layer, the further a step of Adam moves what it gives. */
  readonly learningRate: number;
}

/** Forms by name: `classic` is DeepFake's own (69.7 M parameters and twice 6.2 M), `slim` trains on two cores (2.2 M and twice 0.24 M). */
export const SWAP_SHAPES = {
  slim: {
    sizePx: 64,
    encoder: [32, 64, 128, 256],
    code: 128,
    inner: 128,
    shared: 64,
    decoder: [64, 32, 16],
    learningRate: 1e-3,
  },
  classic: {
    sizePx: 64,
    encoder: [128, 256, 512, 1024],
    code: 1024,
    inner: 1024,
    shared: 512,
    decoder: [256, 128, 64],
    learningRate: 5e-5,
  },
} as const satisfies Readonly<Record<string, SwapShape>>;

export type SwapShapeName = keyof typeof SWAP_SHAPES;

/**
 * What both people's faces have in common, which is expression, pose and light: faces [N,3,S,S], RGB, 0..1 -> [N,shared,s,s], where s is twice the encoder's smallest side.
 *
 * Nothing here mixes the faces of a batch (no batch normalisation), so that neither person's faces reach the other's decoder in training.
 *
 * Source: faceswap's "original" model, which is the DeepFake of 2017: 5x5 convolutions of stride 2, two dense layers, one upscaling.
 */
export function encodeFaces(p: Parameters, faces: Value, shape: SwapShape): Value {
  let x = sub(mul(faces, 2), 1);
  shape.encoder.forEach((channels, i) => {
    x = leakyRelu(conv2d(scope(p, `layer${i + 1}`), x, channels, { kernel: 5, stride: 2 }), SLOPE);
  });
  const side = shape.sizePx / 2 ** shape.encoder.length;
  const code = linear(scope(p, 'code'), flatten(x), shape.code);
  const laidOut = linear(scope(p, 'inner'), code, shape.inner * side ** 2);
  return upscale(scope(p, 'shared'), unflatten(laidOut, [shape.inner, side, side]), shape.shared);
}

/** One person's face of what {@link encodeFaces} gives: [N,3,S,S], RGB, 0..1. */
export function decodeFaces(p: Parameters, code: Value, shape: SwapShape): Value {
  let x = code;
  shape.decoder.forEach((channels, i) => {
    x = upscale(scope(p, `layer${i + 1}`), x, channels);
  });
  return sigmoid(conv2d(scope(p, 'output'), x, 3, { kernel: 5 }));
}

const SLOPE = 0.1;

/** Twice the side by a convolution whose channels become pixels (Shi et al. 2016). */
const upscale = (p: Parameters, x: Value, channels: number): Value =>
  depthToSpace(leakyRelu(conv2d(p, x, 4 * channels, { kernel: 3 }), SLOPE), 2);
