import type { Value } from '../builder.ts';
import { type Attributes, int, ints } from '../graph.ts';
import type { NodeContext, Operator, Type } from '../operator.ts';
import { type Shape, sizeOf } from '../tensor.ts';
import { div, equal, mul, tensorOf } from './arithmetic.ts';
import { cast } from './constant.ts';
import { pad, spread } from './padding.ts';
import { reduceSum } from './reduction.ts';
import { upsampleNearest } from './resampling.ts';
import { scatterElements } from './selection.ts';
import { expand, reshape } from './shape.ts';
import { type Window, windowOf } from './window.ts';

/** How a pooling window slides over the spatial axes; pads are all the starts, then all the ends. */
export interface PoolOptions {
  /** Default: the kernel, so that windows lie side by side. */
  readonly strides?: readonly number[];
  /** Default 0. */
  readonly pads?: readonly number[];
}

/** Mean of each window of x [N,C,...]; padding counts as zeros where `countIncludePad` says so, else it is left out of the mean. */
export const averagePool = (
  x: Value,
  kernel: readonly number[],
  options: PoolOptions & { readonly countIncludePad?: boolean } = {},
): Value =>
  x.builder.op('AveragePool', [x], {
    ...attributesOf(kernel, options),
    count_include_pad: int(options.countIncludePad ? 1 : 0),
  });

/** Greatest element of each window of x [N,C,...]. */
export const maxPool = (x: Value, kernel: readonly number[], options: PoolOptions = {}): Value =>
  x.builder.op('MaxPool', [x], attributesOf(kernel, options));

/** Mean over space of x [N,C,...]: [N,C,1,...]. */
export const globalAveragePool = (x: Value): Value => x.builder.op('GlobalAveragePool', [x]);

/** Greatest element over space of x [N,C,...]: [N,C,1,...]. */
export const globalMaxPool = (x: Value): Value => x.builder.op('GlobalMaxPool', [x]);

function attributesOf(kernel: readonly number[], options: PoolOptions): Attributes {
  const { strides = kernel, pads = [...kernel, ...kernel].map(() => 0) } = options;
  return { kernel_shape: ints(kernel), strides: ints(strides), pads: ints(pads) };
}

/** Sum of each window of `kernel` of `grad` spread out by the strides: what each place of an input of `extents` is given back. */
function sumOverWindows(grad: Value, kernel: readonly number[], window: Window, extents: Shape): Value {
  if (liesSideBySide(kernel, window, extents)) return upsampleNearest(grad, kernel);
  const apart = spread(grad, [1, 1, ...window.strides]);
  const starts = kernel.map((size, i) => size - 1 - (window.pads[i] as number));
  const ends = kernel.map(
    (size, i) => (extents[i] as number) + size - 1 - (starts[i] as number) - (apart.shape[i + 2] as number),
  );
  const padded = pad(apart, [0, 0, ...starts, 0, 0, ...ends]);
  const ones = kernel.map(() => 1);
  return mul(averagePool(padded, kernel, { strides: ones }), sizeOf(kernel));
}

/** Whether the windows cover every place exactly once. */
function liesSideBySide(kernel: readonly number[], window: Window, extents: Shape): boolean {
  return (
    window.pads.every((amount) => amount === 0) &&
    window.dilations.every((step) => step === 1) &&
    kernel.every((size, i) => window.strides[i] === size && extents[i] === size * (window.output[i] as number))
  );
}

/** How many places each window averages over, [1,1,...]; one number where all windows are alike. */
function windowCounts(node: NodeContext, kernel: readonly number[], window: Window): readonly number[] | number {
  const extents = node.input(0).shape.slice(2);
  const includePad = node.int('count_include_pad', 0) !== 0;
  const perAxis = kernel.map((size, axis) => {
    const [start, end] = [window.pads[axis] as number, window.pads[axis + kernel.length] as number];
    const extent = extents[axis] as number;
    const [least, most] = includePad ? [-start, extent + end] : [0, extent];
    return Array.from({ length: window.output[axis] as number }, (_, i) => {
      const from = i * (window.strides[axis] as number) - start;
      return Math.min(most, from + size) - Math.max(least, from);
    });
  });
  const counts = perAxis.reduce((product, axis) => product.flatMap((count) => axis.map((own) => count * own)), [1]);
  const first = counts[0] ?? 1;
  return counts.every((count) => count === first) ? first : counts;
}

