import type { Value } from '../../../graph/builder.ts';
import { leakyRelu, relu } from '../../../graph/ops/activation.ts';
import { add } from '../../../graph/ops/arithmetic.ts';
import { conv } from '../../../graph/ops/convolution.ts';
import { type Conv2dOptions, conv2d, convTranspose2d, instanceNorm2d } from '../../../nn/layers.ts';
import { filled, type Parameters, scope } from '../../../nn/parameters.ts';

/** How wide the networks are. */
export interface TranslationWidths {
  /** Channels of the translator at full size; twice and four times as many at a half and a quarter. */
  readonly translator: number;
  /** Channels of the critic's first layer; twice as many in each of the next two, which all halve the size. */
  readonly critic: number;
}

/** A quarter of the paper's translator, half of its critic. */
export const WIDTHS: TranslationWidths = { translator: 16, critic: 32 };

/** Residual blocks at a quarter of the size. */
const BLOCKS = 3;

/**
 * A translator of faces [N,3,S,S], RGB, -1..1 (and a little beyond), S a multiple of 4: two strided convolutions down, three residual blocks, two transposed convolutions up.
 *
 * Source: CycleGAN (Zhu et al. 2017, appendix 7.2), a third of its blocks at a quarter of its width. What is ours: the network gives the *change* of the face, and its last layer and its
 * blocks begin with 0, so that training begins with the identity, and does not spend itself on learning to copy.
 */
export function translateFaces(p: Parameters, faces: Value, channels = WIDTHS.translator): Value {
  let x = block(p, 'input', faces, channels, { kernel: 7 });
  x = block(p, 'down1', x, 2 * channels, { kernel: 3, stride: 2 });
  x = block(p, 'down2', x, 4 * channels, { kernel: 3, stride: 2 });
  for (let k = 1; k <= BLOCKS; k++) x = residual(scope(p, `residual${k}`), x);
  x = block(p, 'up1', x, 2 * channels, { kernel: 4, stride: 2, pad: 1 }, convTranspose2d);
  x = block(p, 'up2', x, channels, { kernel: 4, stride: 2, pad: 1 }, convTranspose2d);
  const output = scope(p, 'output');
  const weight = output.weight('weight', [3, channels, 7, 7], filled(0));
  return add(faces, conv(x, weight, { bias: output.weight('bias', [3], filled(0)), pads: [3, 3, 3, 3] }));
}

/**
 * A critic of patches: [N,3,S,S], RGB, -1..1 -> [N,1,S/8-1,S/8-1], towards 1 for photos of its person. Each number sees 46x46 pixels, which of an aligned face of 64 is most.
 *
 * Source: PatchGAN (Isola et al. 2017), with a layer less.
 */
export function criticise(p: Parameters, faces: Value, channels = WIDTHS.critic): Value {
  let x = faces;
  [1, 2, 4].forEach((factor, i) => {
    const layer = scope(p, `layer${i + 1}`);
    // The first layer is not normalised: it would take away the face's colour.
    x = conv2d(scope(layer, 'conv'), x, factor * channels, { kernel: 4, stride: 2, pad: 1, bias: i === 0 });
    x = leakyRelu(i === 0 ? x : instanceNorm2d(scope(layer, 'norm'), x), 0.2);
  });
  return conv2d(scope(p, 'output'), x, 1, { kernel: 4, pad: 1 });
}

/** A convolution, normalised, with ReLU. */
function block(
  p: Parameters,
  name: string,
  x: Value,
  channels: number,
  options: Conv2dOptions,
  layer: typeof conv2d = conv2d,
): Value {
  const own = scope(p, name);
  return relu(instanceNorm2d(scope(own, 'norm'), layer(scope(own, 'conv'), x, channels, { ...options, bias: false })));
}

function residual(p: Parameters, x: Value): Value {
  const channels = x.shape[1] as number;
  const first = block(p, 'first', x, channels, { kernel: 3 });
  const second = conv2d(scope(p, 'second.conv'), first, channels, { kernel: 3, bias: false });
  return add(x, instanceNorm2d(scope(p, 'second.norm'), second, { firstScale: 0 }));
}
