import type { Value } from '../builder.ts';
import { type Attributes, int, ints } from '../graph.ts';
import type { NodeContext, Operator } from '../operator.ts';
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
 * Gradient of Conv's input. With stride 1 it is a convolution with the kernel flipped and its channels swapped (faster than
 * ConvTranspose, and with constant weights ONNX Runtime blocks its layout); depthwise with a stride, the gradient is spread out with zeros
 * first, since ConvTranspose runs one group after another; else it is ConvTranspose.
 */
function inputGradient(dy: Value, w: Value, x: Value, window: PlanarWindow, groups: number): Value {
  const [height, width] = x.shape.slice(2) as [number, number];
  const [kh, kw] = window.kernel;
  const reach: [number, number] = [(kh - 1) * window.dilations[0], (kw - 1) * window.dilations[1]];
  const [top, left, bottom, right] = window.pads;
  const fits = reach[0] >= Math.max(top, bottom) && reach[1] >= Math.max(left, right);
  const unit = window.strides[0] === 1 && window.strides[1] === 1;
  if (fits && (unit || groups > 1)) {
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
 * Gradient of Conv's kernel: for each place in the kernel, the part of x under it times dy, over batch and space at once. With the batch moved
 * behind the channels (block copies), that is one matrix product with a long inner axis, the form that ONNX Runtime runs fastest.
 */
function weightGradient(
  x: Value,
  dy: Value,
  kernelShape: readonly number[],
  window: PlanarWindow,
  groups: number,
): Value {
  const [, , kh, kw] = kernelShape as [number, number, number, number];
  const [n, m, oh, ow] = dy.shape as [number, number, number, number];
  const channels = x.shape[1] as number;
  const columns = n * oh * ow;
  const padded = window.pads.some((amount) => amount > 0) ? pad(x, padsOf(window)) : x;
  const source = transpose(padded, [1, 0, 2, 3]);
  const parts: Value[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++)
      parts.push(shifted(source, i * window.dilations[0], j * window.dilations[1], [oh, ow], window.strides));
  }
  const gradient = reshape(transpose(dy, [1, 0, 2, 3]), [groups, m / groups, columns]);
  if (groups === 1) {
    const rows = reshape(concat(parts, 0), [kh * kw * channels, columns]);
    const product = gemm(reshape(gradient, [m, columns]), rows, { transB: true });
    return transpose(reshape(product, [m, kh, kw, channels]), [0, 3, 1, 2]);
  }
  const perGroup = channels / groups;
  const products = parts.map((part) => matMul(gradient, transposeMatrix(reshape(part, [groups, perGroup, columns]))));
  const stacked = concat(
    products.map((product) => reshape(product, [m, perGroup, 1])),
    2,
  );
  return reshape(stacked, [m, perGroup, kh, kw]);
}

const padsOf = ({ pads: [top, left, bottom, right] }: PlanarWindow): number[] => [0, 0, top, left, 0, 0, bottom, right];

/** The elements of x [C,N,H,W] that the kernel's place (i, j) meets: [C,N,oh,ow]. */
function shifted(
  x: Value,
  i: number,
  j: number,
  [oh, ow]: readonly [number, number],
  [sh, sw]: readonly [number, number],
): Value {
  const ends = [i + (oh - 1) * sh + 1, j + (ow - 1) * sw + 1];
  if (i === 0 && j === 0 && sh === 1 && sw === 1 && ends[0] === x.shape[2] && ends[1] === x.shape[3]) return x;
  return slice(x, { starts: [i, j], ends, axes: [2, 3], steps: [sh, sw] });
}
