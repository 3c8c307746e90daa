import type { Value } from '../builder.ts';
import { type Attributes, int, ints } from '../graph.ts';
import type { NodeContext, Operator } from '../operator.ts';
import { float32 } from '../tensor.ts';
import { concat, flip, slice } from './indexing.ts';
import { gemm, matMul, transposeMatrix } from './matrix.ts';
import { pad, spread } from './padding.ts';
import { reduceSum } from './reduction.ts';
import { reshape, transpose } from './shape.ts';
import { type Window, windowOf } from './window.ts';

/** How a kernel slides. Pads are [top, left, bottom, right]. */
export interface ConvOptions {
  readonly bias?: Value | undefined;
  readonly strides?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
  readonly dilations?: readonly [number, number];
  readonly groups?: number;
}

export interface ConvTransposeOptions extends ConvOptions {
  readonly outputPadding?: readonly [number, number];
}

/** Cross-correlation of x [N,C,H,W] with w [M,C/groups,kh,kw]. */
export function conv(x: Value, w: Value, options: ConvOptions = {}): Value {
  const inputs = options.bias ? [x, w, options.bias] : [x, w];
  return x.builder.op('Conv', inputs, attributesOf(w, options));
}

/** Transposed convolution of x [N,C,H,W] with w [C,M/groups,kh,kw]. */
export function convTranspose(x: Value, w: Value, options: ConvTransposeOptions = {}): Value {
  const inputs = options.bias ? [x, w, options.bias] : [x, w];
  const padding = options.outputPadding;
  const extra: Attributes = padding && (padding[0] || padding[1]) ? { output_padding: ints(padding) } : {};
  return x.builder.op('ConvTranspose', inputs, { ...attributesOf(w, options), ...extra });
}

function attributesOf(w: Value, options: ConvOptions): Attributes {
  const { strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1 } = options;
  return {
    kernel_shape: ints(w.shape.slice(2)),
    strides: ints(strides),
    pads: ints(pads),
    dilations: ints(dilations),
    group: int(groups),
  };
}

export const operators = {
  Conv: {
    infer: (node) => {
      const [x, w] = [node.input(0), node.input(1)];
      const groups = node.int('group', 1);
      if (x.rank < 3 || w.rank !== x.rank) throw node.error('wants x [N,C,...] and a kernel of the same rank');
      if (x.shape[1] !== (w.shape[1] as number) * groups)
        throw node.error(`the channels do not fit ${groups} group(s)`);
      const window = windowOf(node, w.shape.slice(2));
      return [{ dtype: x.dtype, shape: [x.shape[0] as number, w.shape[0] as number, ...window.output] }];
    },
    gradient: ({ node, grad, needs }) => {
      const [x, w] = [node.input(0), node.input(1)];
      const groups = node.int('group', 1);
      const window = planar(node);
      return [
        needs(0) ? inputGradient(grad, w, x, window, groups) : undefined,
        needs(1) ? weightGradient(x, grad, w.shape, window, groups) : undefined,
        node.inputs[2] && needs(2) ? reduceSum(grad, [0, 2, 3]) : undefined,
      ];
    },
  },

  ConvTranspose: {
    infer: (node) => {
      const [x, w] = [node.input(0), node.input(1)];
      const groups = node.int('group', 1);
      if (x.rank !== 4 || w.rank !== 4) throw node.error('wants x [N,C,H,W] and w [C,M/groups,kh,kw]');
      if (x.shape[1] !== w.shape[0]) throw node.error('the channels of x and w differ');
      const spatial = transposedExtents(node, transposedWindow(node));
      return [{ dtype: x.dtype, shape: [x.shape[0] as number, (w.shape[1] as number) * groups, ...spatial] }];
    },
    gradient: ({ node, grad, needs }) => {
      const [x, w] = [node.input(0), node.input(1)];
      const groups = node.int('group', 1);
      const window = transposedWindow(node);
      return [
        needs(0) ? conv(grad, w, { ...slidingOptions(window), groups }) : undefined,
        // The roles of input and output gradient change places against Conv.
        needs(1) ? weightGradient(grad, x, w.shape, window, groups) : undefined,
        node.inputs[2] && needs(2) ? reduceSum(grad, [0, 2, 3]) : undefined,
      ];
    },
  },
} satisfies Record<string, Operator>;