/** Gradient of MaxPool where windows do not overlap: equal maxima share it. No place is looked up, which keeps it fast. */
function toEqualMaxima(node: NodeContext, grad: Value, y: Value): Value {
  const kernel = kernelOf(node);
  const winners = cast(equal(node.input(0), upsampleNearest(y, kernel)), y.dtype);
  const count = mul(averagePool(winners, kernel), sizeOf(kernel));
  return mul(winners, upsampleNearest(div(grad, count), kernel));
}

/** Gradient of MaxPool for any window: added up at the places that MaxPool names (the first of equal maxima). */
function toFirstMaximum(node: NodeContext, grad: Value, indices?: Value): Value {
  const { builder } = grad;
  const { shape } = node.input(0);
  const attributes = { ...node.attributes, storage_order: int(0) };
  const places = indices ?? (builder.apply('MaxPool', [node.input(0)], { attributes, outputCount: 2 })[1] as Value);
  const empty = expand(builder.constant(tensorOf(grad.dtype, [0], [1]), 'zero'), [sizeOf(shape)]);
  const count = sizeOf(grad.shape);
  return reshape(scatterElements(empty, reshape(places, [count]), reshape(grad, [count]), 0, 'add'), shape);
}

const kernelOf = (node: NodeContext): readonly number[] => node.ints('kernel_shape', []);

function inferWindow(node: NodeContext): Type {
  const x = node.input(0);
  const kernel = kernelOf(node);
  if (kernel.length === 0 || kernel.length !== x.rank - 2)
    throw node.error('wants x [N,C,...] and a kernel for its spatial axes');
  return { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...windowOf(node, kernel).output] };
}

function inferGlobal(node: NodeContext): Type[] {
  const { dtype, shape } = node.input(0);
  return [{ dtype, shape: shape.map((extent, axis) => (axis < 2 ? extent : 1)) }];
}

export const operators = {
  AveragePool: {
    infer: (node) => [inferWindow(node)],
    gradient: ({ node, grad }) => {
      const kernel = kernelOf(node);
      const window = windowOf(node, kernel);
      const counts = windowCounts(node, kernel, window);
      const share =
        typeof counts === 'number'
          ? mul(grad, 1 / counts)
          : mul(
              grad,
              grad.builder.constant(
                tensorOf(
                  grad.dtype,
                  counts.map((count) => 1 / count),
                  [1, 1, ...window.output],
                ),
                'shares',
              ),
            );
      return [sumOverWindows(share, kernel, window, node.input(0).shape.slice(2))];
    },
  },

  MaxPool: {
    infer: (node) => {
      const type = inferWindow(node);
      return [type, { dtype: 'int64', shape: type.shape }];
    },
    gradient: ({ node, grad, outputs }) => {
      const kernel = kernelOf(node);
      const window = windowOf(node, kernel);
      if (liesSideBySide(kernel, window, node.input(0).shape.slice(2)))
        return [toEqualMaxima(node, grad, outputs[0] as Value)];
      return [toFirstMaximum(node, grad, outputs[1])];
    },
  },

  GlobalAveragePool: {
    infer: inferGlobal,
    // Left small: it broadcasts over space.
    gradient: ({ node, grad }) => [mul(grad, 1 / sizeOf(node.input(0).shape.slice(2)))],
  },

  GlobalMaxPool: {
    infer: inferGlobal,
    // Equal maxima share the gradient.
    gradient: ({ node, grad, outputs }) => {
      const x = node.input(0);
      const winners = cast(equal(x, outputs[0] as Value), x.dtype);
      const count = reduceSum(
        winners,
        x.shape.flatMap((_, axis) => (axis < 2 ? [] : [axis])),
        true,
      );
      return [mul(winners, div(grad, count))];
    },
  },
} satisfies Record<string, Operator>;
