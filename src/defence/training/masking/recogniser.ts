import type { Value } from '../../../graph/builder.ts';
import { add, exp, log, mul, sub } from '../../../graph/ops/arithmetic.ts';
import { matMul } from '../../../graph/ops/matrix.ts';
import { reduceMax, reduceSum } from '../../../graph/ops/reduction.ts';
import { reshape, unsqueeze } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';
import { type ArcFaceOptions, cosinesTo, withArcFaceMargin } from '../../../nn/losses.ts';
import { type Parameters, scope } from '../../../nn/parameters.ts';
import { InputError } from '../../../util/errors.ts';
import { bottleneck, convolution, embeddingOf, type Norm, widened } from '../mobile-facenet-blocks.ts';

/** What a recogniser of masked faces looks like. */
export interface RecogniserForm {
  /** Side of the face in pixels, a multiple of 16. */
  readonly sizePx: number;
  /** Factor on MobileFaceNet's channels. */
  readonly width: number;
  /** Numbers of an embedding. */
  readonly embeddingSize: number;
  readonly norm: Norm;
}

/** MobileFaceNet's table 1 from where its strides come to 8. */
const STAGES = [
  { expansion: 2, channels: 128, repeats: 6, stride: 1 },
  { expansion: 4, channels: 128, repeats: 1, stride: 2 },
  { expansion: 2, channels: 128, repeats: 2, stride: 1 },
] as const;

/** Sides that the trunk can halve. */
const SIZE_STEP_PX = 16;

/**
 * The trunk of MobileFaceNet on masked faces: [N,C,S/8,S/8] -> embedding [N,embeddingSize], not normalised. All maskings train this network: they differ in what comes before it.
 *
 * Source: Chen, Liu, Gao, Han 2018, table 1, from stride 8 on.
 *
 * @throws InputError where the form makes no network.
 */
export function recogniser(p: Parameters, masked: Value, form: RecogniserForm): Value {
  requireForm(form);
  const { width, norm, embeddingSize } = form;
  let x = convolution(scope(p, 'first'), masked, widened(128, width), { kernel: 3, norm });
  STAGES.forEach(({ expansion, channels, repeats, stride }, stage) => {
    for (let i = 0; i < repeats; i++) {
      const block = scope(p, `stage${stage + 1}.block${i + 1}`);
      x = bottleneck(block, x, widened(channels, width), {
        expansion,
        stride: i === 0 ? stride : 1,
        shortcut: repeats > 1,
        norm,
      });
    }
  });
  return embeddingOf(p, x, { channels: widened(512, width), embeddingSize, norm });
}

function requireForm({ sizePx, width, embeddingSize }: RecogniserForm): void {
  if (!Number.isInteger(sizePx) || sizePx < 2 * SIZE_STEP_PX || sizePx % SIZE_STEP_PX !== 0) {
    throw new InputError(`a recogniser of masked faces of ${sizePx} px`, { hint: 'give a multiple of 16 from 32 on' });
  }
  if (!(width > 0 && width <= 4)) throw new InputError(`a width of ${width}`, { hint: 'give a factor up to 4' });
  if (!Number.isInteger(embeddingSize) || embeddingSize < 2)
    throw new InputError(`an embedding of ${embeddingSize} numbers`, { hint: 'give 2 or more' });
}

/**
 * ArcFace's loss of each mixed face: the sum over the people in it of part * cross-entropy, each with the margin at that person. A number for each row: [N].
 *
 * The classes are gone through once, whatever the number of people in a mix: what differs between those is worked out on [N,slots].
 *
 * @param embeddings - [N,D].
 * @param classes - [K,D].
 * @param targets - one-hot [N,slots,K]: who is in the mix, nobody twice.
 * @param parts - [N,slots].
 */
export function mixedArcFace(
  embeddings: Value,
  classes: Value,
  targets: Value,
  parts: Value,
  { scale = 64, margin }: ArcFaceOptions = {},
): Value {
  const slots = parts.shape[1] as number;
  const cosines = cosinesTo(embeddings, classes);
  const own = reshape(matMul(targets, unsqueeze(cosines, [2])), parts.shape);
  const largest = reduceMax(cosines, [1], true);
  const logits = (values: Value): Value => mul(sub(values, largest), scale);
  const ofOthers = mul(exp(logits(cosines)), sub(1, reduceSum(targets, [1])));
  // Summed without the person's own, not subtracted after: where that is nearly all of the sum, nothing would be left of the rest.
  const butOne = Array.from({ length: slots ** 2 }, (_, i) => Number(i % (slots + 1) !== 0));
  const ofMixed = matMul(exp(logits(own)), own.builder.constant(float32(butOne, [slots, slots]), 'but_one'));
  const right = logits(withArcFaceMargin(own, margin));
  const each = sub(log(add(add(reduceSum(ofOthers, [1], true), ofMixed), exp(right))), right);
  return reduceSum(mul(each, parts), [1]);
}
