import { ShapeError } from '../../util/errors.ts';
import type { Value } from '../builder.ts';
import { int } from '../graph.ts';
import type { NodeContext, Operator, Type } from '../operator.ts';
import { int64, type Shape, sizeOf, toNumbers } from '../tensor.ts';
import { tensorOf } from './arithmetic.ts';
import { pad, spread } from './padding.ts';
import { pick } from './pick.ts';
import { scatterAlong } from './selection.ts';
import { expand, reshape } from './shape.ts';

/** The part that {@link slice} takes: one entry for each of `axes`; negative places count from the end, ends are not included. */
export interface SliceOptions {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  /** Default 1 for each axis; a negative step walks backwards. */
  readonly steps?: readonly number[];
}

/** A part of `x`, NumPy's x[start:end:step] over `axes`; no node is added where it is the whole. */
export function slice(x: Value, options: SliceOptions): Value {
  const { starts, ends, axes, steps } = options;
  const whole = axes.every((axis, i) => starts[i] === 0 && ends[i] === x.shape[axis] && (steps?.[i] ?? 1) === 1);
  if (whole) return x;
  const inputs = [starts, ends, axes, ...(steps ? [steps] : [])];
  return x.builder.op('Slice', [x, ...inputs.map((numbers) => x.builder.constant(int64(numbers), 'slice'))]);
}

/** `x` with `axis` walked backwards. */
export function flip(x: Value, axis: number): Value {
  const extent = x.shape.at(axis) as number;
  return slice(x, { starts: [extent - 1], ends: [-extent - 1], axes: [axis], steps: [-1] });
}

/** The values one after another along `axis`. @throws ShapeError where there is none. */
export function concat(values: readonly Value[], axis: number): Value {
  const first = values[0];
  if (!first) throw new ShapeError('concat needs at least one value');
  return values.length === 1 ? first : first.builder.op('Concat', values, { axis: int(axis) });
}

/** Cuts `x` along `axis` into parts of the extents `sizes`. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  if (sizes.length === 1) return [x];
  return x.builder.apply('Split', [x, x.builder.constant(int64(sizes), 'sizes')], {
    attributes: { axis: int(axis) },
    outputCount: sizes.length,
  });
}

/** The entries of `x` along `axis` at `indices` (integers; negative ones count from the end), in the place of that axis. */
export function gather(x: Value, indices: Value | readonly number[], axis = 0): Value {
  const places = 'builder' in indices ? indices : x.builder.constant(int64(indices), 'indices');
  return x.builder.op('Gather', [x, places], { axis: int(axis) });
}

/** Running sum along `axis`. */
export function cumSum(x: Value, axis: number, options: { exclusive?: boolean; reverse?: boolean } = {}): Value {
  return x.builder.op('CumSum', [x, x.builder.constant(int64([axis], []), 'axis')], {
    exclusive: int(options.exclusive ? 1 : 0),
    reverse: int(options.reverse ? 1 : 0),
  });
}

export const operators = {
  Slice: {
    infer: (node) => [{ dtype: node.input(0).dtype, shape: rangesOf(node).map(({ count }) => count) }],
    gradient: ({ node, grad }) => [unslice(grad, node.input(0).shape, rangesOf(node))],
    fold: (node, [tensor]) => {
      const ranges = rangesOf(node);
      return (
        tensor && [
          pick(
            tensor,
            ranges.map(({ count }) => count),
            (place) => ranges.map(({ start, step }, axis) => start + step * (place[axis] as number)),
          ),
        ]
      );
    },
  },

  Concat: {
    infer: (node) => [concatenatedType(node)],
    gradient: ({ node, grad, needs }) => {
      const axis = axisOf(node);
      let start = 0;
      return node.inputs.map((_, i) => {
        const from = start;
        start += node.input(i).shape[axis] as number;
        return needs(i) ? slice(grad, { starts: [from], ends: [start], axes: [axis] }) : undefined;
      });
    },
    fold: (node, inputs) => {
      const axis = axisOf(node);
      const { dtype, shape } = concatenatedType(node);
      const blocks = inputs.map((tensor) => ({ values: toNumbers(tensor), length: sizeOf(tensor.shape.slice(axis)) }));
      const rows = sizeOf(shape.slice(0, axis));
      const out: number[] = [];
      for (let row = 0; row < rows; row++) {
        for (const { values, length } of blocks) out.push(...values.slice(row * length, (row + 1) * length));
      }
      return [tensorOf(dtype, out, shape)];
    },
  },

  Split: {
    infer: (node) => {
      const { dtype, shape } = node.input(0);
      const axis = axisOf(node);
      return splitSizes(node).map((size) => ({ dtype, shape: shape.with(axis, size) }));
    },
    gradient: ({ node, grads, outputs }) => [
      concat(
        outputs.map(
          (output, i) =>
            grads[i] ?? expand(output.builder.constant(tensorOf(output.dtype, [0], []), 'zero'), output.shape),
        ),
        axisOf(node),
      ),
    ],
    fold: (node, [tensor]) => {
      const axis = axisOf(node);
      let start = 0;
      return (
        tensor &&
        splitSizes(node).map((size) => {
          const from = start;
          start += size;
          return pick(tensor, tensor.shape.with(axis, size), (place) =>
            place.with(axis, from + (place[axis] as number)),
          );
        })
      );
    },
  },

  Gather: {
    infer: (node) => [gatheredType(node)],
    gradient: ({ node, grad }) => {
      const axis = axisOf(node);
      const { shape } = node.input(0);
      const indices = node.input(1);
      const extent = shape[axis] as number;
      const before = shape.slice(0, axis);
      const after = shape.slice(axis + 1);
      const run = indices.numbers && evenRun(indices.numbers.map((place) => (place < 0 ? place + extent : place)));
      // Indices at even steps are a slice, whose gradient is padding.
      if (run) {
        const ranges = shape.map((count, a) => (a === axis ? run : { start: 0, step: 1, count }));
        return [unslice(reshape(grad, [...before, run.count, ...after]), shape, ranges)];
      }
      return [scatterAlong(reshape(grad, [...before, sizeOf(indices.shape), ...after]), indices, extent, axis)];
    },
    fold: (node, [tensor, indices]) => {
      if (!tensor || !indices) return undefined;
      const axis = axisOf(node);
      const places = toNumbers(indices);
      const extent = tensor.shape[axis] as number;
      if (places.some((place) => place < -extent || place >= extent))
        throw node.error(`an index is not in -${extent}..${extent - 1}`);
      const flat = [...tensor.shape.slice(0, axis), places.length, ...tensor.shape.slice(axis + 1)];
      const picked = pick(tensor, flat, (place) => {
        const found = places[place[axis] as number] as number;
        return place.with(axis, found < 0 ? found + extent : found);
      });
      return [{ ...picked, shape: gatheredType(node).shape }];
    },
  },

  Trilu: {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad }) => [
      grad.builder.op('Trilu', node.inputs[1] ? [grad, node.inputs[1]] : [grad], { upper: int(node.int('upper', 1)) }),
    ],
  },

  CumSum: {
    infer: (node) => [node.input(0)],
    gradient: ({ node, grad }) => [
      cumSum(grad, node.constantInput(1)?.[0] ?? 0, {
        exclusive: node.int('exclusive', 0) !== 0,
        reverse: node.int('reverse', 0) === 0,
      }),
    ],
  },
} satisfies Record<string, Operator>;

