import type { Value } from '../builder.ts';
import { float, int } from '../graph.ts';
import type { NodeContext, Operator } from '../operator.ts';
import { abs, add, div, exp, greater, less, mul, square, sub, tensorOf, where } from './arithmetic.ts';
import { cast } from './constant.ts';
import { reduceSum, sumTo } from './reduction.ts';

const unary =
  (op: string) =>
  (x: Value): Value =>
    x.builder.op(op, [x]);

/** max(x, 0). */
export const relu = unary('Relu');
/** 1 / (1 + e^-x). */
export const sigmoid = unary('Sigmoid');
export const tanh = unary('Tanh');
/** ln(1 + e^x), without overflow. */
export const softplus = unary('Softplus');
/** x / (1 + |x|). */
export const softsign = unary('Softsign');
/** Scaled exponential unit with the constants of self-normalising networks (Klambauer et al., 2017). */
export const selu = unary('Selu');
/** x max(0, min(1, x/6 + 1/2)). */
export const hardSwish = unary('HardSwish');

/** x where it is positive, else `alpha` x. */
export const leakyRelu = (x: Value, alpha = 0.01): Value => x.builder.op('LeakyRelu', [x], { alpha: float(alpha) });

/** x where it is positive, else `slope` x; the slope broadcasts to x (one per channel is [C,1,1]). */
export const prelu = (x: Value, slope: Value): Value => x.builder.op('PRelu', [x, slope]);

/** x where it is positive, else alpha (e^x - 1). */
export const elu = (x: Value, alpha = 1): Value => x.builder.op('Elu', [x], { alpha: float(alpha) });

/** x where it is positive, else alpha (e^(x/alpha) - 1). */
export const celu = (x: Value, alpha = 1): Value => x.builder.op('Celu', [x], { alpha: float(alpha) });

/** max(0, min(1, alpha x + beta)). */
export const hardSigmoid = (x: Value, alpha = 0.2, beta = 0.5): Value =>
  x.builder.op('HardSigmoid', [x], { alpha: float(alpha), beta: float(beta) });

/** x where it exceeds `alpha`, else 0. */
export const thresholdedRelu = (x: Value, alpha = 1): Value =>
  x.builder.op('ThresholdedRelu', [x], { alpha: float(alpha) });

/** x kept within `min`..`max`; its gradient is 0 outside. */
export function clip(x: Value, min?: number, max?: number): Value {
  const bound = (limit: number | undefined): Value | undefined =>
    limit === undefined ? undefined : x.builder.constant(tensorOf(x.dtype, [limit], []), 'limit');
  return x.builder.op('Clip', [x, bound(min), bound(max)]);
}

/** e^x / sum e^x along `axis`. */
export const softmax = (x: Value, axis = -1): Value => x.builder.op('Softmax', [x], { axis: int(axis) });

/** ln of {@link softmax}, without its loss of digits. */
export const logSoftmax = (x: Value, axis = -1): Value => x.builder.op('LogSoftmax', [x], { axis: int(axis) });

/**
 * An activation's rules. Where it can be, the gradient is read off the output: then the input has no other reader, and ONNX Runtime fuses
 * the activation into the convolution before it.
 */
function elementwise(
  gradient: (parts: {
    readonly x: Value;
    readonly y: Value;
    readonly grad: Value;
    readonly node: NodeContext;
  }) => Value,
): Operator {
  return {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad, outputs }) => [gradient({ x: node.input(0), y: outputs[0] as Value, grad, node })],
  };
}

/** Constants of Selu, as the ONNX standard states them. */
const SELU = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };

export const operators = {
  Relu: elementwise(({ y, grad }) => where(greater(y, 0), grad, 0)),
  LeakyRelu: elementwise(({ x, y, grad, node }) => {
    const alpha = node.float('alpha', 0.01);
    return where(greater(alpha > 0 ? y : x, 0), grad, mul(grad, alpha));
  }),
  ThresholdedRelu: elementwise(({ x, grad, node }) => where(greater(x, node.float('alpha', 1)), grad, 0)),
  Elu: elementwise(({ x, y, grad, node }) => where(greater(x, 0), grad, mul(grad, add(y, node.float('alpha', 1))))),
  Selu: elementwise(({ x, y, grad, node }) => {
    const gamma = node.float('gamma', SELU.gamma);
    return mul(grad, where(greater(x, 0), gamma, add(y, gamma * node.float('alpha', SELU.alpha))));
  }),
  Celu: elementwise(({ x, y, grad, node }) =>
    where(greater(x, 0), grad, mul(grad, add(div(y, node.float('alpha', 1)), 1))),
  ),
  Sigmoid: elementwise(({ y, grad }) => mul(grad, mul(y, sub(1, y)))),
  Tanh: elementwise(({ y, grad }) => mul(grad, sub(1, square(y)))),
  Softplus: elementwise(({ x, grad }) => mul(grad, sigmoid(x))),
  Softsign: elementwise(({ x, grad }) => div(grad, square(add(abs(x), 1)))),
  HardSigmoid: elementwise(({ y, grad, node }) => where(within(y, 0, 1), mul(grad, node.float('alpha', 0.2)), 0)),
  HardSwish: elementwise(({ x, grad }) => {
    const slope = add(div(x, 3), 0.5);
    return mul(grad, where(less(abs(x), 3), slope, cast(greater(x, 0), x.dtype)));
  }),

  PRelu: {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad, needs }) => {
      const [x, slope] = [node.input(0), node.input(1)];
      const positive = greater(x, 0);
      return [
        where(positive, grad, mul(grad, slope)),
        needs(1) ? sumTo(where(positive, 0, mul(grad, x)), slope.shape) : undefined,
      ];
    },
  },

  Clip: {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad, outputs, needs }) => {
      const y = outputs[0] as Value;
      const [x, min, max] = [node.input(0), node.inputs[1], node.inputs[2]];
      return [
        min || max ? where(within(y, min, max), grad, 0) : grad,
        // A limit takes the gradient of the elements that it holds back.
        min && needs(1) ? sumTo(where(less(x, min), grad, 0), min.shape) : undefined,
        max && needs(2) ? sumTo(where(greater(x, max), grad, 0), max.shape) : undefined,
      ];
    },
  },

  Softmax: {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad, outputs }) => {
      const y = outputs[0] as Value;
      return [mul(y, sub(grad, reduceSum(mul(grad, y), [node.int('axis', -1)], true)))];
    },
  },

  LogSoftmax: {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad, outputs }) => [
      sub(grad, mul(exp(outputs[0] as Value), reduceSum(grad, [node.int('axis', -1)], true))),
    ],
  },
} satisfies Record<string, Operator>;

/** Where y lies strictly between the limits, of which at least one is given. */
function within(y: Value, min?: Value | number, max?: Value | number): Value {
  const above = min === undefined ? undefined : greater(y, min);
  const below = max === undefined ? undefined : less(y, max);
  return above && below ? y.builder.op('And', [above, below]) : ((above ?? below) as Value);
}
