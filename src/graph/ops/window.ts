import type { NodeContext } from '../operator.ts';

/** How a window slides over the spatial axes; pads are all the starts, then all the ends. */
export interface Window {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly output: readonly number[];
}

/** Strides, dilations, resolved pads (auto_pad, ceil_mode) and the output's extents of a convolution or pooling node. */
export function windowOf(node: NodeContext, kernel: readonly number[]): Window {
  const ones = kernel.map(() => 1);
  const strides = node.ints('strides', ones);
  const dilations = node.ints('dilations', ones);
  const extents = node.input(0).shape.slice(2);
  const mode = node.string('auto_pad', 'NOTSET');
  const given = node.ints(
    'pads',
    [...ones, ...ones].map(() => 0),
  );
  const starts: number[] = [];
  const ends: number[] = [];
  const output: number[] = [];
  kernel.forEach((size, axis) => {
    const [extent, stride] = [extents[axis] as number, strides[axis] as number];
    const reach = (size - 1) * (dilations[axis] as number) + 1;
    if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER') {
      const count = Math.ceil(extent / stride);
      const total = Math.max(0, (count - 1) * stride + reach - extent);
      const start = mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      starts.push(start);
      ends.push(total - start);
      output.push(count);
      return;
    }
    const [start, end] = mode === 'VALID' ? [0, 0] : [given[axis] as number, given[axis + kernel.length] as number];
    starts.push(start);
    ends.push(end);
    const steps = (extent + start + end - reach) / stride;
    let count = (node.int('ceil_mode', 0) ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // A window that would begin in the far padding is left out.
    if (node.int('ceil_mode', 0) && (count - 1) * stride >= extent + start) count--;
    output.push(count);
  });
  if (output.some((extent) => extent < 1)) throw node.error('the kernel is greater than the padded input');
  return { strides, dilations, pads: [...starts, ...ends], output };
}