/** A window over two axes; the gradients know no other. */
interface PlanarWindow {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}

function planar(node: NodeContext): PlanarWindow {
  const window: Window = windowOf(node, node.input(1).shape.slice(2));
  const pair = (values: readonly number[]): [number, number] => [values[0] as number, values[1] as number];
  if (window.output.length !== 2) throw node.error('has a gradient over two spatial axes only');
  const [top, left, bottom, right] = window.pads as [number, number, number, number];
  return {
    kernel: pair(node.input(1).shape.slice(2)),
    strides: pair(window.strides),
    dilations: pair(window.dilations),
    pads: [top, left, bottom, right],
  };
}

/** Whether each channel is a group of its own, on both sides. */
const isDepthwise = (x: Value, dy: Value, groups: number): boolean =>
  groups > 1 && groups === x.shape[1] && groups === dy.shape[1];

const isPointwise = ({ kernel }: PlanarWindow): boolean => kernel[0] === 1 && kernel[1] === 1;

const slidingOptions = ({ strides, pads, dilations }: PlanarWindow) => ({ strides, pads, dilations });

/** The window of a ConvTranspose; auto_pad and output_shape are resolved to pads. */
function transposedWindow(node: NodeContext): PlanarWindow {
  const [kh, kw] = node.input(1).shape.slice(2) as [number, number];
  const [sh, sw] = node.ints('strides', [1, 1]) as [number, number];
  const [dh, dw] = node.ints('dilations', [1, 1]) as [number, number];
  const [oph, opw] = node.ints('output_padding', [0, 0]) as [number, number];
  const mode = node.string('auto_pad', 'NOTSET');
  const [height, width] = node.input(0).shape.slice(2) as [number, number];
  const wanted =
    (node.optionalInts('output_shape') as [number, number] | undefined) ??
    (mode.startsWith('SAME') ? ([height * sh, width * sw] as const) : undefined);
  let pads = node.ints('pads', [0, 0, 0, 0]) as readonly [number, number, number, number];
  if (wanted) {
    const vertical = Math.max(0, (height - 1) * sh + oph + (kh - 1) * dh + 1 - wanted[0]);
    const horizontal = Math.max(0, (width - 1) * sw + opw + (kw - 1) * dw + 1 - wanted[1]);
    const first = (total: number): number => (mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2));
    const [top, left] = [first(vertical), first(horizontal)];
    pads = [top, left, vertical - top, horizontal - left];
  }
  return { kernel: [kh, kw], strides: [sh, sw], dilations: [dh, dw], pads };
}

function transposedExtents(node: NodeContext, window: PlanarWindow): [number, number] {
  const [oph, opw] = node.ints('output_padding', [0, 0]) as [number, number];
  const [height, width] = node.input(0).shape.slice(2) as [number, number];
  const [top, left, bottom, right] = window.pads;
  return [
    (height - 1) * window.strides[0] + oph + (window.kernel[0] - 1) * window.dilations[0] + 1 - top - bottom,
    (width - 1) * window.strides[1] + opw + (window.kernel[1] - 1) * window.dilations[1] + 1 - left - right,
  ];
}

/**
 * Gradient of Conv's input. With stride 1 it is a convolution with the kernel flipped and its channels swapped: faster than ConvTranspose, and
 * with constant weights ONNX Runtime blocks its layout. Depthwise with a stride and constant weights, the gradient is spread out with zeros for
 * the same, since ConvTranspose runs one channel after another on one core. Else it is ConvTranspose.
 */