/** What is taken of one axis: `count` places from `start` on, `step` apart. */
interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

function axisOf(node: NodeContext): number {
  const { rank } = node.input(0);
  const axis = node.int('axis', 0);
  if (axis < -rank || axis >= rank) throw node.error(`axis ${axis} is not in ${-rank}..${rank - 1}`);
  return axis < 0 ? axis + rank : axis;
}

function concatenatedType(node: NodeContext): Type {
  const { dtype, shape } = node.input(0);
  const axis = axisOf(node);
  let sum = 0;
  for (let i = 0; i < node.inputs.length; i++) {
    const { shape: other } = node.input(i);
    if (other.length !== shape.length || other.some((extent, a) => a !== axis && extent !== shape[a])) {
      throw node.error(`the shapes differ beside axis ${axis}`);
    }
    sum += other[axis] as number;
  }
  return { dtype, shape: shape.with(axis, sum) };
}

function gatheredType(node: NodeContext): Type {
  const { dtype, shape } = node.input(0);
  const axis = axisOf(node);
  return { dtype, shape: [...shape.slice(0, axis), ...node.input(1).shape, ...shape.slice(axis + 1)] };
}

/** The ranges of a Slice node, one for each axis of its input. */
function rangesOf(node: NodeContext): Range[] {
  const { shape, rank } = node.input(0);
  const starts = node.constantInput(1) ?? [];
  const ends = node.constantInput(2) ?? [];
  const axes = node.constantInput(3) ?? starts.map((_, i) => i);
  const steps = node.constantInput(4);
  const ranges: Range[] = shape.map((count) => ({ start: 0, step: 1, count }));
  axes.forEach((given, i) => {
    const axis = given < 0 ? given + rank : given;
    const extent = shape[axis];
    const step = steps?.[i] ?? 1;
    if (extent === undefined || step === 0) throw node.error(`axis ${given} with step ${step} cannot be sliced`);
    // Walking backwards may end before the first place, and must begin at a real one.
    const [least, most] = step > 0 ? [0, extent] : [-1, extent - 1];
    const resolve = (place = 0): number => Math.min(most, Math.max(least, place < 0 ? place + extent : place));
    const start = resolve(starts[i]);
    ranges[axis] = { start, step, count: Math.max(0, Math.ceil((resolve(ends[i]) - start) / step)) };
  });
  return ranges;
}

/** Puts a slice's gradient where the slice came from: backwards axes are flipped, gaps and borders are filled with zeros. */
function unslice(grad: Value, shape: Shape, ranges: readonly Range[]): Value {
  let part = grad;
  const forward = ranges.map((range, axis) => {
    if (range.step > 0) return range;
    part = flip(part, axis);
    return { start: range.start + range.step * (range.count - 1), step: -range.step, count: range.count };
  });
  part = spread(
    part,
    forward.map(({ step, count }) => (count > 1 ? step : 1)),
  );
  const before = forward.map(({ start }) => start);
  const after = shape.map((extent, axis) => extent - (before[axis] as number) - (part.shape[axis] as number));
  return pad(part, [...before, ...after]);
}

/** The range that indices stand for, where they lie at even steps. */
function evenRun(places: readonly number[]): Range | undefined {
  const [start, second] = places;
  if (start === undefined) return undefined;
  const step = second === undefined ? 1 : second - start;
  if (step === 0 || places.some((place, i) => place !== start + i * step)) return undefined;
  return { start, step, count: places.length };
}

function splitSizes(node: NodeContext): readonly number[] {
  const extent = node.input(0).shape[axisOf(node)] as number;
  const sizes = node.constantInput(1) ?? new Array<number>(node.outputCount).fill(extent / node.outputCount);
  if (sizes.length !== node.outputCount || sizes.reduce((sum, size) => sum + size, 0) !== extent) {
    throw node.error(`parts of [${sizes.join(',')}] do not make up ${extent}`);
  }
  return sizes;
}
