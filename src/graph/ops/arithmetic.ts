import { ShapeError } from '../../util/errors.ts';
import type { Value } from '../builder.ts';
import type { GradientContext, NodeContext, Operator, Type } from '../operator.ts';
import type { DataType, Shape, Tensor } from '../tensor.ts';
import { numberToHalf, sizeOf, toBigInt64, toNumbers } from '../tensor.ts';
import { cast } from './constant.ts';
import { sumTo } from './reduction.ts';

/** A value, or a number that becomes a constant of the other operand's element type. */
export type Operand = Value | number;

export const add = (a: Operand, b: Operand): Value => binary('Add', a, b);
export const sub = (a: Operand, b: Operand): Value => binary('Sub', a, b);
export const mul = (a: Operand, b: Operand): Value => binary('Mul', a, b);
export const div = (a: Operand, b: Operand): Value => binary('Div', a, b);
export const pow = (a: Operand, b: Operand): Value => binary('Pow', a, b);
export const minimum = (a: Operand, b: Operand): Value => binary('Min', a, b);
export const maximum = (a: Operand, b: Operand): Value => binary('Max', a, b);
export const less = (a: Operand, b: Operand): Value => binary('Less', a, b);
export const lessOrEqual = (a: Operand, b: Operand): Value => binary('LessOrEqual', a, b);
export const greater = (a: Operand, b: Operand): Value => binary('Greater', a, b);
export const greaterOrEqual = (a: Operand, b: Operand): Value => binary('GreaterOrEqual', a, b);
export const equal = (a: Operand, b: Operand): Value => binary('Equal', a, b);
export const neg = (x: Value): Value => x.builder.op('Neg', [x]);
export const abs = (x: Value): Value => x.builder.op('Abs', [x]);
export const sign = (x: Value): Value => x.builder.op('Sign', [x]);
export const sqrt = (x: Value): Value => x.builder.op('Sqrt', [x]);
export const exp = (x: Value): Value => x.builder.op('Exp', [x]);
export const log = (x: Value): Value => x.builder.op('Log', [x]);
export const reciprocal = (x: Value): Value => x.builder.op('Reciprocal', [x]);
export const square = (x: Value): Value => mul(x, x);
export const floor = (x: Value): Value => x.builder.op('Floor', [x]);
export const sin = (x: Value): Value => x.builder.op('Sin', [x]);
export const cos = (x: Value): Value => x.builder.op('Cos', [x]);
export const sinh = (x: Value): Value => x.builder.op('Sinh', [x]);
export const cosh = (x: Value): Value => x.builder.op('Cosh', [x]);
export const not = (x: Value): Value => x.builder.op('Not', [x]);

/** `yes` where `condition` (bool) holds, else `no`. */
export function where(condition: Value, yes: Operand, no: Operand): Value {
  const [a, b] = operands(yes, no, condition);
  return condition.builder.op('Where', [condition, a, b]);
}

/** A scalar constant of the element type given. */
export function scalarOf(value: Value, number: number, dtype: DataType = value.dtype): Value {
  return value.builder.constant(tensorOf(dtype, [number], []), 'scalar');
}

/** ONNX's (NumPy's) broadcasting of several shapes. @throws ShapeError where they do not fit. */
export function broadcastShapes(...shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const offset = rank - shape.length;
    shape.forEach((extent, i) => {
      const known = out[offset + i];
      if (extent === 1 || extent === known) return;
      if (known !== 1)
        throw new ShapeError(`shapes ${shapes.map((s) => `[${s.join(',')}]`).join(' and ')} do not broadcast`);
      out[offset + i] = extent;
    });
  }
  return out;
}

