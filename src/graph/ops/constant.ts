import type { Value } from '../builder.ts';
import { DATA_TYPE_CODES, dataTypeOf } from '../data-types.ts';
import { int } from '../graph.ts';
import type { NodeContext, Operator, Type } from '../operator.ts';
import { type DataType, int64, type Shape, sizeOf, type Tensor, toNumbers } from '../tensor.ts';
import { tensorOf } from './arithmetic.ts';

/** The elements as another type; no node is added where it is the same. */
export function cast(x: Value, dtype: DataType): Value {
  return x.dtype === dtype ? x : x.builder.op('Cast', [x], { to: int(DATA_TYPE_CODES[dtype]) });
}

const isFloat = (dtype: DataType): boolean => dtype.startsWith('float');

function castTarget(node: NodeContext): DataType {
  const dtype = dataTypeOf(node.int('to', 0));
  if (!dtype) throw node.error(`casts to the unsupported element type ${node.int('to', 0)}`);
  return dtype;
}

function fill(node: NodeContext, shape: Shape): Tensor {
  const value = node.tensor('value');
  return tensorOf(
    value?.dtype ?? 'float32',
    new Array<number>(sizeOf(shape)).fill(value ? (toNumbers(value)[0] ?? 0) : 0),
    shape,
  );
}

function constantOf(node: NodeContext): Tensor {
  const tensor = node.tensor('value');
  if (!tensor) throw node.error('has no value that is a tensor');
  return tensor;
}

function range(node: NodeContext): { start: number; count: number; step: number } {
  const [start, limit, step] = [0, 1, 2].map((i) => node.constantInput(i)?.[0] ?? 0) as [number, number, number];
  const count = Math.max(0, Math.ceil((limit - start) / step));
  if (!Number.isFinite(count)) throw node.error(`makes no range of ${start}, ${limit}, ${step}`);
  return { start, count, step };
}

/**
 * Rules of a (de)quantisation: elementwise, to the type that `dtype` tells, by one scale for all or for each place of an axis. There is no gradient, on
 * purpose: rounding's is zero wherever there is one, and a zero passed on in silence would be taken for a network that cannot be attacked.
 */
const quantisation = (dtype: (node: NodeContext) => DataType): Operator => ({
  infer: (node) => {
    const [{ shape }, scale] = [node.input(0), node.input(1)];
    const axis = node.int('axis', 1);
    if (sizeOf(scale.shape) !== 1 && scale.shape[0] !== shape.at(axis)) {
      throw node.error(`has not one scale for each place of axis ${axis}`);
    }
    return [{ dtype: dtype(node), shape }];
  },
});

/** Folded constants have at most so many elements; a greater one stays a node, which costs nothing in the file. */
const FOLDED_SIZE = 4096;

export const operators = {
  Constant: { infer: (node) => [constantOf(node)], fold: (node) => [constantOf(node)], stopsGradient: true },

  ConstantOfShape: {
    infer: (node) => {
      const shape = node.constantInput(0) ?? [];
      return [{ dtype: node.tensor('value')?.dtype ?? 'float32', shape }];
    },
    fold: (node) => {
      const shape = node.constantInput(0) ?? [];
      return sizeOf(shape) <= FOLDED_SIZE ? [fill(node, shape)] : undefined;
    },
    stopsGradient: true,
  },

  Identity: {
    infer: (node) => [node.input(0)],
    gradient: ({ grad }) => [grad],
    fold: (_node, inputs) => inputs,
  },

  /** Inference: the input as it is. (`upgradeNode` drops the node, and refuses one that drops out at random.) */
  Dropout: {
    infer: (node) => [node.input(0), { dtype: 'bool', shape: node.input(0).shape }],
    gradient: ({ grad }) => [grad],
  },

  Shape: {
    infer: (node) => [{ dtype: 'int64', shape: [shapeSlice(node).length] }],
    foldTypes: (node) => [int64(shapeSlice(node))],
    stopsGradient: true,
  },

  Size: {
    infer: () => [{ dtype: 'int64', shape: [] }],
    foldTypes: (node) => [int64([sizeOf(node.input(0).shape)], [])],
    stopsGradient: true,
  },

  Cast: {
    infer: (node): Type[] => [{ dtype: castTarget(node), shape: node.input(0).shape }],
    gradient: ({ node, grad }) => {
      const from = node.input(0).dtype;
      return [isFloat(from) && isFloat(castTarget(node)) ? cast(grad, from) : undefined];
    },
    fold: (node, inputs) => {
      const tensor = inputs[0] as Tensor;
      const dtype = castTarget(node);
      const numbers = toNumbers(tensor);
      // What is not finite has no integer: ONNX Runtime decides.
      const foldable = isFloat(dtype) || numbers.every(Number.isFinite);
      return foldable ? [tensorOf(dtype, numbers, tensor.shape)] : undefined;
    },
  },

  Range: {
    infer: (node) => [{ dtype: node.input(0).dtype, shape: [range(node).count] }],
    fold: (node) => {
      const { start, count, step } = range(node);
      if (count > FOLDED_SIZE) return undefined;
      return [
        tensorOf(
          node.input(0).dtype,
          Array.from({ length: count }, (_, i) => start + i * step),
          [count],
        ),
      ];
    },
    stopsGradient: true,
  },

  DequantizeLinear: quantisation((node) => node.input(1).dtype),
  QuantizeLinear: quantisation((node) => node.inputs[2]?.dtype ?? 'uint8'),
} satisfies Record<string, Operator>;

/** The part of the input's shape that a Shape node asks for: static, so the node is always a constant. */
function shapeSlice(node: NodeContext): readonly number[] {
  return node.input(0).shape.slice(node.int('start', 0), node.optionalInt('end'));
}
