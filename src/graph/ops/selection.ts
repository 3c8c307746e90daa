import { UnsupportedOpError } from '../../util/errors.ts';
import type { Value } from '../builder.ts';
import { int, OPSET, string } from '../graph.ts';
import type { NodeContext, Operator, Type } from '../operator.ts';
import { int64, type Shape, sizeOf } from '../tensor.ts';
import { add, less, mul, tensorOf, where } from './arithmetic.ts';
import { cast } from './constant.ts';
import { concat } from './indexing.ts';
import { reduceSum } from './reduction.ts';
import { expand, reshape } from './shape.ts';

/** For each place of `indices`, the element of `x` there, with the place along `axis` replaced by the index. */
export const gatherElements = (x: Value, indices: Value, axis: number): Value =>
  x.builder.op('GatherElements', [x, indices], { axis: int(axis) });

/** The parts of `x` that the last axis of `indices` names. */
export const gatherNd = (x: Value, indices: Value): Value => x.builder.op('GatherND', [x, indices]);

/** How a scatter treats what is there: 'none' replaces it, 'add' sums. Under 'none' no place may be named twice. */
export type Reduction = 'none' | 'add';

/** {@link gatherElements} the other way: `x` with `updates` written, or added, at the places that the indices name. */
export const scatterElements = (
  x: Value,
  indices: Value,
  updates: Value,
  axis: number,
  reduction: Reduction = 'none',
): Value => x.builder.op('ScatterElements', [x, indices, updates], { axis: int(axis), reduction: string(reduction) });

/** {@link gatherNd} the other way: `x` with `updates` written, or added, at the parts that the indices name. */
export const scatterNd = (x: Value, indices: Value, updates: Value, reduction: Reduction = 'none'): Value =>
  x.builder.op('ScatterND', [x, indices, updates], { reduction: string(reduction) });

/** A new axis of extent `depth` that holds 1 at the index and 0 elsewhere: float32. */
export function oneHot(indices: Value, depth: number, axis = -1): Value {
  const { builder } = indices;
  const values = builder.constant(tensorOf('float32', [0, 1], [2]), 'off_on');
  return builder.op('OneHot', [indices, builder.constant(int64([depth], []), 'depth'), values], { axis: int(axis) });
}

/** Place of the greatest element along `axis` (the first of equals): int64. */
export const argMax = (x: Value, axis: number, keepDims = false): Value =>
  x.builder.op('ArgMax', [x], { axis: int(axis), keepdims: int(keepDims ? 1 : 0) });

/** Place of the least element along `axis` (the first of equals): int64. */
export const argMin = (x: Value, axis: number, keepDims = false): Value =>
  x.builder.op('ArgMin', [x], { axis: int(axis), keepdims: int(keepDims ? 1 : 0) });

/** The `count` greatest elements along `axis`, in falling order, and their places. */
export function topK(x: Value, count: number, axis = -1): { readonly values: Value; readonly indices: Value } {
  const [values, indices] = x.builder.apply('TopK', [x, x.builder.constant(int64([count]), 'count')], {
    attributes: { axis: int(axis) },
    outputCount: 2,
  }) as [Value, Value];
  return { values, indices };
}

/**
 * Adds the entries of `values` along `axis` up at `indices` (one for each entry) of a tensor of zeros that has `extent` places there.
 *
 * Measured in ONNX Runtime 1.30: ScatterND would copy whole rows, but adds in several threads at once and loses sums where a place is
 * named twice; ScatterElements is right, and 10 times faster over one axis than over several, hence the flat places.
 */
export function scatterAlong(values: Value, indices: Value, extent: number, axis: number): Value {
  const { builder, shape } = values;
  const [before, count, after] = [sizeOf(shape.slice(0, axis)), shape[axis] as number, sizeOf(shape.slice(axis + 1))];
  const firsts = (number: number, stride: number, extents: Shape): Value =>
    builder.constant(
      int64(
        Array.from({ length: number }, (_, i) => i * stride),
        extents,
      ),
      'firsts',
    );
  const along = wrapped(reshape(cast(indices, 'int64'), [1, count, 1]), [extent]);
  const rows = add(mul(along, after), firsts(before, extent * after, [before, 1, 1]));
  const places = after === 1 ? rows : add(rows, firsts(after, 1, [1, 1, after]));
  const size = [sizeOf(shape)];
  const sums = scatterElements(
    zeros(values, [before * extent * after]),
    reshape(places, size),
    reshape(values, size),
    0,
    'add',
  );
  return reshape(sums, shape.with(axis, extent));
}

