import { ModelFileError, ShapeError, UnsupportedOpError } from '../util/errors.ts';
import { type Attributes, float, int, ints, OPSET, string } from './graph.ts';
import { float32, int64, type Shape, sizeOf, type Tensor, toNumbers } from './tensor.ts';
import type { TfTranslator, TfValue } from './tfjs.ts';
import type { TfNode } from './tfjs-format.ts';

type TfOp = (translator: TfTranslator, node: TfNode) => TfValue;

/** How each TensorFlow operator becomes ONNX nodes; found by its name. */
export const TFJS_OPS: Readonly<Record<string, TfOp>> = {
  Identity: (t, node) => t.value(input(node, 0)),
  Conv2D: (t, node) => convolve(t, node, standardFilter),
  _FusedConv2D: (t, node) => convolve(t, node, standardFilter),
  DepthwiseConv2dNative: (t, node) => convolve(t, node, depthwiseFilter),
  FusedDepthwiseConv2dNative: (t, node) => convolve(t, node, depthwiseFilter),
  FusedBatchNorm: normalise,
  FusedBatchNormV3: normalise,
  BiasAdd: (t, node) => broadcast(t, node, 'Add'),
  Add: (t, node) => broadcast(t, node, 'Add'),
  AddV2: (t, node) => broadcast(t, node, 'Add'),
  Sub: (t, node) => broadcast(t, node, 'Sub'),
  Mul: (t, node) => broadcast(t, node, 'Mul'),
  RealDiv: (t, node) => broadcast(t, node, 'Div'),
  Relu: (t, node) => clip(t, node.name, t.value(input(node, 0)), 0, Number.POSITIVE_INFINITY),
  Relu6: (t, node) => clip(t, node.name, t.value(input(node, 0)), 0, 6),
  Minimum: (t, node) => clip(t, node.name, t.value(input(node, 0)), Number.NEGATIVE_INFINITY, scalarInput(t, node, 1)),
  Maximum: (t, node) => clip(t, node.name, t.value(input(node, 0)), scalarInput(t, node, 1), Number.POSITIVE_INFINITY),
  Prelu: (t, node) => prelu(t, node.name, t.value(input(node, 0)), t.constant(node.input[1])),
  Sigmoid: (t, node) => elementwise(t, node, 'Sigmoid'),
  Tanh: (t, node) => elementwise(t, node, 'Tanh'),
  Elu: (t, node) => elementwise(t, node, 'Elu'),
  Softmax: (t, node) => {
    const value = t.value(input(node, 0));
    const axis = value.layout === 'channels-first' ? 1 : -1;
    return { ...value, name: t.list.add('Softmax', node.name, [value.name], { axis: int(axis) }) };
  },
  MaxPool: (t, node) => pool(t, node, 'MaxPool'),
  AvgPool: (t, node) => pool(t, node, 'AveragePool'),
  Pad: pad,
  PadV2: pad,
  Mean: mean,
  Reshape: reshape,
  Squeeze: squeeze,
  Transpose: transpose,
  ConcatV2: concatenate,
  StridedSlice: slice,
  ResizeBilinear: resize,
  MatMul: multiply,
  _FusedMatMul: multiply,
};

function input(node: TfNode, index: number): string {
  const name = node.input[index];
  if (name === undefined) throw new ModelFileError(`${node.op} (node "${node.name}"): input ${index} is missing`);
  return name;
}

function constantInput(t: TfTranslator, node: TfNode, index: number): Tensor {
  const tensor = t.constant(input(node, index));
  if (!tensor) throw unsupported(node, `input ${index} must be a constant`);
  return tensor;
}

function scalarInput(t: TfTranslator, node: TfNode, index: number): number {
  const numbers = toNumbers(constantInput(t, node, index));
  const [value] = numbers;
  if (value === undefined || numbers.length !== 1) throw unsupported(node, `input ${index} must be one number`);
  return value;
}

function unsupported(node: TfNode, reason: string): UnsupportedOpError {
  return new UnsupportedOpError({ op: node.op, opset: OPSET, node: node.name, reason });
}

/** [H,W,C] of an image. */
function imageShape(node: TfNode, value: TfValue): [number, number, number] {
  const [height, width, channels] = value.item;
  if (value.item.length !== 3 || height === undefined || width === undefined || channels === undefined) {
    throw new ShapeError(`${node.op} (node "${node.name}") takes images, not [N,${value.item.join(',')}]`);
  }
  return [height, width, channels];
}

function text(base64: string | undefined): string {
  return base64 === undefined ? '' : atob(base64);
}

