import type { Value } from '../builder.ts';
import { int, ints } from '../graph.ts';
import type { NodeContext, Operator, Type } from '../operator.ts';
import { int64, type Shape, sizeOf, type Tensor } from '../tensor.ts';
import { broadcastShapes, tensorOf } from './arithmetic.ts';
import { pick } from './pick.ts';
import { sumTo } from './reduction.ts';

/** The same elements in another shape; no node is added where the shape is the same. */
export function reshape(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  return x.builder.op('Reshape', [x, x.builder.constant(int64(shape), 'shape')]);
}

/** [N, ...] -> [N, ...shape]; the file leaves the batch free. */
export function unflatten(x: Value, shape: Shape): Value {
  return x.builder.op('Reshape', [x, x.builder.constant(int64([0, ...shape]), 'shape')]);
}

/** Axes in another order: output axis i is input axis permutation[i]. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  if (permutation.every((axis, i) => axis === i)) return x;
  return x.builder.op('Transpose', [x], { perm: ints(permutation) });
}

/** Repeats axes of extent 1 up to `shape`. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  return x.builder.op('Expand', [x, x.builder.constant(int64(shape), 'shape')]);
}

/** Inserts axes of extent 1 at the places that they have in the result. */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  return x.builder.op('Unsqueeze', [x, x.builder.constant(int64(axes), 'axes')]);
}

/** Drops axes of extent 1. */
export function squeeze(x: Value, axes: readonly number[]): Value {
  return x.builder.op('Squeeze', [x, x.builder.constant(int64(axes), 'axes')]);
}

/** A matrix: the axes before `axis` make the rows. */
export function flatten(x: Value, axis = 1): Value {
  return x.builder.op('Flatten', [x], { axis: int(axis) });
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

/** The gradient of everything that only renames elements: back to the input's shape. */
const backToInput: NonNullable<Operator['gradient']> = ({ node, grad }) => [reshape(grad, node.input(0).shape)];

const foldView =
  (infer: (node: NodeContext) => readonly Type[]) =>
  (node: NodeContext, inputs: readonly Tensor[]): Tensor[] => [
    { ...(inputs[0] as Tensor), shape: (infer(node)[0] as Type).shape },
  ];

function view(shapeOf: (node: NodeContext) => number[]): Operator {
  const infer = (node: NodeContext): Type[] => [{ dtype: node.input(0).dtype, shape: shapeOf(node) }];
  return { infer, gradient: backToInput, fold: foldView(infer) };
}

export const operators = {
  Reshape: view((node) => {
    const x = node.input(0);
    const wanted = node.constantInput(1) ?? [];
    const allowZero = node.int('allowzero', 0) !== 0;
    const shape = wanted.map((extent, axis) => (extent === 0 && !allowZero ? (x.shape[axis] ?? 0) : extent));
    const free = shape.indexOf(-1);
    if (free >= 0) {
      const known = shape.reduce((size, extent) => (extent === -1 ? size : size * extent), 1);
      shape[free] = known === 0 ? 0 : sizeOf(x.shape) / known;
    }
    if (sizeOf(shape) !== sizeOf(x.shape)) throw node.error(`cannot take the shape [${wanted.join(',')}]`);
    return shape;
  }),

  Flatten: view((node) => {
    const { shape, rank } = node.input(0);
    const given = node.int('axis', 1);
    const axis = given < 0 ? given + rank : given;
    return [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))];
  }),

  Squeeze: view((node) => {
    const { shape, rank } = node.input(0);
    const axes = node.constantInput(1)?.map((axis) => (axis < 0 ? axis + rank : axis));
    return shape.filter((extent, axis) => {
      if (axes ? !axes.includes(axis) : extent !== 1) return true;
      if (extent !== 1) throw node.error(`axis ${axis} has extent ${extent}, not 1`);
      return false;
    });
  }),

  Unsqueeze: view((node) => {
    const { shape } = node.input(0);
    const given = node.constantInput(1) ?? [];
    const rank = shape.length + given.length;
    const axes = new Set(given.map((axis) => (axis < 0 ? axis + rank : axis)));
    const rest = [...shape];
    return Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : (rest.shift() ?? 1)));
  }),

  Transpose: {
    infer: (node) => {
      const x = node.input(0);
      return [{ dtype: x.dtype, shape: permutationOf(node).map((axis) => x.shape[axis] ?? 0) }];
    },
    gradient: ({ node, grad }) => {
      const inverse: number[] = [];
      permutationOf(node).forEach((axis, i) => {
        inverse[axis] = i;
      });
      return [transpose(grad, inverse)];
    },
    fold: (node, [tensor]) => {
      if (!tensor) return undefined;
      const permutation = permutationOf(node);
      const shape = permutation.map((axis) => tensor.shape[axis] as number);
      const source = (place: readonly number[]) =>
        tensor.shape.map((_, axis) => place[permutation.indexOf(axis)] as number);
      return [pick(tensor, shape, source)];
    },
  },

  Expand: {
    infer: (node) => {
      const x = node.input(0);
      return [{ dtype: x.dtype, shape: broadcastShapes(x.shape, node.constantInput(1) ?? []) }];
    },
    gradient: ({ node, grad }) => [sumTo(grad, node.input(0).shape)],
    fold: (node, inputs) => {
      const tensor = inputs[0];
      if (!tensor || sizeOf(tensor.shape) !== 1) return undefined;
      const shape = broadcastShapes(tensor.shape, node.constantInput(1) ?? []);
      // A greater one stays a node: it costs nothing in the file.
      if (sizeOf(shape) > 4096) return undefined;
      return [tensorOf(tensor.dtype, new Array<number>(sizeOf(shape)).fill(Number(tensor.data[0])), shape)];
    },
  },
} satisfies Record<string, Operator>;

function permutationOf(node: NodeContext): readonly number[] {
  const rank = node.input(0).rank;
  return node.ints(
    'perm',
    Array.from({ length: rank }, (_, axis) => rank - 1 - axis),
  );
}
