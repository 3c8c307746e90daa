import type { Value } from '../../graph/builder.ts';
import { mul, sub } from '../../graph/ops/arithmetic.ts';
import { type Parameters, scope } from '../../nn/parameters.ts';
import { InputError } from '../../util/errors.ts';
import { bottleneck, convolution, embeddingOf, widened } from './mobile-facenet-blocks.ts';

/** What a MobileFaceNet looks like. */
export interface MobileFaceNetForm {
  /** Side of the face in pixels, a multiple of 16. */
  readonly sizePx: number;
  /** Factor on the paper's channels. */
  readonly width: number;
  /** Numbers of an embedding. */
  readonly embeddingSize: number;
}

/** The paper's table 1: expansion, channels, repeats and first stride of each stage of bottlenecks. */
const STAGES = [
  { expansion: 2, channels: 64, repeats: 5, stride: 2 },
  { expansion: 4, channels: 128, repeats: 1, stride: 2 },
  { expansion: 2, channels: 128, repeats: 6, stride: 1 },
  { expansion: 4, channels: 128, repeats: 1, stride: 2 },
  { expansion: 2, channels: 128, repeats: 2, stride: 1 },
] as const;

/** All strides together. */
const REDUCTION = 16;

/**
 * MobileFaceNet: face [N,3,S,S], RGB, 0..1 -> embedding [N,embeddingSize], not normalised. Bottlenecks with a shortcut begin as the identity: their last scale is 0.
 *
 * Source: Chen, Liu, Gao, Han 2018, table 1.
 *
 * @throws InputError where the size is no multiple of 16, at least 32, or the width leaves no channels.
 */
export function mobileFaceNet(p: Parameters, face: Value, form: MobileFaceNetForm): Value {
  requireForm(form);
  const channelsOf = (channels: number): number => widened(channels, form.width);
  let x = sub(mul(face, 2), 1);
  x = convolution(scope(p, 'first'), x, channelsOf(64), { kernel: 3, stride: 2 });
  x = convolution(scope(p, 'second'), x, channelsOf(64), { kernel: 3, groups: channelsOf(64) });
  STAGES.forEach(({ expansion, channels, repeats, stride }, stage) => {
    for (let i = 0; i < repeats; i++) {
      const block = scope(p, `stage${stage + 1}.block${i + 1}`);
      x = bottleneck(block, x, channelsOf(channels), {
        expansion,
        stride: i === 0 ? stride : 1,
        shortcut: repeats > 1,
      });
    }
  });
  return embeddingOf(p, x, { channels: channelsOf(512), embeddingSize: form.embeddingSize });
}

function requireForm({ sizePx, width, embeddingSize }: MobileFaceNetForm): void {
  if (!Number.isInteger(sizePx) || sizePx < 2 * REDUCTION || sizePx % REDUCTION !== 0) {
    throw new InputError(`a MobileFaceNet of faces of ${sizePx} px`, { hint: 'give a multiple of 16 from 32 on' });
  }
  if (!(width > 0 && width <= 4)) throw new InputError(`a width of ${width}`, { hint: 'give a factor up to 4' });
  if (!Number.isInteger(embeddingSize) || embeddingSize < 2)
    throw new InputError(`an embedding of ${embeddingSize} numbers`, { hint: 'give 2 or more' });
}
