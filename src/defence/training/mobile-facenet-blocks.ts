import type { Value } from '../../graph/builder.ts';
import { prelu } from '../../graph/ops/activation.ts';
import { add } from '../../graph/ops/arithmetic.ts';
import { flatten } from '../../graph/ops/shape.ts';
import { batchNorm, conv2d, groupNorm, linear } from '../../nn/layers.ts';
import { filled, type Parameters, scope } from '../../nn/parameters.ts';

/** How activations are normalised: over the batch, or within each face alone, so that no face's gradient depends on another's. */
export const NORMS = ['batch', 'group'] as const;

export type Norm = (typeof NORMS)[number];

/** Channels of a group of group normalisation: every count of channels here is a multiple. */
const GROUP_CHANNELS = 8;

/** The paper's channels times the width, in whole groups of eight. */
export const widened = (channels: number, width: number): number => Math.max(8, 8 * Math.round((channels * width) / 8));

/** What a layer needs to know. */
export interface ConvolutionOptions {
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
  /** Default 'batch'. */
  readonly norm?: Norm;
}

/** Convolution, normalisation, PReLU. */
export function convolution(p: Parameters, x: Value, channels: number, options: ConvolutionOptions): Value {
  const convolved = conv2d(scope(p, 'conv'), x, channels, { ...options, bias: false });
  const normal = normalise(scope(p, 'norm'), convolved, options.norm);
  return prelu(normal, p.weight('slope', [channels, 1, 1], filled(0.25)));
}

/**
 * Widened, convolved channel by channel, and narrowed without a kink; a shortcut where asked and the shape allows it: then it begins as the identity, its last scale is 0. Source: Sandler
 * et al. 2018.
 */
export function bottleneck(
  p: Parameters,
  x: Value,
  channels: number,
  options: { readonly expansion: number; readonly stride: number; readonly shortcut: boolean; readonly norm?: Norm },
): Value {
  const { expansion, stride, shortcut, norm = 'batch' } = options;
  const wide = channels * expansion;
  const kept = shortcut && stride === 1 && x.shape[1] === channels;
  const inside = convolution(scope(p, 'widen'), x, wide, { kernel: 1, norm });
  const seen = convolution(scope(p, 'depthwise'), inside, wide, { kernel: 3, stride, groups: wide, norm });
  const narrowed = conv2d(scope(p, 'narrow.conv'), seen, channels, { kernel: 1, bias: false });
  const out = normalise(scope(p, 'narrow.norm'), narrowed, norm, kept ? 0 : 1);
  return kept ? add(x, out) : out;
}

/** x [N,C,s,s] -> embedding [N,embeddingSize]: widened to `channels`, each channel's weighted mean over the whole face (where an eye is seen counts), and brought together. */
export function embeddingOf(
  p: Parameters,
  x: Value,
  options: { readonly channels: number; readonly embeddingSize: number; readonly norm?: Norm },
): Value {
  const { channels, embeddingSize, norm } = options;
  const last = convolution(scope(p, 'last'), x, channels, { kernel: 1, ...(norm ? { norm } : {}) });
  const everywhere = conv2d(scope(p, 'pool'), last, channels, {
    kernel: last.shape[2] as number,
    pad: 0,
    groups: channels,
    bias: false,
  });
  // Within one face a few numbers alone are left here: normalised in groups they would say little, so that only the batch does.
  const pooled = flatten(norm === 'group' ? everywhere : batchNorm(scope(p, 'pool.norm'), everywhere));
  const embedding = linear(scope(p, 'embedding'), pooled, embeddingSize, { bias: false });
  return norm === 'group' ? embedding : batchNorm(scope(p, 'embedding.norm'), embedding);
}

function normalise(p: Parameters, x: Value, norm: Norm = 'batch', firstScale = 1): Value {
  return norm === 'batch'
    ? batchNorm(p, x, { firstScale })
    : groupNorm(p, x, { groups: (x.shape[1] as number) / GROUP_CHANNELS, firstScale });
}