/** The two numbers of an attribute [1,h,w,1]. */
function spatial(node: TfNode, name: string): [number, number] {
  const [, height = 1, width = 1] = node.attr[name]?.list?.i ?? [];
  return [height, width];
}

/** TensorFlow's padding of one axis, and the output's extent: SAME gives ceil(size / stride) outputs and puts the odd pixel after. */
function padding(mode: string, size: number, kernel: number, stride: number): Padding {
  if (mode === 'VALID') return { before: 0, after: 0, count: Math.floor((size - kernel) / stride) + 1 };
  const count = Math.ceil(size / stride);
  const total = Math.max(0, (count - 1) * stride + kernel - size);
  return { before: Math.floor(total / 2), after: Math.ceil(total / 2), count };
}

interface Padding {
  readonly before: number;
  readonly after: number;
  readonly count: number;
}

/** Attributes and output extent that convolutions and pools share. */
function window(
  node: TfNode,
  image: readonly [number, number, number],
  kernel: readonly [number, number],
  dilations: readonly [number, number],
): { readonly attributes: Attributes; readonly height: number; readonly width: number } {
  const mode = text(node.attr.padding?.s);
  if (mode !== 'SAME' && mode !== 'VALID') throw unsupported(node, `padding "${mode}"`);
  if (text(node.attr.data_format?.s) === 'NCHW') throw unsupported(node, 'data format NCHW');
  const [strideY, strideX] = spatial(node, 'strides');
  const down = padding(mode, image[0], (kernel[0] - 1) * dilations[0] + 1, strideY);
  const across = padding(mode, image[1], (kernel[1] - 1) * dilations[1] + 1, strideX);
  return {
    attributes: {
      kernel_shape: ints(kernel),
      strides: ints([strideY, strideX]),
      pads: ints([down.before, across.before, down.after, across.after]),
    },
    height: down.count,
    width: across.count,
  };
}

/** A filter in ONNX's order [O,I/groups,h,w]. */
interface Filter {
  readonly tensor: Tensor;
  readonly groups: number;
}

/** [h,w,I,O] -> [O,I,h,w]. */
function standardFilter(filter: Tensor): Filter {
  const [height = 1, width = 1, from = 1, to = 1] = filter.shape;
  const numbers = toNumbers(filter);
  const out = new Float32Array(numbers.length);
  for (let p = 0; p < height * width; p++) {
    for (let i = 0; i < from; i++) {
      for (let o = 0; o < to; o++) out[(o * from + i) * height * width + p] = numbers[(p * from + i) * to + o] ?? 0;
    }
  }
  return { tensor: float32(out, [to, from, height, width]), groups: 1 };
}

/** [h,w,C,M] -> [C*M,1,h,w] in C groups. */
function depthwiseFilter(filter: Tensor): Filter {
  const [height = 1, width = 1, channels = 1, multiplier = 1] = filter.shape;
  const numbers = toNumbers(filter);
  const count = channels * multiplier;
  const out = new Float32Array(numbers.length);
  for (let p = 0; p < height * width; p++) {
    for (let o = 0; o < count; o++) out[o * height * width + p] = numbers[p * count + o] ?? 0;
  }
  return { tensor: float32(out, [count, 1, height, width]), groups: channels };
}

function convolve(t: TfTranslator, node: TfNode, toFilter: (filter: Tensor) => Filter): TfValue {
  const image = t.toChannelsFirst(t.value(input(node, 0)));
  const { tensor, groups } = toFilter(constantInput(t, node, 1));
  const [to = 0, , kernelHeight = 1, kernelWidth = 1] = tensor.shape;
  const dilations = spatial(node, 'dilations');
  const { attributes, height, width } = window(node, imageShape(node, image), [kernelHeight, kernelWidth], dilations);
  const inputs = [image.name, t.list.constant(`${node.name}/filter`, tensor)];
  return fused(t, node, (name, bias) => {
    if (bias) inputs.push(t.list.constant(`${node.name}/bias`, bias));
    t.list.add('Conv', name, inputs, { ...attributes, dilations: ints(dilations), group: int(groups) });
    return { name, item: [height, width, to], layout: 'channels-first' };
  });
}

