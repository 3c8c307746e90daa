import type { Value } from '../../graph/builder.ts';
import { relu, sigmoid } from '../../graph/ops/activation.ts';
import { unflatten } from '../../graph/ops/shape.ts';
import { batchNorm, convTranspose2d, linear, residual } from '../../nn/layers.ts';
import { type Parameters, scope } from '../../nn/parameters.ts';

/** Width and height of a face that the inverse DCGAN gives, in pixels of the canonical frame's own extent. */
export const FACE_SIZE_PX = 128;

/** Channels after the input layer and after each block of transposed convolution; the spatial size doubles from 4 to 64. */
const CHANNELS = [512, 256, 128, 64, 32] as const;

/** Shape of an inverse DCGAN. */
export interface InverseDcganOptions {
  /** Residual layers between two blocks: 0, 1 or 2 in the patent's experiments. */
  readonly residualLayers: number;
  /**
   * Numbers that the embedding is first brought down to by a linear layer; default: none, as the patent has it. A 1,024-number embedding makes an input layer of
   * 8.4 M weights, half the network; encoders of faces use far fewer directions than that.
   */
  readonly bottleneck?: number;
  /** Multiplies all channel counts but the image's; default 1 is the patent's network. */
  readonly width?: number;
}

/**
 * The patent's black-box network: input [N,D] -> fully connected, batch norm, ReLU -> 512x4x4 -> four blocks (transposed convolution 4x4 stride 2, batch norm,
 * ReLU) with residual layers between them -> transposed convolution and sigmoid: [N,3,128,128], RGB, 0..1.
 *
 * With D = 512 and one residual layer it has 8.5 M parameters. Not said by the patent, chosen here: kernel 4, a residual layer of two 3x3 convolutions.
 */
export function inverseDcgan(p: Parameters, input: Value, options: InverseDcganOptions): Value {
  const [first, ...blocks] = CHANNELS.map((channels) => Math.round(channels * (options.width ?? 1))) as [
    number,
    ...number[],
  ];
  const narrow =
    options.bottleneck === undefined
      ? input
      : linear(scope(p, 'bottleneck'), input, options.bottleneck, { bias: false });
  const seed = relu(batchNorm(scope(p, 'input.norm'), linear(scope(p, 'input'), narrow, first * 16, { bias: false })));
  let x = unflatten(seed, [first, 4, 4]);
  blocks.forEach((channels, i) => {
    const block = scope(p, `block${i + 1}`);
    x = convTranspose2d(scope(block, 'conv'), x, channels, { kernel: 4, stride: 2, pad: 1, bias: false });
    x = relu(batchNorm(scope(block, 'norm'), x));
    if (i === blocks.length - 1) return;
    for (let k = 1; k <= options.residualLayers; k++) x = residual(scope(block, `residual${k}`), x);
  });
  return sigmoid(convTranspose2d(scope(p, 'output'), x, 3, { kernel: 4, stride: 2, pad: 1 }));
}