/** A tensor of `dtype` from plain numbers. */
export function tensorOf(dtype: DataType, values: readonly number[], shape: Shape): Tensor {
  switch (dtype) {
    case 'float32':
      return { dtype, shape, data: Float32Array.from(values) };
    case 'float64':
      return { dtype, shape, data: Float64Array.from(values) };
    case 'int64':
      return { dtype, shape, data: BigInt64Array.from(values, toBigInt64) };
    case 'int32':
      return { dtype, shape, data: Int32Array.from(values) };
    case 'int16':
      return { dtype, shape, data: Int16Array.from(values) };
    case 'int8':
      return { dtype, shape, data: Int8Array.from(values) };
    case 'uint8':
      return { dtype, shape, data: Uint8Array.from(values) };
    case 'bool':
      return { dtype, shape, data: Uint8Array.from(values, (value) => (value ? 1 : 0)) };
    case 'float16':
      return { dtype, shape, data: Uint16Array.from(values, numberToHalf) };
  }
}

function operands(a: Operand, b: Operand, like?: Value): [Value, Value] {
  const reference = typeof a !== 'number' ? a : typeof b !== 'number' ? b : undefined;
  const builder = (reference ?? like)?.builder;
  if (!builder) throw new ShapeError('an operation needs at least one value of a graph');
  const dtype = reference?.dtype ?? 'float32';
  const lift = (operand: Operand): Value =>
    typeof operand === 'number' ? builder.constant(tensorOf(dtype, [operand], []), 'scalar') : operand;
  return [lift(a), lift(b)];
}

function binary(op: string, a: Operand, b: Operand): Value {
  const [left, right] = operands(a, b);
  return left.builder.op(op, [left, right]);
}

function inferBroadcast(dtype?: DataType): (node: NodeContext) => Type[] {
  return (node) => {
    const values = node.inputs.map((_, i) => node.input(i));
    const first = values[0] as Value;
    for (const value of values) {
      if (value.dtype !== first.dtype) throw node.error(`mixes ${first.dtype} and ${value.dtype}`);
    }
    try {
      return [{ dtype: dtype ?? first.dtype, shape: broadcastShapes(...values.map((value) => value.shape)) }];
    } catch (cause) {
      throw node.error(cause instanceof Error ? cause.message : String(cause));
    }
  };
}

const inferSame = (node: NodeContext): Type[] => [node.input(0)];

/** Elementwise folding with broadcasting, for the shape arithmetic of exported graphs. */
function foldElementwise(compute: (values: readonly number[], dtype: DataType) => number, dtype?: DataType) {
  return (_node: NodeContext, inputs: readonly Tensor[]): Tensor[] => {
    const shape = broadcastShapes(...inputs.map((tensor) => tensor.shape));
    const numbers = inputs.map(toNumbers);
    const out: number[] = [];
    const kind = (inputs.at(-1) as Tensor).dtype;
    for (let i = 0; i < sizeOf(shape); i++) {
      const picked = numbers.map(
        (values, k) => values[broadcastIndex(i, shape, (inputs[k] as Tensor).shape)] as number,
      );
      out.push(compute(picked, kind));
    }
    return [tensorOf(dtype ?? kind, out, shape)];
  };
}

function broadcastIndex(flat: number, shape: Shape, of: Shape): number {
  let index = 0;
  let stride = 1;
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] as number;
    const own = of[axis - (shape.length - of.length)];
    if (own !== undefined) {
      if (own > 1) index += (rest % extent) * stride;
      stride *= own;
    }
    rest = Math.floor(rest / extent);
  }
  return index;
}

const isInteger = (dtype: DataType): boolean => /^u?int/.test(dtype);

function binaryOperator(
  compute: (a: number, b: number, dtype: DataType) => number,
  gradient: (context: GradientContext, a: Value, b: Value) => readonly [() => Value, () => Value],
): Operator {
  return {
    infer: inferBroadcast(),
    gradient: (context) => {
      const a = context.node.input(0);
      const b = context.node.input(1);
      const [toA, toB] = gradient(context, a, b);
      return [
        context.needs(0) ? sumTo(toA(), a.shape) : undefined,
        context.needs(1) ? sumTo(toB(), b.shape) : undefined,
      ];
    },
    fold: foldElementwise(([a, b], dtype) => compute(a as number, b as number, dtype)),
  };
}

