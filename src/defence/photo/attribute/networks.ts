import type { Value } from '../../../graph/builder.ts';
import { leakyRelu, relu, tanh } from '../../../graph/ops/activation.ts';
import { add, mul, sub } from '../../../graph/ops/arithmetic.ts';
import { conv } from '../../../graph/ops/convolution.ts';
import { concat, slice } from '../../../graph/ops/indexing.ts';
import { reduceMean, reduceSum } from '../../../graph/ops/reduction.ts';
import { expand, flatten, unsqueeze } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';
import { batchNorm, conv2d, convTranspose2d, instanceNorm2d, linear } from '../../../nn/layers.ts';
import { filled, type Parameters, scope } from '../../../nn/parameters.ts';

/** The form of an editor and of its critic. */
export interface EditorShape {
  /** Side of the portraits, in pixels. */
  readonly sizePx: number;
  /** Channels of the encoder's layers, each of which halves the side; the decoder goes back through as many. */
  readonly channels: readonly number[];
  /** Channels of the critic's layers. */
  readonly criticChannels: readonly number[];
  /** Whether the critic's first layer is left without normalisation, which takes the picture's overall tone away. */
  readonly criticSeesTone: boolean;
  /** Whether telling photos from edited faces and reading attributes share their convolutions. */
  readonly criticShares: boolean;
  /** Whether telling photos from edited faces is asked with the attributes that the face is said to have. */
  readonly criticConditions: boolean;
  /** Units of the critic's two hidden layers. */
  readonly criticUnits: number;
  /** Side of all kernels: 4 or 5. */
  readonly kernel: number;
  /** How many of the decoder's layers, from the inmost on, are joined with the encoder's map of their size. */
  readonly shortcuts: number;
  /** How many of these joints the attributes go into, beside the latent. */
  readonly injections: number;
  /** What the attributes tell: the values that are wanted, or how far they are from the face's own. */
  readonly condition: 'target' | 'difference';
  /** What the decoder gives: a face, or what is added to the face that went in. */
  readonly gives: 'face' | 'change';
}

/**
 * Forms by name. `attgan-128` and `attgan-64` are as published (He et al. 2019, table 2 and the authors' code); `slim-64` trains on two cores: half of the width, the encoder's
 * maps at every size, and a change of the face in place of a face, so that nothing has to be learnt twice.
 */
export const EDITOR_SHAPES = {
  'attgan-128': {
    sizePx: 128,
    channels: [64, 128, 256, 512, 1024],
    criticChannels: [64, 128, 256, 512, 1024],
    criticSeesTone: false,
    criticShares: true,
    criticConditions: false,
    criticUnits: 1024,
    kernel: 4,
    shortcuts: 1,
    injections: 1,
    condition: 'target',
    gives: 'face',
  },
  'attgan-64': {
    sizePx: 64,
    channels: [64, 128, 256, 512],
    criticChannels: [64, 128, 256, 512],
    criticSeesTone: false,
    criticShares: true,
    criticConditions: false,
    criticUnits: 1024,
    kernel: 5,
    shortcuts: 1,
    injections: 1,
    condition: 'target',
    gives: 'face',
  },
  'slim-64': {
    sizePx: 64,
    channels: [32, 64, 128, 256],
    criticChannels: [32, 64, 128, 256],
    criticSeesTone: true,
    criticShares: false,
    criticConditions: true,
    criticUnits: 256,
    kernel: 4,
    shortcuts: 3,
    injections: 3,
    condition: 'difference',
    gives: 'change',
  },
} as const satisfies Readonly<Record<string, EditorShape>>;

export type EditorShapeName = keyof typeof EDITOR_SHAPES;

/**
 * An editor of faces: faces [N,3,S,S], RGB, -1..1, and values of the attributes [M,A], M >= N -> edited faces [M,3,S,S], -1..1 (and a little beyond where the shape gives a change).
 * Rows beyond N edit the first faces once more, without encoding them again.
 *
 * Encoder: strided convolutions, batch norm, LeakyReLU 0.2. Decoder: transposed convolutions, batch norm, ReLU. Source: AttGAN (He et al. 2019), section 3.5.
 */
export function editFaces(p: Parameters, faces: Value, attributes: Value, shape: EditorShape): Value {
  const rows = attributes.shape[0] as number;
  const maps: Value[] = [];
  let x = faces;
  shape.channels.forEach((channels, i) => {
    const layer = scope(p, `encoder.layer${i + 1}`);
    x = conv2d(scope(layer, 'conv'), x, channels, { ...halving(shape), bias: false });
    x = leakyRelu(batchNorm(scope(layer, 'norm'), x), 0.2);
    maps.push(x);
  });
  const depth = shape.channels.length;
  x = withAttributes(repeatFirst(x, rows), attributes);
  for (let i = 0; i < depth - 1; i++) {
    const layer = scope(p, `decoder.layer${i + 1}`);
    const channels = shape.channels[depth - 1 - i] as number;
    x = convTranspose2d(scope(layer, 'conv'), x, channels, { ...doubling(shape), bias: false });
    x = relu(batchNorm(scope(layer, 'norm'), x));
    if (i < shape.shortcuts) x = concat([x, repeatFirst(maps[depth - 2 - i] as Value, rows)], 1);
    if (i < shape.injections) x = withAttributes(x, attributes);
  }
  const output = scope(p, 'decoder.output');
  if (shape.gives === 'face') return tanh(convTranspose2d(output, x, 3, doubling(shape)));
  return add(repeatFirst(faces, rows), smoothed(convTranspose2d(still(output), x, 3, doubling(shape))));
}

