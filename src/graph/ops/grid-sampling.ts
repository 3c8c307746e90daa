import { UnsupportedOpError } from '../../util/errors.ts';
import type { Value } from '../builder.ts';
import { int, OPSET, string } from '../graph.ts';
import type { NodeContext, Operator } from '../operator.ts';
import { int64 } from '../tensor.ts';
import { add, greater, greaterOrEqual, less, lessOrEqual, maximum, minimum, mul, sub } from './arithmetic.ts';
import { cast } from './constant.ts';
import { concat, gather, slice } from './indexing.ts';
import { reduceSum } from './reduction.ts';
import { scatterAlong } from './selection.ts';
import { reshape, transpose } from './shape.ts';

/** Options of {@link gridSample}. */
export interface GridSampleOptions {
  /** Default 'bilinear'. */
  readonly mode?: 'bilinear' | 'nearest';
  /** What lies beyond the border: zeros (the default), or the border's own value. */
  readonly padding?: 'zeros' | 'border';
  /** Whether -1 and 1 are the centres of the outermost pixels, or (the default) their outer edges. */
  readonly alignCorners?: boolean;
}

/** Samples x [N,C,H,W] at `grid` [N,oh,ow,2]: (x, y) pairs, -1..1 from one border to the other. Its gradient is slow: it scatters. */
export function gridSample(x: Value, grid: Value, options: GridSampleOptions = {}): Value {
  const { mode = 'bilinear', padding = 'zeros', alignCorners = false } = options;
  return x.builder.op('GridSample', [x, grid], {
    mode: string(mode),
    padding_mode: string(padding),
    align_corners: int(alignCorners ? 1 : 0),
  });
}

/** One of the (at most two) pixels that a coordinate lies between: its place, its weight, and how the weight grows with the coordinate. */
interface Neighbour {
  readonly place: Value;
  readonly weight: Value;
  readonly growth: Value | undefined;
}

/** The neighbours of `coordinate` (-1..1) on an axis of `extent` pixels. */
function neighbours(node: NodeContext, coordinate: Value, extent: number): Neighbour[] {
  const aligned = node.int('align_corners', 0) !== 0;
  const zeros = node.string('padding_mode', 'zeros') === 'zeros';
  const slope = (aligned ? extent - 1 : extent) / 2;
  const free = add(mul(coordinate, slope), (extent - 1) / 2);
  const position = zeros ? free : minimum(maximum(free, 0), extent - 1);
  const nearest = node.string('mode', 'bilinear') === 'nearest';
  const first = position.builder.op(nearest ? 'Round' : 'Floor', [position]);
  // Beyond a border that goes on with its own value, nothing changes with the coordinate.
  const moving = zeros ? undefined : indicator(greater(free, 0), less(free, extent - 1));
  const neighbour = (place: Value, weight?: Value, sign?: number): Neighbour => {
    const inside = indicator(greaterOrEqual(place, 0), lessOrEqual(place, extent - 1));
    return {
      place: cast(minimum(maximum(place, 0), extent - 1), 'int64'),
      weight: weight ? (zeros ? mul(weight, inside) : weight) : inside,
      growth: sign === undefined ? undefined : mul(moving ?? inside, sign * slope),
    };
  };
  if (nearest) return [neighbour(first)];
  const fraction = sub(position, first);
  return [neighbour(first, sub(1, fraction), -1), neighbour(add(first, 1), fraction, 1)];
}

/** 1 where both conditions hold, else 0. */
function indicator(one: Value, other: Value): Value {
  return cast(one.builder.op('And', [one, other]), 'float32');
}

export const operators = {
  GridSample: {
    infer: (node) => {
      const [x, grid] = [node.input(0), node.input(1)];
      if (x.rank !== 4 || grid.rank !== 4 || grid.shape[3] !== 2 || grid.shape[0] !== x.shape[0]) {
        throw node.error('wants x [N,C,H,W] and a grid [N,oh,ow,2]');
      }
      return [{ dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...grid.shape.slice(1, 3)] }];
    },
    gradient: ({ node, grad, needs }) => {
      refuseUnknownModes(node);
      const [x, grid] = [node.input(0), node.input(1)];
      const [n, c, h, w] = x.shape as readonly number[] as [number, number, number, number];
      const points = (grid.shape[1] as number) * (grid.shape[2] as number);
      const coordinate = (axis: number): Value =>
        reshape(slice(grid, { starts: [axis], ends: [axis + 1], axes: [3] }), [n, points, 1]);
      const dy = reshape(transpose(grad, [0, 2, 3, 1]), [n, points, c]);
      const firstOfImage = x.builder.constant(
        int64(
          Array.from({ length: n }, (_, i) => i * h * w),
          [n, 1, 1],
        ),
        'image',
      );
      const columns = neighbours(node, coordinate(0), w);
      const corners = neighbours(node, coordinate(1), h).flatMap((row) =>
        columns.map((column) => ({ row, column, pixel: add(firstOfImage, add(mul(row.place, w), column.place)) })),
      );

      const toX = (): Value => {
        const updates = concat(
          corners.map(({ row, column }) => mul(dy, mul(row.weight, column.weight))),
          1,
        );
        const pixels = concat(
          corners.map(({ pixel }) => pixel),
          1,
        );
        const sums = scatterAlong(reshape(updates, [n * corners.length * points, c]), pixels, n * h * w, 0);
        return transpose(reshape(sums, [n, h, w, c]), [0, 3, 1, 2]);
      };

      const toGrid = (): Value | undefined => {
        const pixels = reshape(transpose(x, [0, 2, 3, 1]), [n * h * w, c]);
        const parts = corners.map(({ row, column, pixel }) => {
          const value = reshape(gather(pixels, reshape(pixel, [n * points])), [n, points, c]);
          const along = reduceSum(mul(dy, value), [2], true);
          const growths = [
            column.growth && mul(row.weight, column.growth),
            row.growth && mul(row.growth, column.weight),
          ];
          return growths.map((growth) => growth && mul(along, growth));
        });
        const [toColumn, toRow] = [0, 1].map((axis) =>
          parts
            .map((part) => part[axis])
            .reduce((sum, part) => (sum && part ? add(sum, part) : (sum ?? part)), undefined),
        );
        return toColumn && toRow && reshape(concat([toColumn, toRow], 2), grid.shape);
      };

      return [needs(0) ? toX() : undefined, needs(1) ? toGrid() : undefined];
    },
  },
} satisfies Record<string, Operator>;

function refuseUnknownModes(node: NodeContext): void {
  const mode = node.string('mode', 'bilinear');
  const padding = node.string('padding_mode', 'zeros');
  if (['bilinear', 'nearest'].includes(mode) && ['zeros', 'border'].includes(padding)) return;
  const reason = `no gradient for mode "${mode}" with padding "${padding}"`;
  throw new UnsupportedOpError({ op: 'GridSample', opset: OPSET, node: node.name, reason });
}
