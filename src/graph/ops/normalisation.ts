import type { Value } from '../builder.ts';
import { float, int } from '../graph.ts';
import type { NodeContext, Operator } from '../operator.ts';
import { abs, add, div, greater, mul, neg, pow, sign, sqrt, square, sub, where } from './arithmetic.ts';
import { reduceL2, reduceMean, reduceSum } from './reduction.ts';
import { reshape } from './shape.ts';

/** (x - mean) / sqrt(variance + epsilon) * scale + bias for each channel of x [N,C,...]; all four are [C]. One pass over x. */
export function normaliseChannels(
  x: Value,
  parameters: { readonly scale: Value; readonly bias: Value; readonly mean: Value; readonly variance: Value },
  epsilon = 1e-5,
): Value {
  const { scale, bias, mean, variance } = parameters;
  return x.builder.op('BatchNormalization', [x, scale, bias, mean, variance], { epsilon: float(epsilon) });
}

/** Normalises each channel of each image over space: x [N,C,H,W], scale and bias [C]. */
export const instanceNorm = (x: Value, scale: Value, bias: Value, epsilon = 1e-5): Value =>
  x.builder.op('InstanceNormalization', [x, scale, bias], { epsilon: float(epsilon) });

/** Normalises over the axes from `axis` on. */
export const layerNorm = (x: Value, scale: Value, bias: Value, axis = -1, epsilon = 1e-5): Value =>
  x.builder.op('LayerNormalization', [x, scale, bias], { axis: int(axis), epsilon: float(epsilon) });

/** x / |x|_2 along `axis`: unit embeddings. */
export const normaliseL2 = (x: Value, axis = -1): Value =>
  x.builder.op('LpNormalization', [x], { axis: int(axis), p: int(2) });

/** Cosine similarity of the rows of a and b [N,D]: [N]. */
export const cosine = (a: Value, b: Value): Value => reduceSum(mul(normaliseL2(a), normaliseL2(b)), [1]);

export const operators = {
  BatchNormalization: {
    infer: (node) => {
      const x = node.input(0);
      for (let i = 1; i < 5; i++) {
        if (node.input(i).shape[0] !== x.shape[1]) throw node.error(`input ${i} has not one value for each channel`);
      }
      return [x, node.input(3), node.input(4)];
    },
    gradient: ({ node, grad, needs }) => {
      const [x, scale, mean, variance] = [node.input(0), node.input(1), node.input(3), node.input(4)];
      const channels = [1, x.shape[1] as number, ...x.shape.slice(2).map(() => 1)];
      const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
      const inverse = pow(add(variance, node.float('epsilon', 1e-5)), -0.5);
      const gain = mul(scale, inverse);
      const total = reduceSum(grad, axes);
      // sum of dy (x - mean), without making x - mean
      const centred = sub(reduceSum(mul(grad, x), axes), mul(mean, total));
      return [
        needs(0) ? mul(grad, reshape(gain, channels)) : undefined,
        needs(1) ? mul(centred, inverse) : undefined,
        needs(2) ? total : undefined,
        needs(3) ? neg(mul(total, gain)) : undefined,
        needs(4) ? mul(mul(centred, gain), mul(square(inverse), -0.5)) : undefined,
      ];
    },
  },

  InstanceNormalization: {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad }) => {
      const x = node.input(0);
      const axes = x.shape.flatMap((_, axis) => (axis < 2 ? [] : [axis]));
      const channels = [1, x.shape[1] as number, ...axes.map(() => 1)];
      const { unit, deviation } = standardise(x, axes, node.float('epsilon', 1e-5));
      const rest = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
      return [
        backThroughStandardise(mul(grad, reshape(node.input(1), channels)), unit, deviation, axes),
        reduceSum(mul(grad, unit), rest),
        reduceSum(grad, rest),
      ];
    },
  },

  LayerNormalization: {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad }) => {
      const x = node.input(0);
      const from = normalisedAxis(node);
      const axes = x.shape.flatMap((_, axis) => (axis < from ? [] : [axis]));
      const outer = x.shape.flatMap((_, axis) => (axis < from ? [axis] : []));
      const { unit, deviation } = standardise(x, axes, node.float('epsilon', 1e-5));
      const sumOuter = (value: Value): Value => (outer.length ? reduceSum(value, outer) : value);
      const scaleShape = node.input(1).shape;
      return [
        backThroughStandardise(mul(grad, node.input(1)), unit, deviation, axes),
        reshape(sumOuter(mul(grad, unit)), scaleShape),
        node.inputs[2] ? reshape(sumOuter(grad), node.inputs[2].shape) : undefined,
      ];
    },
  },

  LpNormalization: {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad, outputs }) => {
      const [x, y] = [node.input(0), outputs[0] as Value];
      const axes = [node.int('axis', -1)];
      const dot = reduceSum(mul(grad, y), axes, true);
      const [along, norm] =
        node.int('p', 2) === 1
          ? [mul(sign(x), dot), reduceSum(abs(x), axes, true)]
          : [mul(y, dot), reduceL2(x, axes, true)];
      // ONNX Runtime gives zeros for a vector of zeros, which has no direction: its gradient is made 0 too. Its norm is replaced before
      // the division, so that nothing infinite is made on the way.
      const known = greater(norm, 0);
      return [where(known, div(sub(grad, along), where(known, norm, 1)), 0)];
    },
  },
} satisfies Record<string, Operator>;

function normalisedAxis(node: NodeContext): number {
  const axis = node.int('axis', -1);
  return axis < 0 ? axis + node.input(0).rank : axis;
}

/** (x - mean) / deviation over `axes`, and the deviation. */
function standardise(x: Value, axes: readonly number[], epsilon: number): { unit: Value; deviation: Value } {
  const centred = sub(x, reduceMean(x, axes, true));
  const deviation = sqrt(add(reduceMean(square(centred), axes, true), epsilon));
  return { unit: div(centred, deviation), deviation };
}

/** The gradient of {@link standardise}'s `unit`: what is left of it without its mean and its part along `unit`. */
function backThroughStandardise(grad: Value, unit: Value, deviation: Value, axes: readonly number[]): Value {
  const along = mul(unit, reduceMean(mul(grad, unit), axes, true));
  return div(sub(sub(grad, reduceMean(grad, axes, true)), along), deviation);
}
