import type { Value } from '../../../graph/builder.ts';
import { relu } from '../../../graph/ops/activation.ts';
import { mul, sub } from '../../../graph/ops/arithmetic.ts';
import { batchNorm, conv2d, linear } from '../../../nn/layers.ts';
import { type Parameters, scope } from '../../../nn/parameters.ts';
import { InputError } from '../../../util/errors.ts';
import { bottleneck, convolution, embeddingOf } from '../../training/mobile-facenet-blocks.ts';

/** A bottleneck: the channels inside, those that come out, and the stride. */
type Bottleneck = readonly [wide: number, channels: number, stride: 1 | 2];

/** To an eighth of the side: what the Fourier head reads. */
const EARLY: readonly Bottleneck[] = [
  [103, 64, 2],
  ...Array.from({ length: 4 }, (): Bottleneck => [13, 64, 1]),
  [231, 128, 2],
  ...[231, 52, 26, 77, 26, 26].map((wide): Bottleneck => [wide, 128, 1]),
];

/** To a sixteenth. */
const LATE: readonly Bottleneck[] = [
  [308, 128, 2],
  [26, 128, 1],
  [26, 128, 1],
];

const FIRST_CHANNELS = 32;
const LAST_CHANNELS = 512;
const HEAD_CHANNELS = [128, 64] as const;

/** Numbers that the last layer sees. */
export const EMBEDDING_SIZE = 128;

/** Side of the input by that of what the Fourier head reads and predicts. */
export const HEAD_REDUCTION = 8;

/** What {@link miniFasNet} gives. */
export interface MiniFasNetOutputs {
  /** [N,classes]. */
  readonly logits: Value;
  /** [N,128,S/8,S/8]: what {@link fourierHead} reads. */
  readonly features: Value;
}

/**
 * MiniFASNetV2: face [N,3,S,S], RGB, 0..1. 0.43 M weights; 44 M multiply-adds at 80 px. Its kinks learn their slope, bottlenecks are convolved channel by channel, and the last maps are weighed place by
 * place.
 *
 * Source: minivision-ai/Silent-Face-Anti-Spoofing, src/model_lib/MiniFASNet.py (channels "1.8M_"); Chen, Liu, Gao, Han 2018, of which it is a pruned form.
 *
 * @param options.dropout - [N,128] that the embedding is multiplied with in training.
 * @throws InputError where S is no multiple of 16, at least 32.
 */
export function miniFasNet(
  p: Parameters,
  face: Value,
  options: { readonly classes: number; readonly dropout?: Value | undefined },
): MiniFasNetOutputs {
  const sizePx = face.shape[2] as number;
  if (!Number.isInteger(sizePx) || sizePx < 32 || sizePx % 16 !== 0)
    throw new InputError(`a MiniFASNet of faces of ${sizePx} px`, { hint: 'give a multiple of 16 from 32 on' });
  const first = convolution(scope(p, 'first'), mul(sub(face, 0.5), 4), FIRST_CHANNELS, { kernel: 3, stride: 2 });
  const second = convolution(scope(p, 'second'), first, FIRST_CHANNELS, { kernel: 3, groups: FIRST_CHANNELS });
  const features = bottlenecks(scope(p, 'early'), second, EARLY);
  const late = bottlenecks(scope(p, 'late'), features, LATE);
  const embedding = embeddingOf(p, late, { channels: LAST_CHANNELS, embeddingSize: EMBEDDING_SIZE });
  const kept = options.dropout ? mul(embedding, options.dropout) : embedding;
  return { logits: linear(scope(p, 'classes'), kept, options.classes, { bias: false }), features };
}

/**
 * The head that training alone has: from the features the picture's spectrum, [N,1,S/8,S/8], so that what the network keeps tells of fine stripes and dots.
 *
 * Source: Silent-Face-Anti-Spoofing, src/model_lib/MultiFTNet.py, FTGenerator.
 */
export function fourierHead(p: Parameters, features: Value): Value {
  let x = features;
  for (const [i, channels] of [...HEAD_CHANNELS, 1].entries()) {
    const layer = scope(p, `layer${i + 1}`);
    x = relu(batchNorm(scope(layer, 'norm'), conv2d(scope(layer, 'conv'), x, channels, { kernel: 3, bias: false })));
  }
  return x;
}

function bottlenecks(p: Parameters, x: Value, blocks: readonly Bottleneck[]): Value {
  return blocks.reduce(
    (before, [wide, channels, stride], i) =>
      bottleneck(scope(p, `block${i + 1}`), before, channels, {
        expansion: wide / channels,
        stride,
        shortcut: stride === 1,
      }),
    x,
  );
}