/** A product with the bias and activation that TensorFlow fused into it, in the order in which it lists them. */
function fused(t: TfTranslator, node: TfNode, product: (name: string, bias: Tensor | undefined) => TfValue): TfValue {
  const [first, ...rest] = (node.attr.fused_ops?.list?.s ?? []).map(text);
  const hasBias = first === 'BiasAdd';
  const activation = hasBias ? rest[0] : first;
  const name = activation ? `${node.name}/product` : node.name;
  const value = product(name, hasBias ? constantInput(t, node, 2) : undefined);
  switch (activation) {
    case undefined:
      return value;
    case 'Relu':
      return clip(t, node.name, value, 0, Number.POSITIVE_INFINITY);
    case 'Relu6':
      return clip(t, node.name, value, 0, 6);
    case 'Prelu':
      return prelu(t, node.name, value, t.constant(node.input[hasBias ? 3 : 2]));
    default:
      throw unsupported(node, `fused activation ${activation}`);
  }
}

/** Limits a value to a range; ranges in a row become one node. */
function clip(t: TfTranslator, name: string, value: TfValue, low: number, high: number): TfValue {
  const { source, ...range } = value.clip ?? {
    source: value,
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
  };
  const bounds = { low: Math.max(low, Math.min(high, range.low)), high: Math.min(high, Math.max(low, range.high)) };
  if (bounds.low === 0 && bounds.high === Number.POSITIVE_INFINITY) t.list.add('Relu', name, [source.name]);
  else {
    const bound = (side: 'low' | 'high') =>
      Number.isFinite(bounds[side]) ? t.list.constant(`${name}/${side}`, float32([bounds[side]], [])) : '';
    t.list.add('Clip', name, [source.name, bound('low'), bound('high')]);
  }
  return { name, item: value.item, layout: value.layout, clip: { source, ...bounds } };
}

function prelu(t: TfTranslator, name: string, value: TfValue, slope: Tensor | undefined): TfValue {
  if (!slope) throw new ModelFileError(`Prelu (node "${name}"): the slope must be a constant`);
  t.list.add('PRelu', name, [value.name, alignedConstant(t, `${name}/slope`, slope, value)]);
  return { name, item: value.item, layout: value.layout };
}

function elementwise(t: TfTranslator, node: TfNode, op: string): TfValue {
  const value = t.value(input(node, 0));
  return { name: t.list.add(op, node.name, [value.name]), item: value.item, layout: value.layout };
}

/** A constant in the shape that broadcasts against `value` in the layout in which it is held. */
function alignedConstant(t: TfTranslator, name: string, tensor: Tensor, value: TfValue): string {
  const data = Float32Array.from(toNumbers(tensor));
  const shape: Shape = data.length === 1 ? [] : tensor.shape;
  if (value.layout === 'plain' || shape.length === 0) return t.list.constant(name, float32(data, shape));
  const channels = shape.at(-1) ?? 1;
  if (channels !== data.length) {
    throw new ShapeError(`constant "${name}" [${shape.join(',')}] is not one number for each channel`);
  }
  return t.list.constant(name, float32(data, [1, channels, 1, 1]));
}

function broadcast(t: TfTranslator, node: TfNode, op: string): TfValue {
  const tensors = [t.constant(node.input[0]), t.constant(node.input[1])];
  const values = [0, 1].map((i) => (tensors[i] ? undefined : t.value(input(node, i))));
  const reference = values.find((value) => value !== undefined);
  if (!reference) throw unsupported(node, 'both inputs are constants');
  const sameRank = values.every((value) => !value || value.item.length === reference.item.length);
  if (!sameRank) throw unsupported(node, 'inputs of different ranks');
  const alike = values.map(
    (value) => value && (reference.layout === 'plain' ? t.toPlain(value) : t.toChannelsFirst(value)),
  );
  const names = alike.map((value, i) => {
    const tensor = tensors[i];
    return value ? value.name : tensor ? alignedConstant(t, `${node.name}/constant`, tensor, reference) : '';
  });
  const item = reference.item.map((extent, axis) => Math.max(extent, ...values.map((value) => value?.item[axis] ?? 1)));
  return { name: t.list.add(op, node.name, names), item, layout: reference.layout };
}

function normalise(t: TfTranslator, node: TfNode): TfValue {
  const image = t.toChannelsFirst(t.value(input(node, 0)));
  const names = ['scale', 'offset', 'mean', 'variance'].map((role, i) => {
    const tensor = constantInput(t, node, i + 1);
    return t.list.constant(`${node.name}/${role}`, float32(toNumbers(tensor), tensor.shape));
  });
  const epsilon = float(node.attr.epsilon?.f ?? 1e-4);
  t.list.add('BatchNormalization', node.name, [image.name, ...names], { epsilon });
  return { name: node.name, item: image.item, layout: 'channels-first' };
}