function unaryOperator(compute: (x: number) => number, gradient: (grad: Value, x: Value, y: Value) => Value): Operator {
  return {
    infer: inferSame,
    gradient: ({ node, grad, outputs }) => [gradient(grad, node.input(0), outputs[0] as Value)],
    fold: foldElementwise(([x]) => compute(x as number)),
  };
}

/** Piecewise constant functions: their gradient is zero everywhere that it exists. */
function stepOperator(compute: (x: number) => number): Operator {
  return { infer: inferSame, stopsGradient: true, fold: foldElementwise(([x]) => compute(x as number)) };
}

function comparison(compute: (a: number, b: number) => boolean): Operator {
  return {
    infer: inferBroadcast('bool'),
    stopsGradient: true,
    fold: foldElementwise(([a, b]) => Number(compute(a as number, b as number)), 'bool'),
  };
}

/** Min and Max of one or more inputs; where several are equal, each gets an equal part of the gradient. */
function extremum(compute: (...values: number[]) => number): Operator {
  return {
    infer: inferBroadcast(),
    gradient: ({ node, grad, outputs, needs }) => {
      const y = outputs[0] as Value;
      const masks = node.inputs.map((_, i) => cast(equal(node.input(i), y), y.dtype));
      const share = div(
        grad,
        masks.reduce((sum, mask) => add(sum, mask)),
      );
      return masks.map((mask, i) => (needs(i) ? sumTo(mul(share, mask), node.input(i).shape) : undefined));
    },
    fold: foldElementwise((values) => compute(...values)),
  };
}

