import type { Value } from '../builder.ts';
import { type Attributes, int, ints } from '../graph.ts';
import type { GradientContext, NodeContext, Operator, Type } from '../operator.ts';
import { int64, type Shape, sizeOf, type Tensor, toNumbers } from '../tensor.ts';
import { abs, add, div, equal, exp, mul, sign, sub, tensorOf } from './arithmetic.ts';
import { cast } from './constant.ts';
import { reshape } from './shape.ts';

/** Sum over `axes` (all of them where not given). */
export function reduceSum(x: Value, axes?: readonly number[], keepDims = false): Value {
  const inputs = axes ? [x, x.builder.constant(int64(axes), 'axes')] : [x];
  return x.builder.op('ReduceSum', inputs, { keepdims: int(keepDims ? 1 : 0) });
}

/** Mean over `axes` (all of them where not given). */
export const reduceMean = (x: Value, axes?: readonly number[], keepDims = false): Value =>
  x.builder.op('ReduceMean', [x], reduceAttributes(axes, keepDims));

/** Greatest element over `axes` (all of them where not given). */
export const reduceMax = (x: Value, axes?: readonly number[], keepDims = false): Value =>
  x.builder.op('ReduceMax', [x], reduceAttributes(axes, keepDims));

/** Euclidean norm over `axes` (all of them where not given). */
export const reduceL2 = (x: Value, axes?: readonly number[], keepDims = false): Value =>
  x.builder.op('ReduceL2', [x], reduceAttributes(axes, keepDims));

/** Undoes broadcasting: sums `x` down to `shape`. */
export function sumTo(x: Value, shape: Shape): Value {
  const extra = x.rank - shape.length;
  const axes: number[] = [];
  x.shape.forEach((extent, axis) => {
    if (axis < extra || (shape[axis - extra] === 1 && extent !== 1)) axes.push(axis);
  });
  if (axes.length === 0) return x;
  return reshape(reduceSum(x, axes, true), shape);
}

function reduceAttributes(axes: readonly number[] | undefined, keepDims: boolean): Attributes {
  return { keepdims: int(keepDims ? 1 : 0), ...(axes ? { axes: ints(axes) } : {}) };
}

/** The axes that a node reduces, 0..rank-1 ascending: an input of ReduceSum, an attribute of the others (operator set 17). */
function axesOf(node: NodeContext): number[] {
  const rank = node.input(0).rank;
  const given = node.optionalInts('axes') ?? node.constantInput(1);
  if (!given || given.length === 0) {
    return node.int('noop_with_empty_axes', 0) ? [] : Array.from({ length: rank }, (_, axis) => axis);
  }
  return given.map((axis) => {
    if (axis < -rank || axis >= rank) throw node.error(`axis ${axis} is not in -${rank}..${rank - 1}`);
    return axis < 0 ? axis + rank : axis;
  });
}

function infer(node: NodeContext): Type[] {
  const x = node.input(0);
  const axes = new Set(axesOf(node));
  const keep = node.int('keepdims', 1) !== 0;
  const shape = x.shape.flatMap((extent, axis) => (axes.has(axis) ? (keep ? [1] : []) : [extent]));
  return [{ dtype: x.dtype, shape }];
}

/** The shape of the result with the reduced axes kept as 1, so that it broadcasts against the input. */
function keptShape(node: NodeContext): number[] {
  const axes = new Set(axesOf(node));
  return node.input(0).shape.map((extent, axis) => (axes.has(axis) ? 1 : extent));
}

const countOf = (node: NodeContext): number => sizeOf(node.input(0).shape) / sizeOf(keptShape(node));

/** A rule that is given x and the gradient and result in a form that broadcasts against x. */
function reduction(
  rule: (parts: { readonly x: Value; readonly grad: Value; readonly y: Value; readonly node: NodeContext }) => Value,
  fold?: (values: readonly number[]) => number,
): Operator {
  return {
    infer,
    gradient: ({ node, grad, outputs }: GradientContext) => {
      const kept = keptShape(node);
      const x = node.input(0);
      return [rule({ x, grad: reshape(grad, kept), y: reshape(outputs[0] as Value, kept), node })];
    },
    ...(fold ? { fold: (node: NodeContext, inputs: readonly Tensor[]) => foldAll(node, inputs, fold) } : {}),
  };
}

/** Folds only what shape arithmetic needs: a reduction over everything. */
function foldAll(
  node: NodeContext,
  inputs: readonly Tensor[],
  compute: (values: readonly number[]) => number,
): Tensor[] | undefined {
  const tensor = inputs[0];
  if (!tensor || sizeOf(keptShape(node)) !== 1) return undefined;
  const type = infer(node)[0] as Type;
  return [tensorOf(type.dtype, [compute(toNumbers(tensor))], type.shape)];
}

/** Each greatest (or least) element gets an equal part. */
function extremum({ x, grad, y }: { readonly x: Value; readonly grad: Value; readonly y: Value }): Value {
  const mask = cast(equal(x, y), x.dtype);
  const axes = x.shape.flatMap((extent, axis) => (extent !== y.shape[axis] ? [axis] : []));
  const count = axes.length === 0 ? mask : reduceSum(mask, axes, true);
  return mul(div(grad, count), mask);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const product = (values: readonly number[]): number => values.reduce((total, value) => total * value, 1);

export const operators = {
  // A sum's gradient is left small: it broadcasts, and is spread out only where it must be.
  ReduceSum: reduction(({ grad }) => grad, sum),
  ReduceMean: reduction(({ grad, node }) => mul(grad, 1 / countOf(node))),
  ReduceMax: reduction(extremum, (values) => Math.max(...values)),
  ReduceMin: reduction(extremum, (values) => Math.min(...values)),
  // The gradient y / x is exact where no element is 0.
  ReduceProd: reduction(({ x, grad, y }) => div(mul(grad, y), x), product),
  ReduceL1: reduction(({ x, grad }) => mul(grad, sign(x))),
  // At 0 the norm has no gradient; the small constant makes it 0 there.
  ReduceL2: reduction(({ x, grad, y }) => mul(div(grad, add(y, 1e-20)), x)),
  ReduceSumSquare: reduction(({ x, grad }) => mul(mul(grad, 2), x)),
  ReduceLogSum: reduction(({ grad, y }) => div(grad, exp(y))),
  ReduceLogSumExp: reduction(({ x, grad, y }) => mul(grad, exp(sub(x, y)))),
} satisfies Record<string, Operator>;

/** Mean of the absolute values over everything: a scalar. */
export const meanAbsolute = (x: Value): Value => reduceMean(abs(x));
