import type { Value } from '../graph/builder.ts';
import { logSoftmax } from '../graph/ops/activation.ts';
import {
  abs,
  add,
  div,
  exp,
  greater,
  log,
  maximum,
  minimum,
  mul,
  neg,
  sqrt,
  square,
  sub,
  where,
} from '../graph/ops/arithmetic.ts';
import { cast } from '../graph/ops/constant.ts';
import { conv } from '../graph/ops/convolution.ts';
import { matMul, transposeMatrix } from '../graph/ops/matrix.ts';
import { cosine, normaliseL2 } from '../graph/ops/normalisation.ts';
import { reduceMean, reduceSum } from '../graph/ops/reduction.ts';
import { reshape } from '../graph/ops/shape.ts';
import { float32, int64 } from '../graph/tensor.ts';

/** Mean absolute difference: a scalar. */
export const l1 = (a: Value, b: Value): Value => reduceMean(abs(sub(a, b)));

/** Mean squared difference: a scalar. */
export const l2 = (a: Value, b: Value): Value => reduceMean(square(sub(a, b)));

/** 1 - mean cosine similarity: 0 for equal directions, 2 for opposite ones. */
export const cosineLoss = (a: Value, b: Value): Value => sub(1, reduceMean(cosine(a, b)));

/** Binary cross-entropy of logits against targets 0..1, in the form that never overflows: its mean, by weights >= 0 of the same shape where given. */
export function binaryCrossEntropy(logits: Value, targets: Value, weights?: Value): Value {
  const soft = log(add(exp(neg(abs(logits))), 1));
  const each = add(sub(maximum(logits, 0), mul(logits, targets)), soft);
  return weights ? div(reduceSum(mul(each, weights)), add(reduceSum(weights), 1e-6)) : reduceMean(each);
}

/** Cross-entropy of logits [N,K] against one-hot (or soft) targets [N,K]. */
export const crossEntropy = (logits: Value, targets: Value): Value =>
  neg(reduceMean(reduceSum(mul(logSoftmax(logits, 1), targets), [1])));

/** Scale and margin of {@link arcFaceLogits}. */
export interface ArcFaceOptions {
  /** Default 64. */
  readonly scale?: number;
  /** Radians; default 0.5. */
  readonly margin?: number;
}

/** Cosines of embeddings [N,D] to classes [K,D]: [N,K]. */
export const cosinesTo = (embeddings: Value, classes: Value): Value =>
  matMul(normaliseL2(embeddings), transposeMatrix(normaliseL2(classes)));

/**
 * The cosines of angles that are larger by ArcFace's margin. Where angle + margin passes pi, the linear continuation of the reference implementation is used.
 *
 * @param margin - radians; default 0.5.
 */
export function withArcFaceMargin(cosines: Value, margin = 0.5): Value {
  // Kept off +-1, where the sine's gradient is infinite.
  const bounded = minimum(maximum(cosines, -1 + 1e-6), 1 - 1e-6);
  const sines = sqrt(sub(1, square(bounded)));
  const turned = sub(mul(bounded, Math.cos(margin)), mul(sines, Math.sin(margin)));
  const continued = sub(bounded, Math.sin(Math.PI - margin) * margin);
  return where(greater(bounded, Math.cos(Math.PI - margin)), turned, continued);
}

/**
 * ArcFace's logits: scale * cos(angle + margin) at the right class, scale * cos(angle) elsewhere. Source: Deng et al. 2019, equation 3.
 *
 * @param embeddings - [N,D], normalised here.
 * @param classes - [K,D], normalised here.
 * @param targets - one-hot [N,K].
 */
export function arcFaceLogits(embeddings: Value, classes: Value, targets: Value, options: ArcFaceOptions = {}): Value {
  const { scale = 64, margin } = options;
  const cosines = cosinesTo(embeddings, classes);
  return mul(add(cosines, mul(targets, sub(withArcFaceMargin(cosines, margin), cosines))), scale);
}

/**
 * Mean structural similarity of images [N,C,H,W] in 0..1: a scalar, 1 for equal images. An 11x11 Gaussian window of deviation 1.5, no padding, each channel apart.
 * Source: Wang et al. 2004, equation 13, C1 = 0.01^2, C2 = 0.03^2.
 */
export function ssim(a: Value, b: Value): Value {
  const [n, c, h, w] = a.shape as [number, number, number, number];
  const planes = (x: Value): Value => reshape(x, [n * c, 1, h, w]);
  const blur = gaussianBlur(a);
  const [x, y] = [planes(a), planes(b)];
  const [mx, my] = [blur(x), blur(y)];
  const [mxx, myy, mxy] = [square(mx), square(my), mul(mx, my)];
  const [vx, vy, vxy] = [sub(blur(square(x)), mxx), sub(blur(square(y)), myy), sub(blur(mul(x, y)), mxy)];
  const luminance = div(add(mul(mxy, 2), 0.01 ** 2), add(add(mxx, myy), 0.01 ** 2));
  const structure = div(add(mul(vxy, 2), 0.03 ** 2), add(add(vx, vy), 0.03 ** 2));
  return reduceMean(mul(luminance, structure));
}

/** Blurs planes [P,1,H,W] by two one-dimensional passes. */
function gaussianBlur({ builder }: Value): (planes: Value) => Value {
  const taps = Array.from({ length: 11 }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)));
  const total = taps.reduce((sum, tap) => sum + tap, 0);
  const kernel = Float32Array.from(taps, (tap) => tap / total);
  const vertical = builder.constant(float32(kernel, [1, 1, 11, 1]), 'gaussian');
  const horizontal = builder.constant(float32(kernel, [1, 1, 1, 11]), 'gaussian');
  return (planes) => conv(conv(planes, vertical), horizontal);
}

/** One-hot rows [N,classes] of int64 labels [N]. */
export function oneHot(labels: Value, classes: number): Value {
  const { builder } = labels;
  const every = builder.constant(int64(Array.from({ length: classes }, (_, i) => i)), 'classes');
  return cast(builder.op('Equal', [reshape(labels, [labels.shape[0] as number, 1]), every]), 'float32');
}
