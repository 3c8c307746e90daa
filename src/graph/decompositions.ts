import { UnsupportedOpError } from '../util/errors.ts';
import type { Value } from './builder.ts';
import { type Node, OPSET } from './graph.ts';
import type { NodeContext } from './operator.ts';
import { clip, hardSigmoid, leakyRelu, relu, sigmoid, softplus, tanh } from './ops/activation.ts';
import { abs, add, div, greater, less, mul, pow, square, sub, where } from './ops/arithmetic.ts';
import { gemm, matMul, transposeMatrix } from './ops/matrix.ts';
import { layerNorm } from './ops/normalisation.ts';
import { averagePool } from './ops/pooling.ts';
import { reduceL2, reduceMean, reduceSum } from './ops/reduction.ts';
import { reshape } from './ops/shape.ts';
import { sizeOf } from './tensor.ts';

/** A node's one output, made of operators that have a gradient. */
type Decomposition = (node: NodeContext) => Value;

/**
 * What an operator is made of that operator set 17 has not, or that is too rare for a gradient of its own; undefined for all others. Those of ONNX
 * Runtime's own domain stand in files that it has optimised and saved.
 */
export function findDecomposition({ op, domain }: Pick<Node, 'op' | 'domain'>): Decomposition | undefined {
  const table = domain === '' ? STANDARD : domain === 'com.microsoft' ? MICROSOFT : {};
  return Object.hasOwn(table, op) ? table[op] : undefined;
}

const STANDARD: Readonly<Record<string, Decomposition>> = {
  // Operator set 20.
  Gelu: (node) => gelu(node.input(0), node.string('approximate', 'none')),
  GlobalLpPool: (node) => {
    const x = node.input(0);
    const axes = x.shape.flatMap((_, axis) => (axis < 2 ? [] : [axis]));
    const p = node.int('p', 2);
    return p === 2 ? reduceL2(x, axes, true) : root(reduceSum(power(x, p), axes, true), p);
  },
  LpPool: lpPool,
  LRN: localResponseNormalisation,
  MeanVarianceNormalization: (node) => {
    const x = node.input(0);
    const axes = node.ints('axes', [0, 2, 3]);
    const mean = reduceMean(x, axes, true);
    const centred = sub(x, mean);
    const count = sizeOf(x.shape) / sizeOf(mean.shape);
    return div(centred, add(mul(reduceL2(centred, axes, true), 1 / Math.sqrt(count)), 1e-9));
  },
  // Operator set 18: x tanh(softplus(x)).
  Mish: (node) => mul(node.input(0), tanh(softplus(node.input(0)))),
  Shrink: (node) => {
    const [x, threshold, bias] = [node.input(0), node.float('lambd', 0.5), node.float('bias', 0)];
    return where(greater(x, threshold), sub(x, bias), where(less(x, -threshold), add(x, bias), 0));
  },
};

const MICROSOFT: Readonly<Record<string, Decomposition>> = {
  BiasGelu: (node) => gelu(add(node.input(0), node.input(1))),
  FastGelu: (node) => gelu(node.inputs[1] ? add(node.input(0), node.inputs[1]) : node.input(0), 'tanh'),
  FusedConv: (node) => {
    const { activation: _, activation_params: __, ...attributes } = node.attributes;
    const [x, weight, bias, sum] = [node.input(0), node.input(1), node.inputs[2], node.inputs[3]];
    const product = x.builder.op('Conv', bias ? [x, weight, bias] : [x, weight], attributes);
    const parameters = node.attributes.activation_params;
    return activated(node, sum ? add(product, sum) : product, parameters?.type === 'floats' ? parameters.value : []);
  },
  FusedGemm: (node) => {
    const product = gemm(node.input(0), node.input(1), {
      bias: node.inputs[2],
      transA: node.int('transA', 0) !== 0,
      transB: node.int('transB', 0) !== 0,
      alpha: node.float('alpha', 1),
      beta: node.float('beta', 1),
    });
    return activated(node, product, [node.float('activation_alpha', 0.01), node.float('activation_beta', 0)]);
  },
  FusedMatMul: (node) => {
    if (node.int('transBatchA', 0) !== 0 || node.int('transBatchB', 0) !== 0)
      throw unsupported(node, 'moves its batch');
    const side = (index: number, transposed: string): Value =>
      node.int(transposed, 0) === 0 ? node.input(index) : transposeMatrix(node.input(index));
    const product = matMul(side(0, 'transA'), side(1, 'transB'));
    const alpha = node.float('alpha', 1);
    return alpha === 1 ? product : mul(product, alpha);
  },
  Gelu: (node) => gelu(node.input(0)),
  QuickGelu: (node) => mul(node.input(0), sigmoid(mul(node.input(0), node.float('alpha', 1.702)))),
  SkipLayerNormalization: (node) => {
    if (node.outputCount > 1) throw unsupported(node, 'gives more than its result');
    const bias = node.inputs[4];
    const sum = add(node.input(0), node.input(1));
    const shift = node.inputs[3] ?? mul(node.input(2), 0);
    return layerNorm(bias ? add(sum, bias) : sum, node.input(2), shift, -1, node.float('epsilon', 1e-12));
  },
};