export const operators = {
  GatherElements: {
    infer: (node) => [{ dtype: node.input(0).dtype, shape: node.input(1).shape }],
    gradient: ({ node, grad }) => {
      const x = node.input(0);
      return [scatterElements(zeros(x), node.input(1), grad, node.int('axis', 0), 'add')];
    },
  },

  GatherND: {
    infer: (node) => {
      const { dtype, shape } = node.input(0);
      const indices = node.input(1).shape;
      const batch = node.int('batch_dims', 0);
      return [{ dtype, shape: [...indices.slice(0, -1), ...shape.slice(batch + (indices.at(-1) ?? 0))] }];
    },
    gradient: ({ node, grad }) => {
      const { shape } = node.input(0);
      const indices = withBatchPlaces(node.input(1), node.int('batch_dims', 0));
      const named = indices.shape.at(-1) as number;
      const rows = sizeOf(shape.slice(0, named));
      const parts = reshape(grad, [sizeOf(indices.shape) / named, sizeOf(shape.slice(named))]);
      return [reshape(scatterAlong(parts, rowOf(indices, shape.slice(0, named)), rows, 0), shape)];
    },
  },

  ScatterElements: scatter((x, node) => ({
    gather: () => gatherElements(x, node.input(1), node.int('axis', 0)),
    clear: () => scatterElements(x, node.input(1), zeros(node.input(2)), node.int('axis', 0)),
  })),

  ScatterND: scatter((x, node) => ({
    gather: () => gatherNd(x, node.input(1)),
    clear: () => scatterNd(x, node.input(1), zeros(node.input(2))),
  })),

  OneHot: {
    infer: (node) => {
      const { shape, rank } = node.input(0);
      const axis = node.int('axis', -1);
      const depth = node.constantInput(1)?.[0] ?? 0;
      return [{ dtype: node.input(2).dtype, shape: shape.toSpliced(axis < 0 ? axis + rank + 1 : axis, 0, depth) }];
    },
    stopsGradient: true,
  },

  ArgMax: { infer: inferPlace, stopsGradient: true },
  ArgMin: { infer: inferPlace, stopsGradient: true },

  TopK: {
    infer: (node) => {
      const { dtype, shape } = node.input(0);
      const taken = shape.with(axisOf(node, -1), node.constantInput(1)?.[0] ?? 0);
      return [
        { dtype, shape: taken },
        { dtype: 'int64', shape: taken },
      ];
    },
    gradient: ({ node, grads, outputs: [, indices] }) => {
      const axis = axisOf(node, -1);
      if (!grads[0]) return [];
      const places =
        indices ?? node.input(0).builder.apply('TopK', node.inputs, { attributes: node.attributes, outputCount: 2 })[1];
      return [places && scatterElements(zeros(node.input(0)), places, grads[0], axis, 'add')];
    },
  },
} satisfies Record<string, Operator>;

/** The rules that both scatters share; `on` tells how to read, or to clear, the places that the node writes. */
function scatter(
  on: (x: Value, node: NodeContext) => { readonly gather: () => Value; readonly clear: () => Value },
): Operator {
  return {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad, needs }) => {
      const reduction = node.string('reduction', 'none');
      if (reduction !== 'none' && reduction !== 'add') {
        const reason = `no gradient for the reduction "${reduction}"`;
        throw new UnsupportedOpError({ op: node.op, opset: OPSET, node: node.name, reason });
      }
      const { gather, clear } = on(grad, node);
      return [
        needs(0) ? (reduction === 'add' ? grad : clear()) : undefined,
        undefined,
        needs(2) ? gather() : undefined,
      ];
    },
  };
}

function inferPlace(node: NodeContext): Type[] {
  const { shape } = node.input(0);
  const keep = node.int('keepdims', 1) !== 0;
  return [{ dtype: 'int64', shape: shape.toSpliced(axisOf(node, 0), 1, ...(keep ? [1] : [])) }];
}

function axisOf(node: NodeContext, otherwise: number): number {
  const axis = node.int('axis', otherwise);
  return axis < 0 ? axis + node.input(0).rank : axis;
}

/** Zeros of the element type of `like`. */
function zeros(like: Value, shape: Shape = like.shape): Value {
  return expand(like.builder.constant(tensorOf(like.dtype, [0], []), 'zero'), shape);
}

/** Indices of GatherND that name the batch axes too, as ScatterND (which has no batch axes) wants them. */
function withBatchPlaces(indices: Value, batchAxes: number): Value {
  const shape = [...indices.shape.slice(0, -1), 1];
  const places = shape.slice(0, batchAxes).map((extent, axis) => {
    const counting = Array.from({ length: extent }, (_, i) => i);
    return expand(
      indices.builder.constant(
        int64(
          counting,
          shape.map((_, a) => (a === axis ? extent : 1)),
        ),
        'batch',
      ),
      shape,
    );
  });
  return concat([...places, indices], indices.rank - 1);
}

/** The row-major index that the last axis of `indices` stands for, over axes of `extents`. */
function rowOf(indices: Value, extents: Shape): Value {
  const strides = extents.map((_, axis) => sizeOf(extents.slice(axis + 1)));
  return reduceSum(
    mul(wrapped(indices, extents), cast(indices.builder.constant(int64(strides), 'strides'), indices.dtype)),
    [-1],
  );
}

/** Negative places, which count from the end of their axis, made plain ones. */
function wrapped(indices: Value, extents: Shape): Value {
  return where(
    less(indices, 0),
    add(indices, cast(indices.builder.constant(int64(extents), 'extents'), indices.dtype)),
    indices,
  );
}