export const operators = {
  Add: binaryOperator(
    (a, b) => a + b,
    ({ grad }) => [() => grad, () => grad],
  ),
  Sub: binaryOperator(
    (a, b) => a - b,
    ({ grad }) => [() => grad, () => neg(grad)],
  ),
  Mul: binaryOperator(
    (a, b) => a * b,
    ({ grad }, a, b) => [() => mul(grad, b), () => mul(grad, a)],
  ),
  Div: binaryOperator(
    (a, b, dtype) => (isInteger(dtype) ? Math.trunc(a / b) : a / b),
    ({ grad, outputs }, _a, b) => [() => div(grad, b), () => neg(div(mul(grad, outputs[0] as Value), b))],
  ),
  Pow: {
    ...binaryOperator(
      (a, b) => a ** b,
      ({ grad, outputs }, a, b) => [
        () => mul(grad, mul(b, powerBelow(a, b))),
        // d/db a^b = a^b ln a; at a = 0 the limit is 0, and ln is kept finite there.
        () => mul(grad, mul(outputs[0] as Value, log(maximum(a, 1e-30)))),
      ],
    ),
    infer: (node) => [{ dtype: node.input(0).dtype, shape: broadcastShapes(node.input(0).shape, node.input(1).shape) }],
  },
  Mod: {
    infer: inferBroadcast(),
    // a - b q, where the whole quotient q stays as it is.
    gradient: ({ node, grad, outputs, needs }) => {
      const [a, b] = [node.input(0), node.input(1)];
      const quotient = () => div(sub(a, outputs[0] as Value), b);
      return [
        needs(0) ? sumTo(grad, a.shape) : undefined,
        needs(1) ? sumTo(neg(mul(grad, quotient())), b.shape) : undefined,
      ];
    },
    // The sign is the divisor's, or with `fmod` the dividend's, as JavaScript has it.
    fold: (node, inputs) =>
      foldElementwise(([a = 0, b = 0]) => (node.int('fmod', 0) ? a % b : ((a % b) + b) % b))(node, inputs),
  },
  Min: extremum(Math.min),
  Max: extremum(Math.max),
  Sum: {
    infer: inferBroadcast(),
    gradient: ({ node, grad, needs }) =>
      node.inputs.map((_, i) => (needs(i) ? sumTo(grad, node.input(i).shape) : undefined)),
  },
  Mean: {
    infer: inferBroadcast(),
    gradient: ({ node, grad, needs }) =>
      node.inputs.map((_, i) => (needs(i) ? sumTo(div(grad, node.inputs.length), node.input(i).shape) : undefined)),
  },
  Neg: unaryOperator(
    (x) => -x,
    (grad) => neg(grad),
  ),
  Abs: unaryOperator(Math.abs, (grad, x) => mul(grad, sign(x))),
  Sqrt: unaryOperator(Math.sqrt, (grad, _x, y) => div(mul(grad, 0.5), y)),
  Exp: unaryOperator(Math.exp, (grad, _x, y) => mul(grad, y)),
  Log: unaryOperator(Math.log, (grad, x) => div(grad, x)),
  Reciprocal: unaryOperator(
    (x) => 1 / x,
    (grad, _x, y) => neg(mul(grad, mul(y, y))),
  ),
  Sin: unaryOperator(Math.sin, (grad, x) => mul(grad, cos(x))),
  Cos: unaryOperator(Math.cos, (grad, x) => neg(mul(grad, sin(x)))),
  Tan: unaryOperator(Math.tan, (grad, _x, y) => mul(grad, add(square(y), 1))),
  Asin: unaryOperator(Math.asin, (grad, x) => div(grad, sqrt(sub(1, square(x))))),
  Acos: unaryOperator(Math.acos, (grad, x) => neg(div(grad, sqrt(sub(1, square(x)))))),
  Atan: unaryOperator(Math.atan, (grad, x) => div(grad, add(square(x), 1))),
  Sinh: unaryOperator(Math.sinh, (grad, x) => mul(grad, cosh(x))),
  Cosh: unaryOperator(Math.cosh, (grad, x) => mul(grad, sinh(x))),
  Asinh: unaryOperator(Math.asinh, (grad, x) => div(grad, sqrt(add(square(x), 1)))),
  Acosh: unaryOperator(Math.acosh, (grad, x) => div(grad, sqrt(sub(square(x), 1)))),
  Atanh: unaryOperator(Math.atanh, (grad, x) => div(grad, sub(1, square(x)))),
  Erf: {
    infer: inferSame,
    gradient: ({ node, grad }) => {
      const x = node.input(0);
      return [mul(grad, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))];
    },
  },
  Sign: stepOperator(Math.sign),
  Floor: stepOperator(Math.floor),
  Ceil: stepOperator(Math.ceil),
  Round: { infer: inferSame, stopsGradient: true },
  Less: comparison((a, b) => a < b),
  LessOrEqual: comparison((a, b) => a <= b),
  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  Equal: comparison((a, b) => a === b),
  And: comparison((a, b) => Boolean(a) && Boolean(b)),
  Or: comparison((a, b) => Boolean(a) || Boolean(b)),
  Not: stepOperator((x) => (x ? 0 : 1)),
  Xor: comparison((a, b) => Boolean(a) !== Boolean(b)),
  IsInf: { infer: (node) => [{ dtype: 'bool', shape: node.input(0).shape }], stopsGradient: true },
  IsNaN: { infer: (node) => [{ dtype: 'bool', shape: node.input(0).shape }], stopsGradient: true },
  Where: {
    infer: (node) => [
      {
        dtype: node.input(1).dtype,
        shape: broadcastShapes(node.input(0).shape, node.input(1).shape, node.input(2).shape),
      },
    ],
    gradient: ({ node, grad, needs }) => {
      const condition = node.input(0);
      return [
        undefined,
        needs(1) ? sumTo(where(condition, grad, 0), node.input(1).shape) : undefined,
        needs(2) ? sumTo(where(condition, 0, grad), node.input(2).shape) : undefined,
      ];
    },
    fold: foldElementwise(([condition, yes, no]) => (condition ? (yes as number) : (no as number))),
  },
} satisfies Record<string, Operator>;

/** a^(b-1), as cheaply as the exponent allows: squares are the common case. */
function powerBelow(a: Value, b: Value): Value {
  const exponent = b.numbers?.length === 1 ? b.numbers[0] : undefined;
  if (exponent === 2) return a;
  return pow(a, sub(b, 1));
}