/**
 * A change [N,3,H,W] under the filter 1 2 1 in both directions, which lets nothing through that goes up and down from pixel to pixel: such patterns deceive a classifier and are no face, and the
 * photo that the change is brought to has details of its own. Its colour, which is the change less its luma (Rec. 601), is smoothed over twice as far again, as photos are that went through JPEG:
 * coloured fringes are never a face's.
 */
function smoothed(change: Value): Value {
  const fine = binomial(change, 1);
  const luma = reduceSum(
    mul(fine, change.builder.constant(float32([0.299, 0.587, 0.114], [1, 3, 1, 1]), 'luma')),
    [1],
    true,
  );
  return add(luma, binomial(binomial(sub(fine, luma), 1), 2));
}

/** Each channel under the filter 1 2 1 in both directions, its taps `apart` pixels from each other. */
function binomial(x: Value, apart: number): Value {
  const kernel = Float32Array.from([1, 2, 1, 2, 4, 2, 1, 2, 1], (weight) => weight / 16);
  const filter = x.builder.constant(float32([...kernel, ...kernel, ...kernel], [3, 1, 3, 3]), 'smoothing');
  return conv(x, filter, { pads: [apart, apart, apart, apart], dilations: [apart, apart], groups: 3 });
}

/**
 * What a critic says of faces [N,3,S,S], RGB, -1..1, that are said to have attributes [N,A], -1..1: how real they are [N,1], and the log-odds of their attributes [N,A].
 * Source: as {@link editFaces}; the question of realness with the attributes by projection, Miyato and Koyama 2018, section 3.
 *
 * Where the two share their convolutions, as published, a classifier that is hardened against small changes makes the critic blind to them as well.
 */
export function criticiseFaces(
  p: Parameters,
  faces: Value,
  said: Value,
  shape: EditorShape,
): { readonly realness: Value; readonly logOdds: Value } {
  const count = said.shape[1] as number;
  const shared = shape.criticShares ? featuresOf(p, faces, shape) : undefined;
  const hidden = (own: Parameters): Value =>
    leakyRelu(linear(scope(own, 'hidden'), shared ?? featuresOf(own, faces, shape), shape.criticUnits), 0.2);
  const [realness, classifier] = [scope(p, 'realness'), scope(p, 'classifier')];
  const ofFace = hidden(realness);
  const overall = linear(scope(realness, 'output'), ofFace, 1);
  return {
    realness: shape.criticConditions
      ? add(overall, reduceMean(mul(linear(scope(realness, 'said'), ofFace, count), said), [1], true))
      : overall,
    logOdds: linear(scope(classifier, 'output'), hidden(classifier), count),
  };
}

function featuresOf(p: Parameters, faces: Value, shape: EditorShape): Value {
  let x = faces;
  shape.criticChannels.forEach((channels, i) => {
    const layer = scope(p, `layer${i + 1}`);
    const plain = i === 0 && shape.criticSeesTone;
    x = conv2d(scope(layer, 'conv'), x, channels, { ...halving(shape), bias: plain });
    x = leakyRelu(plain ? x : instanceNorm2d(scope(layer, 'norm'), x), 0.2);
  });
  return flatten(x);
}

const halving = ({ kernel }: EditorShape): { kernel: number; stride: number; pad: number } => ({
  kernel,
  stride: 2,
  pad: Math.floor((kernel - 1) / 2),
});

const doubling = (shape: EditorShape): ReturnType<typeof halving> & { outputPad: number } => ({
  ...halving(shape),
  outputPad: shape.kernel % 2,
});

/** The last layer begins with 0: training begins with the face as it was. */
const still = (p: Parameters): Parameters => ({
  ...p,
  weight: (name, shape) => p.weight(name, shape, filled(0)),
});

/** x [N,..] with its first rows once more behind it: [rows,..]. */
function repeatFirst(x: Value, rows: number): Value {
  const more = rows - (x.shape[0] as number);
  return more === 0 ? x : concat([x, slice(x, { starts: [0], ends: [more], axes: [0] })], 0);
}

/** Attribute values [N,A] as planes beside x [N,C,H,W]. */
function withAttributes(x: Value, attributes: Value): Value {
  const [, , height, width] = x.shape as [number, number, number, number];
  return concat([x, expand(unsqueeze(attributes, [2, 3]), [1, 1, height, width])], 1);
}