function pool(t: TfTranslator, node: TfNode, op: 'MaxPool' | 'AveragePool'): TfValue {
  const image = t.toChannelsFirst(t.value(input(node, 0)));
  const { attributes, height, width } = window(node, imageShape(node, image), spatial(node, 'ksize'), [1, 1]);
  t.list.add(op, node.name, [image.name], attributes);
  return { name: node.name, item: [height, width, imageShape(node, image)[2]], layout: 'channels-first' };
}

/** TensorFlow's axes in the order in which the ONNX graph holds them. */
function heldOrder<T>(value: TfValue, perAxis: readonly T[]): T[] {
  return value.layout === 'channels-first' ? [0, 3, 1, 2].map((axis) => perAxis[axis] as T) : [...perAxis];
}

function pad(t: TfTranslator, node: TfNode): TfValue {
  const value = t.value(input(node, 0));
  const numbers = toNumbers(constantInput(t, node, 1));
  const before = numbers.filter((_, i) => i % 2 === 0);
  const after = numbers.filter((_, i) => i % 2 === 1);
  const item = value.item.map((extent, axis) => extent + (before[axis + 1] ?? 0) + (after[axis + 1] ?? 0));
  const pads = t.list.constant(`${node.name}/pads`, int64([...heldOrder(value, before), ...heldOrder(value, after)]));
  const fill =
    node.op === 'PadV2' ? [t.list.constant(`${node.name}/fill`, float32([scalarInput(t, node, 2)], []))] : [];
  t.list.add('Pad', node.name, [value.name, pads, ...fill]);
  return { name: node.name, item, layout: value.layout };
}

function mean(t: TfTranslator, node: TfNode): TfValue {
  const value = t.value(input(node, 0));
  const rank = value.item.length + 1;
  const axes = toNumbers(constantInput(t, node, 1)).map((axis) => (axis + rank) % rank);
  const keep = node.attr.keep_dims?.b ?? false;
  const isPooling = value.layout === 'channels-first' && axes.length === 2 && axes.includes(1) && axes.includes(2);
  const source = isPooling ? value : t.toPlain(value);
  const heldAxes = isPooling ? [2, 3] : axes;
  t.list.add('ReduceMean', node.name, [source.name], { axes: ints(heldAxes), keepdims: int(keep ? 1 : 0) });
  const item = value.item.flatMap((extent, i) => (axes.includes(i + 1) ? (keep ? [1] : []) : [extent]));
  return { name: node.name, item, layout: keep ? source.layout : 'plain' };
}

function reshape(t: TfTranslator, node: TfNode): TfValue {
  const value = t.value(input(node, 0));
  const [, ...rest] = toNumbers(constantInput(t, node, 1));
  const known = sizeOf(rest.filter((extent) => extent >= 0));
  const item = rest.map((extent) => (extent < 0 ? sizeOf(value.item) / known : extent));
  if (sizeOf(item) !== sizeOf(value.item)) {
    throw new ShapeError(`Reshape (node "${node.name}"): [N,${value.item}] to [N,${item}] mixes the images of a batch`);
  }
  const { name } = inOrder(t, value);
  // 0 keeps the batch.
  t.list.add('Reshape', node.name, [name, t.list.constant(`${node.name}/shape`, int64([0, ...item]))]);
  return { name: node.name, item, layout: 'plain' };
}

/** The value with its elements in TensorFlow's order; a single column or a single channel has it in either layout. */
function inOrder(t: TfTranslator, value: TfValue): TfValue {
  const [height = 1, width = 1, channels = 1] = value.item;
  return value.layout === 'channels-first' && height * width > 1 && channels > 1 ? t.toPlain(value) : value;
}

function squeeze(t: TfTranslator, node: TfNode): TfValue {
  const value = t.value(input(node, 0));
  const rank = value.item.length + 1;
  const axes = (node.attr.squeeze_dims?.list?.i ?? []).map((axis) => (axis + rank) % rank);
  const item = value.item.filter((extent, i) => (axes.length > 0 ? !axes.includes(i + 1) : extent !== 1));
  const { name } = inOrder(t, value);
  t.list.add('Reshape', node.name, [name, t.list.constant(`${node.name}/shape`, int64([0, ...item]))]);
  return { name: node.name, item, layout: 'plain' };
}

function transpose(t: TfTranslator, node: TfNode): TfValue {
  const value = t.toPlain(t.value(input(node, 0)));
  const order = toNumbers(constantInput(t, node, 1));
  if (order[0] !== 0) throw unsupported(node, 'it moves the batch');
  t.list.add('Transpose', node.name, [value.name], { perm: ints(order) });
  return { name: node.name, item: order.slice(1).map((axis) => value.item[axis - 1] ?? 1), layout: 'plain' };
}

