import type { Value } from '../../../graph/builder.ts';
import { relu, sigmoid } from '../../../graph/ops/activation.ts';
import { concat } from '../../../graph/ops/indexing.ts';
import { batchNorm, conv2d, convTranspose2d, residual } from '../../../nn/layers.ts';
import { type Parameters, scope } from '../../../nn/parameters.ts';
import { InputError } from '../../../util/errors.ts';

/** What a recovery network gives. */
export interface RecoveryForm {
  /** Side of the face in pixels: that of the masked face, or 2, 4, 8 … times it. */
  readonly sizePx: number;
  /** Factor on the channels; default 1. */
  readonly width?: number;
}

/** Channels at full size; they double as the side halves, up to the most. */
const CHANNELS = { full: 16, most: 128 } as const;

/** Sides up to this are not halved any more. */
const SMALLEST_PX = 8;

/**
 * A U-Net from masked faces [N,C,h,h] to faces [N,3,S,S], RGB, 0..1: down while the side can be halved, then up to S, with what was seen on the way down put beside.
 *
 * Cost: 240 M multiply-adds for [36,14,14] to 112 px, a quarter of that at width 0.5.
 *
 * Source: Ronneberger, Fischer and Brox 2015; here with residual layers, and going up beyond its input's size.
 *
 * @throws InputError where S is not the side times a power of two.
 */
export function recoveryNetwork(p: Parameters, masked: Value, { sizePx, width = 1 }: RecoveryForm): Value {
  const [, , heightPx, widthPx] = masked.shape as [number, number, number, number];
  const doublings = Math.log2(sizePx / heightPx);
  if (heightPx !== widthPx || !Number.isInteger(doublings) || doublings < 0) {
    throw new InputError(`faces of ${sizePx} px cannot be recovered from ${heightPx}x${widthPx}`, {
      hint: 'the side must be that of the masked faces, or 2, 4, 8 … times it',
    });
  }
  const channelsAt = (side: number): number =>
    Math.max(4, Math.round(width * Math.min(CHANNELS.most, (CHANNELS.full * sizePx) / side)));
  let side = heightPx;
  let x = layer(scope(p, 'first'), batchNorm(scope(p, 'input'), masked), channelsAt(side), 1);
  const aside = new Map<number, Value>();
  for (; side > SMALLEST_PX && side % 2 === 0; side /= 2) {
    const seen = residual(scope(p, `down${side}.residual`), x);
    aside.set(side, seen);
    x = layer(scope(p, `down${side}`), seen, channelsAt(side / 2), 2);
  }
  x = residual(scope(p, 'bottom'), x);
  for (side *= 2; side <= sizePx; side *= 2) {
    const up = scope(p, `up${side}`);
    const larger = convTranspose2d(scope(up, 'conv'), x, channelsAt(side), {
      kernel: 4,
      stride: 2,
      pad: 1,
      bias: false,
    });
    x = relu(batchNorm(scope(up, 'norm'), larger));
    const seen = aside.get(side);
    if (seen) x = layer(scope(up, 'join'), concat([x, seen], 1), channelsAt(side), 1);
  }
  return sigmoid(conv2d(scope(p, 'output'), x, 3, { kernel: 3 }));
}

function layer(p: Parameters, x: Value, channels: number, stride: 1 | 2): Value {
  return relu(batchNorm(scope(p, 'norm'), conv2d(scope(p, 'conv'), x, channels, { kernel: 3, stride, bias: false })));
}