function inputGradient(dy: Value, w: Value, x: Value, window: PlanarWindow, groups: number): Value {
  const [height, width] = x.shape.slice(2) as [number, number];
  const [kh, kw] = window.kernel;
  const reach: [number, number] = [(kh - 1) * window.dilations[0], (kw - 1) * window.dilations[1]];
  const [top, left, bottom, right] = window.pads;
  const fits = reach[0] >= Math.max(top, bottom) && reach[1] >= Math.max(left, right);
  const unit = window.strides[0] === 1 && window.strides[1] === 1;
  const blocked = isDepthwise(x, dy, groups) && w.constant !== undefined;
  if (fits && (unit || blocked)) {
    const apart = spread(dy, [1, 1, ...window.strides]);
    // What the stride left over at the far side never reached an output, and gets zeros; the zeros after the last place may be too many.
    const far = [height + top - (apart.shape[2] as number), width + left - (apart.shape[3] as number)] as const;
    return conv(pad(apart, [0, 0, 0, 0, 0, 0, Math.min(0, far[0]), Math.min(0, far[1])]), swappedKernel(w, groups), {
      pads: [reach[0] - top, reach[1] - left, Math.max(0, far[0]), Math.max(0, far[1])],
      dilations: window.dilations,
      groups,
    });
  }
  const [oh, ow] = dy.shape.slice(2) as [number, number];
  return convTranspose(dy, w, {
    ...slidingOptions(window),
    groups,
    outputPadding: [
      height - ((oh - 1) * window.strides[0] + reach[0] + 1 - top - bottom),
      width - ((ow - 1) * window.strides[1] + reach[1] + 1 - left - right),
    ],
  });
}

/** w [M,C/g,kh,kw] -> [C,M/g,kh,kw], turned by 180 degrees. */
function swappedKernel(w: Value, groups: number): Value {
  const [m, c, kh, kw] = w.shape as [number, number, number, number];
  const turned = kh === 1 && kw === 1 ? w : flip(flip(w, 2), 3);
  if (groups === 1) return transpose(turned, [1, 0, 2, 3]);
  if (c === 1 && m === groups) return turned;
  const grouped = transpose(reshape(turned, [groups, m / groups, c, kh, kw]), [0, 2, 1, 3, 4]);
  return reshape(grouped, [groups * c, m / groups, kh, kw]);
}

/**
 * Gradient of Conv's kernel: for each place in the kernel, dy times the part of x under it, over batch and space at once. Copies cost as much
 * as the products do, so the form follows from the channels.
 */
function weightGradient(
  x: Value,
  dy: Value,
  kernelShape: readonly number[],
  window: PlanarWindow,
  groups: number,
): Value {
  if (isDepthwise(x, dy, groups) && (dy.shape[3] as number) <= SHORT_ROW) return depthwiseWeightGradient(x, dy, window);
  const padded = pad(x, padsOf(window));
  const [m, channels] = [(dy.shape[1] as number) / groups, (x.shape[1] as number) / groups];
  if (groups > 1 && channels < WIDE) return thinWeightGradient(padded, dy, kernelShape, window, groups);
  const dense = channels < WIDE || isPointwise(window) ? narrowWeightGradient : wideWeightGradient;
  const part = (value: Value, group: number, size: number): Value =>
    slice(value, { starts: [group * size], ends: [(group + 1) * size], axes: [1] });
  // One group after another: as products batched over groups it took twice as long.
  const gradients = Array.from({ length: groups }, (_, group) =>
    dense(part(padded, group, channels), part(dy, group, m), window),
  );
  return concat(gradients, 0);
}

/** Channels (of a group) from which on {@link wideWeightGradient} is faster: with 16 it takes 0.7 to 0.85 of the time, with 8 1.2 to 1.5 times, with 3 four times. */
const WIDE = 16;

/** A product for each place. With the channels last, what is under a place is cut out in long rows, whatever the stride. */
function wideWeightGradient(x: Value, dy: Value, window: PlanarWindow): Value {
  const [m, channels] = [dy.shape[1] as number, x.shape[1] as number];
  const [gradient, columns] = channelsFirst(dy);
  const products = placesOf(transpose(x, [0, 2, 3, 1]), [1, 2], dy, window).map((part) =>
    reshape(matMul(gradient, reshape(part, [columns, channels])), [m, channels, 1]),
  );
  return reshape(concat(products, 2), [m, channels, ...window.kernel]);
}

/** One product for all places: of few channels, one for each would be too thin. */
function narrowWeightGradient(x: Value, dy: Value, window: PlanarWindow): Value {
  const [m, channels] = [dy.shape[1] as number, x.shape[1] as number];
  const [kh, kw] = window.kernel;
  const [gradient, columns] = channelsFirst(dy);
  const parts = concat(placesOf(transpose(x, [1, 0, 2, 3]), [2, 3], dy, window), 0);
  const product = gemm(gradient, reshape(parts, [kh * kw * channels, columns]), { transB: true });
  return transpose(reshape(product, [m, kh, kw, channels]), [0, 3, 1, 2]);
}

