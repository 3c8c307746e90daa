import { UnsupportedOpError } from '../../util/errors.ts';
import type { Value } from '../builder.ts';
import { int, OPSET, string } from '../graph.ts';
import type { NodeContext, Operator } from '../operator.ts';
import { float32, int64, type Shape, sizeOf } from '../tensor.ts';
import { mul } from './arithmetic.ts';
import { cast } from './constant.ts';
import { interpolationMatrix, sourceCoordinate } from './interpolation.ts';
import { matMul } from './matrix.ts';
import { averagePool } from './pooling.ts';
import { reshape, transpose } from './shape.ts';

/** How {@link resize} maps places and values; the names are ONNX's. */
export interface ResizeOptions {
  /** Extent of each axis of the result; or give `scales`. */
  readonly sizes?: readonly number[];
  /** Factor for each axis. */
  readonly scales?: readonly number[];
  /** Default 'linear'. */
  readonly mode?: 'nearest' | 'linear' | 'cubic';
  /** Default 'half_pixel'. */
  readonly coordinates?: 'half_pixel' | 'pytorch_half_pixel' | 'align_corners' | 'asymmetric';
  /** Default 'round_prefer_floor'. */
  readonly nearest?: 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';
}

/** `x` at another size, without smoothing where it shrinks. Nearest by whole factors wants 'asymmetric' and 'floor' to be fast. */
export function resize(x: Value, options: ResizeOptions): Value {
  const { sizes, scales, mode = 'linear', coordinates = 'half_pixel', nearest = 'round_prefer_floor' } = options;
  const { builder } = x;
  const target = scales
    ? [builder.constant(float32(scales, [scales.length]), 'scales')]
    : [undefined, builder.constant(int64(sizes ?? x.shape), 'sizes')];
  return builder.op('Resize', [x, undefined, ...target], {
    mode: string(mode),
    coordinate_transformation_mode: string(coordinates),
    nearest_mode: string(nearest),
  });
}

/** Each place of x [N,C,...] repeated along the spatial axes: one factor for each, or the same for all. */
export function upsampleNearest(x: Value, factors: number | readonly number[]): Value {
  const spatial = typeof factors === 'number' ? new Array<number>(x.rank - 2).fill(factors) : factors;
  return resize(x, { scales: [1, 1, ...spatial], mode: 'nearest', coordinates: 'asymmetric', nearest: 'floor' });
}

/** Blocks of channels laid out as `size` x `size` pixels; 'CRD' is the order of PyTorch's pixel shuffle. */
export const depthToSpace = (x: Value, size: number, mode: 'DCR' | 'CRD' = 'DCR'): Value =>
  x.builder.op('DepthToSpace', [x], { blocksize: int(size), mode: string(mode) });

/** Blocks of `size` x `size` pixels made channels, the undoing of {@link depthToSpace} in 'DCR' order. */
export const spaceToDepth = (x: Value, size: number): Value =>
  x.builder.op('SpaceToDepth', [x], { blocksize: int(size) });

export const operators = {
  Resize: {
    infer: (node) => {
      const { dtype, shape } = node.input(0);
      const sizes = node.inputs[3] ? node.constantInput(3) : undefined;
      const wanted = sizes ?? scalesOf(node).map((scale, axis) => Math.floor((shape[axis] as number) * scale));
      if (wanted.length !== shape.length) throw node.error('wants one scale or size for each axis');
      return [{ dtype, shape: wanted }];
    },
    gradient: ({ node, grad }) => {
      const x = node.input(0);
      const factors = wholeFactors(node, x.shape, grad.shape);
      // Every pixel was repeated: its gradient is the sum over its copies.
      if (factors) return [mul(averagePool(grad, factors), sizeOf(factors))];
      const scales = scalesOf(node);
      return [
        x.shape.reduce((whole, extent, axis) => {
          if (extent === whole.shape[axis] && scales[axis] === 1) return whole;
          return resampleAxis(
            whole,
            axis,
            extent,
            matrixOf(node, extent, grad.shape[axis] as number, scales[axis] as number),
          );
        }, grad),
      ];
    },
  },

  DepthToSpace: {
    infer: (node) => {
      const [n, c, h, w] = imageShape(node);
      const size = node.int('blocksize', 1);
      return [{ dtype: node.input(0).dtype, shape: [n, c / size ** 2, h * size, w * size] }];
    },
    gradient: ({ node, grad }) => {
      const size = node.int('blocksize', 1);
      if (node.string('mode', 'DCR') === 'DCR') return [spaceToDepth(grad, size)];
      const [n, c, h, w] = imageShape(node);
      const blocks = reshape(grad, [n, c / size ** 2, h, size, w, size]);
      return [reshape(transpose(blocks, [0, 1, 3, 5, 2, 4]), [n, c, h, w])];
    },
  },

  SpaceToDepth: {
    infer: (node) => {
      const [n, c, h, w] = imageShape(node);
      const size = node.int('blocksize', 1);
      return [{ dtype: node.input(0).dtype, shape: [n, c * size ** 2, h / size, w / size] }];
    },
    gradient: ({ node, grad }) => [depthToSpace(grad, node.int('blocksize', 1))],
  },
} satisfies Record<string, Operator>;