function concatenate(t: TfTranslator, node: TfNode): TfValue {
  const parts = node.input.slice(0, -1).map((name) => t.value(name));
  const [first] = parts;
  if (!first) throw unsupported(node, 'nothing to join');
  const rank = first.item.length + 1;
  const axis = (scalarInput(t, node, parts.length) + rank) % rank;
  const held = parts.map((part) => (first.layout === 'plain' ? t.toPlain(part) : t.toChannelsFirst(part)));
  const heldAxis = first.layout === 'channels-first' ? [0, 3, 1, 2].indexOf(axis) : axis;
  t.list.add(
    'Concat',
    node.name,
    held.map(({ name }) => name),
    { axis: int(heldAxis) },
  );
  const total = parts.reduce((sum, part) => sum + (part.item[axis - 1] ?? 0), 0);
  return {
    name: node.name,
    item: first.item.map((extent, i) => (i + 1 === axis ? total : extent)),
    layout: first.layout,
  };
}

function slice(t: TfTranslator, node: TfNode): TfValue {
  const value = t.toPlain(t.value(input(node, 0)));
  const [begin, end, step] = [1, 2, 3].map((i) => toNumbers(constantInput(t, node, i))) as [
    number[],
    number[],
    number[],
  ];
  const masked = (mask: string, axis: number) => ((node.attr[mask]?.i ?? 0) >> axis) & 1;
  for (const mask of ['ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask']) {
    if (node.attr[mask]?.i) throw unsupported(node, mask);
  }
  if (step.some((by) => by < 1)) throw unsupported(node, 'it steps backwards');
  const bound = (at: number, extent: number) => Math.min(extent, at < 0 ? at + extent : at);
  const ranges = value.item.map((extent, i) => ({
    from: masked('begin_mask', i + 1) ? 0 : bound(begin[i + 1] ?? 0, extent),
    to: masked('end_mask', i + 1) ? extent : bound(end[i + 1] ?? extent, extent),
    by: step[i + 1] ?? 1,
  }));
  const vector = (role: string, numbers: readonly number[]) => t.list.constant(`${node.name}/${role}`, int64(numbers));
  t.list.add('Slice', node.name, [
    value.name,
    vector(
      'starts',
      ranges.map(({ from }) => from),
    ),
    vector(
      'ends',
      ranges.map(({ to }) => to),
    ),
    vector(
      'axes',
      ranges.map((_, i) => i + 1),
    ),
    vector(
      'steps',
      ranges.map(({ by }) => by),
    ),
  ]);
  return {
    name: node.name,
    item: ranges.map(({ from, to, by }) => Math.max(0, Math.ceil((to - from) / by))),
    layout: 'plain',
  };
}

function resize(t: TfTranslator, node: TfNode): TfValue {
  const image = t.toChannelsFirst(t.value(input(node, 0)));
  const [height, width, channels] = imageShape(node, image);
  const [toHeight = 1, toWidth = 1] = toNumbers(constantInput(t, node, 1));
  const corners = node.attr.align_corners?.b ? 'align_corners' : 'asymmetric';
  const coordinates = node.attr.half_pixel_centers?.b ? 'half_pixel' : corners;
  const scales = float32([1, 1, toHeight / height, toWidth / width], [4]);
  t.list.add('Resize', node.name, [image.name, '', t.list.constant(`${node.name}/scales`, scales)], {
    mode: string('linear'),
    coordinate_transformation_mode: string(coordinates),
  });
  return { name: node.name, item: [toHeight, toWidth, channels], layout: 'channels-first' };
}

function multiply(t: TfTranslator, node: TfNode): TfValue {
  const value = t.value(input(node, 0));
  const weights = constantInput(t, node, 1);
  const [rows = 0, columns = 0] = weights.shape;
  const isTransposed = node.attr.transpose_b?.b ?? false;
  if (node.attr.transpose_a?.b || value.item.length !== 1)
    throw unsupported(node, 'its left side must be [N,features]');
  const matrix = t.list.constant(`${node.name}/weights`, float32(toNumbers(weights), weights.shape));
  return fused(t, node, (name, bias) => {
    const inputs = [value.name, matrix];
    if (bias) inputs.push(t.list.constant(`${node.name}/bias`, bias));
    t.list.add('Gemm', name, inputs, { transB: int(isTransposed ? 1 : 0) });
    return { name, item: [isTransposed ? rows : columns], layout: 'plain' };
  });
}