/** x Phi(x), exactly or with the hyperbolic tangent (Hendrycks and Gimpel, 2016). */
function gelu(x: Value, approximate = 'none'): Value {
  const curve =
    approximate === 'tanh'
      ? tanh(mul(mul(x, add(mul(square(x), 0.044715), 1)), Math.sqrt(2 / Math.PI)))
      : x.builder.op('Erf', [mul(x, Math.SQRT1_2)]);
  return mul(mul(x, 0.5), add(curve, 1));
}

/** x / (bias + alpha mean(x^2))^beta, the mean over `size` neighbouring channels (Krizhevsky et al., 2012); missing ones count as zeros. */
function localResponseNormalisation(node: NodeContext): Value {
  const x = node.input(0);
  const size = node.int('size', 1);
  const [batch, channels] = [x.shape[0] as number, x.shape[1] as number];
  const before = Math.floor((size - 1) / 2);
  const rows = reshape(square(x), [batch, 1, channels, sizeOf(x.shape.slice(2))]);
  const means = averagePool(rows, [size, 1], {
    strides: [1, 1],
    pads: [before, 0, size - 1 - before, 0],
    countIncludePad: true,
  });
  const energy = add(mul(reshape(means, x.shape), node.float('alpha', 1e-4)), node.float('bias', 1));
  return mul(x, pow(energy, -node.float('beta', 0.75)));
}

/** The p-norm of each window. */
function lpPool(node: NodeContext): Value {
  const { p: _, dilations, ...attributes } = node.attributes;
  if (node.int('ceil_mode', 0) !== 0 || (dilations?.type === 'ints' && dilations.value.some((step) => step !== 1))) {
    throw unsupported(node, 'ceil_mode and dilations are not read');
  }
  const p = node.int('p', 2);
  const x = node.input(0);
  const means = x.builder.op('AveragePool', [power(x, p)], {
    ...attributes,
    count_include_pad: { type: 'int', value: 1 },
  });
  return root(mul(means, sizeOf(node.ints('kernel_shape', []))), p);
}

const power = (x: Value, p: number): Value => (p === 1 ? abs(x) : p === 2 ? square(x) : pow(abs(x), p));

/** x^(1/p) for x that is not negative; at 0, where the root is infinitely steep, the gradient is made 0. */
function root(x: Value, p: number): Value {
  if (p === 1) return x;
  const known = greater(x, 0);
  return where(known, pow(where(known, x, 1), 1 / p), 0);
}

/** The activation that ONNX Runtime fused into a node, with its parameters in the order that it keeps them. */
function activated(node: NodeContext, x: Value, [first, second]: readonly number[]): Value {
  const name = node.string('activation', '');
  switch (name) {
    case '':
      return x;
    case 'Relu':
      return relu(x);
    case 'Sigmoid':
      return sigmoid(x);
    case 'Tanh':
      return tanh(x);
    case 'LeakyRelu':
      return leakyRelu(x, first);
    case 'Clip':
      return clip(x, first, second);
    case 'HardSigmoid':
      return hardSigmoid(x, first, second);
    default:
      throw unsupported(node, `the activation "${name}" is not read`);
  }
}

const unsupported = (node: NodeContext, reason: string): UnsupportedOpError =>
  new UnsupportedOpError({ op: node.op, opset: OPSET, node: node.name, reason });