/** A product for each place and group, batched over groups. */
function thinWeightGradient(
  x: Value,
  dy: Value,
  kernelShape: readonly number[],
  window: PlanarWindow,
  groups: number,
): Value {
  const [m, channels] = kernelShape as [number, number];
  const [rows, columns] = channelsFirst(dy);
  const gradient = reshape(rows, [groups, m / groups, columns]);
  const products = placesOf(transpose(x, [1, 0, 2, 3]), [2, 3], dy, window).map((part) =>
    reshape(matMul(gradient, transposeMatrix(reshape(part, [groups, channels, columns]))), [m, channels, 1]),
  );
  return reshape(concat(products, 2), kernelShape);
}

/** Length of dy's rows up to which {@link depthwiseWeightGradient} is no slower: at 28 it is level (strided, 0.7 of the time), at 14 it takes half the time, at 56 1.7 times. */
const SHORT_ROW = 28;

/**
 * For each row of the kernel and each channel, all columns of x times all columns of dy: the sums over the diagonals of that matrix are the kernel's
 * columns. It multiplies far more than it needs, but a matrix product is cheaper than cutting out what is under each place, strided above all.
 */
function depthwiseWeightGradient(x: Value, dy: Value, window: PlanarWindow): Value {
  const [n, channels, oh, ow] = dy.shape as [number, number, number, number];
  const width = x.shape[3] as number;
  const { kernel, strides, dilations, pads } = window;
  const rows = transpose(pad(x, [0, 0, pads[0], 0, 0, 0, pads[2], 0]), [1, 0, 2, 3]);
  const gradient = reshape(transpose(dy, [1, 0, 2, 3]), [channels, n * oh, ow]);
  const products = Array.from({ length: kernel[0] }, (_, i) => {
    const [start, step] = [i * dilations[0], strides[0]];
    const met = slice(rows, { starts: [start], ends: [start + (oh - 1) * step + 1], axes: [2], steps: [step] });
    const product = matMul(transposeMatrix(reshape(met, [channels, n * oh, width])), gradient);
    return reshape(product, [channels, 1, width * ow]);
  });
  const diagonals = new Float32Array(width * ow * kernel[1]);
  for (let b = 0; b < ow; b++) {
    for (let j = 0; j < kernel[1]; j++) {
      const a = b * strides[1] + j * dilations[1] - pads[1];
      if (a >= 0 && a < width) diagonals[(a * ow + b) * kernel[1] + j] = 1;
    }
  }
  const sums = x.builder.constant(float32(diagonals, [width * ow, kernel[1]]), 'diagonals');
  return reshape(matMul(concat(products, 1), sums), [channels, 1, ...kernel]);
}

/** x [N,C,H,W] -> [C,N*H*W], and N*H*W; block copies. */
function channelsFirst(x: Value): [Value, number] {
  const [n, channels, height, width] = x.shape as [number, number, number, number];
  const columns = n * height * width;
  return [reshape(transpose(x, [1, 0, 2, 3]), [channels, columns]), columns];
}

const padsOf = ({ pads: [top, left, bottom, right] }: PlanarWindow): number[] => [0, 0, top, left, 0, 0, bottom, right];

/** For each place of the kernel, row by row: the elements of the padded x, whose space is at `axes`, that meet it. */
function placesOf(x: Value, axes: readonly [number, number], dy: Value, window: PlanarWindow): Value[] {
  const { kernel, strides, dilations } = window;
  const reach = [0, 1].map((axis) => ((dy.shape[axis + 2] as number) - 1) * (strides[axis] as number) + 1);
  return Array.from({ length: kernel[0] * kernel[1] }, (_, place) => {
    const starts = [Math.floor(place / kernel[1]) * dilations[0], (place % kernel[1]) * dilations[1]];
    const ends = starts.map((start, axis) => start + (reach[axis] as number));
    return slice(x, { starts, ends, axes, steps: strides });
  });
}