function imageShape(node: NodeContext): readonly [number, number, number, number] {
  const { shape } = node.input(0);
  if (shape.length !== 4) throw node.error('wants x [N,C,H,W]');
  return shape as readonly number[] as [number, number, number, number];
}

/** The factor of each axis, as the coordinates use it. */
function scalesOf(node: NodeContext): readonly number[] {
  const given = node.inputs[2] ? node.constantInput(2) : undefined;
  if (given?.length) return given;
  const { shape } = node.input(0);
  return (node.constantInput(3) ?? []).map((size, axis) => size / (shape[axis] as number));
}

function matrixOf(node: NodeContext, from: number, to: number, scale: number): Float32Array {
  const mode = node.string('mode', 'nearest');
  const coordinates = node.string('coordinate_transformation_mode', 'half_pixel');
  const sources = Array.from({ length: to }, (_, place) => sourceCoordinate(coordinates, place, { from, to, scale }));
  if (sources.includes(Number.NaN) || !['nearest', 'linear', 'cubic'].includes(mode)) {
    throw new UnsupportedOpError({
      op: 'Resize',
      opset: OPSET,
      node: node.name,
      reason: `no gradient for mode "${mode}" with "${coordinates}"`,
    });
  }
  return interpolationMatrix(sources, from, {
    mode: mode as 'nearest' | 'linear' | 'cubic',
    nearest: node.string('nearest_mode', 'round_prefer_floor'),
    cubicCoefficient: node.float('cubic_coeff_a', -0.75),
    excludeOutside: node.int('exclude_outside', 0) !== 0,
  });
}

/** The whole factors of the spatial axes, where Resize only repeats each place of x [N,C,...]. */
function wholeFactors(node: NodeContext, from: Shape, to: Shape): number[] | undefined {
  const factors = from.map((extent, axis) => (to[axis] as number) / extent);
  if (node.string('mode', 'nearest') !== 'nearest' || from.length < 3 || factors[0] !== 1 || factors[1] !== 1)
    return undefined;
  const scales = scalesOf(node);
  const repeats = factors.every((factor, axis) => {
    if (!Number.isInteger(factor)) return false;
    const extent = from[axis] as number;
    const matrix = matrixOf(node, extent, extent * factor, scales[axis] as number);
    return matrix.every((weight, i) => weight === (Math.floor(Math.floor(i / extent) / factor) === i % extent ? 1 : 0));
  });
  return repeats ? factors.slice(2) : undefined;
}

/** One axis of `grad` taken back to `extent` places by the transpose of `matrix` [places of grad, extent]. */
function resampleAxis(grad: Value, axis: number, extent: number, matrix: Float32Array): Value {
  const places = grad.shape[axis] as number;
  const before = grad.shape.slice(0, axis);
  const after = grad.shape.slice(axis + 1);
  if (after.length === 0)
    return matMul(grad, cast(grad.builder.constant(float32(matrix, [places, extent]), 'interpolation'), grad.dtype));
  const transposed = new Float32Array(matrix.length);
  matrix.forEach((weight, i) => {
    transposed[(i % extent) * places + Math.floor(i / extent)] = weight;
  });
  const left = cast(grad.builder.constant(float32(transposed, [extent, places]), 'interpolation'), grad.dtype);
  const product = matMul(left, reshape(grad, [sizeOf(before), places, sizeOf(after)]));
  return reshape(product, [...before, extent, ...after]);
}
