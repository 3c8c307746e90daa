import { UnsupportedOpError } from '../util/errors.ts';
import type { GraphBuilder, Value } from './builder.ts';
import { DATA_TYPE_CODES, dataTypeOf } from './data-types.ts';
import { findDecomposition } from './decompositions.ts';
import { type Attribute, type Attributes, int, ints, type Node, string, tensorAttribute } from './graph.ts';
import { NodeContext } from './operator.ts';
import { mul, tensorOf } from './ops/arithmetic.ts';
import { cast } from './ops/constant.ts';
import { findOperator } from './ops/index.ts';
import { instanceNorm } from './ops/normalisation.ts';
import { reshape } from './ops/shape.ts';
import { float32, int64, type Shape, scalar, sizeOf, type Tensor } from './tensor.ts';

/** Outputs of a node in its new form; one that is not made (a mask, running statistics) is undefined. */
type Outputs = readonly (Value | undefined)[];

/**
 * Adds a node of operator set `opset` (7 to 21) to `builder`, in the form of operator set 17.
 *
 * @returns its outputs in order; a node that does nothing when inferring gives its input back.
 * @throws UnsupportedOpError where operator set 17 cannot say what the node says; ShapeError where its inputs do not fit.
 */
export function upgradeNode(
  builder: GraphBuilder,
  node: Node,
  inputs: readonly (Value | undefined)[],
  opset: number,
): Outputs {
  const foreign = new ForeignNode(builder, node, inputs, opset);
  const decompose = findDecomposition(node);
  if (decompose) return [decompose(foreign)];
  const upgrade = node.domain === '' && Object.hasOwn(UPGRADES, node.op) ? UPGRADES[node.op] : undefined;
  return upgrade ? upgrade(foreign) : foreign.emit();
}

/** Whether {@link upgradeNode} takes an operator. */
export const isReadable = (node: Pick<Node, 'op' | 'domain'>): boolean =>
  findDecomposition(node) !== undefined ||
  // If is not a node of the graph that is built: the builder takes one of its branches.
  (node.domain === '' && node.op === 'If') ||
  (node.domain === '' && (Object.hasOwn(UPGRADES, node.op) || findOperator(node.op) !== undefined));

/** What {@link ForeignNode.emit} says otherwise than the node did. */
interface Change {
  readonly op?: string;
  readonly inputs?: readonly (Value | undefined)[];
  readonly attributes?: Attributes;
  readonly outputCount?: number;
}

/** A node of any operator set, about to be emitted in the form of ours. */
class ForeignNode extends NodeContext {
  readonly builder: GraphBuilder;
  readonly domain: string;
  readonly opset: number;

  constructor(builder: GraphBuilder, node: Node, inputs: readonly (Value | undefined)[], opset: number) {
    const outputCount = node.outputs.findLastIndex((name) => name !== '') + 1;
    super({ op: node.op, name: node.name || node.op, inputs, attributes: node.attributes, outputCount });
    this.builder = builder;
    this.domain = node.domain;
    this.opset = opset;
  }

  /** Adds the node with the change given; its name stays. */
  emit(change: Change = {}): Value[] {
    const { op = this.op, inputs = this.inputs, attributes = this.attributes, outputCount = this.outputCount } = change;
    return this.builder.apply(op, inputs, { attributes, outputCount, name: this.name, domain: this.domain });
  }

  /** The attributes of these names, where given. */
  keep(...names: readonly string[]): Attributes {
    return Object.fromEntries(Object.entries(this.attributes).filter(([name]) => names.includes(name)));
  }

  indices(numbers: readonly number[]): Value {
    return this.builder.constant(int64(numbers), `${this.name}_indices`);
  }

  /** A scalar of the first input's element type. */
  number(value: number): Value {
    return cast(this.builder.constant(scalar(value), `${this.name}_number`), this.input(0).dtype);
  }

  /** `axis` counted from the front. @throws ShapeError where the first input has no such axis. */
  axis(axis: number): number {
    const { rank } = this.input(0);
    if (axis < -rank || axis >= rank) throw this.error(`axis ${axis} is not in -${rank}..${rank - 1}`);
    return axis < 0 ? axis + rank : axis;
  }

  unsupported(reason: string, hint?: string): UnsupportedOpError {
    return new UnsupportedOpError({ op: this.op, opset: this.opset, node: this.name, reason }, hint ? { hint } : {});
  }
}

type Upgrade = (node: ForeignNode) => Outputs;

/** The operators whose form changed, or that operator set 17 has not. */
const UPGRADES: Readonly<Record<string, Upgrade>> = {
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  Cast: (node) => castTo(node, node.int('to', 0)),
  CastLike: (node) => castTo(node, DATA_TYPE_CODES[node.input(1).dtype]),
  Clip: clip,
  Constant: constant,
  DequantizeLinear: quantisation,
  Dropout: dropout,
  GridSample: gridSample,
  GroupNormalization: groupNormalization,
  Identity: (node) => [node.input(0)],
  LogSoftmax: softmax,
  Pad: pad,
  QuantizeLinear: quantisation,
  ReduceL1: reduction,
  ReduceL2: reduction,
  ReduceLogSum: reduction,
  ReduceLogSumExp: reduction,
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ReduceSum: axesToInput,
  ReduceSumSquare: reduction,
  Resize: resize,
  // Its old name, until operator set 11.
  Scatter: (node) => node.emit({ op: 'ScatterElements' }),
  Slice: slice,
  Softmax: softmax,
  Split: split,
  Squeeze: axesToInput,
  TopK: topK,
  Unsqueeze: axesToInput,
  Upsample: resizeByScales,
};

/** Operator set 13 made the axes an input. */
function axesToInput(node: ForeignNode): Outputs {
  const axes = node.optionalInts('axes');
  if (!axes) return node.emit();
  return node.emit({ inputs: [node.input(0), node.indices(axes)], attributes: node.keep('keepdims') });
}

/** Operator set 18 made the axes of the other reductions an input: back to an attribute. */
function reduction(node: ForeignNode): Outputs {
  if (node.opset < 18) return node.emit();
  const x = node.input(0);
  const axes = node.constantInput(1) ?? [];
  const keepdims = node.keep('keepdims');
  if (axes.length > 0) return node.emit({ inputs: [x], attributes: { ...keepdims, axes: ints(axes) } });
  if (node.int('noop_with_empty_axes', 0) === 0) return node.emit({ inputs: [x], attributes: keepdims });
  if (['ReduceMax', 'ReduceMean', 'ReduceMin', 'ReduceProd'].includes(node.op)) return [x];
  throw node.unsupported('noop_with_empty_axes is not read for this operator');
}

/** Operator set 10 made the places inputs. */
function slice(node: ForeignNode): Outputs {
  const starts = node.optionalInts('starts');
  const ends = node.optionalInts('ends');
  if (!starts || !ends) return node.emit();
  const axes = node.ints('axes', [...starts.keys()]);
  return node.emit({
    inputs: [node.input(0), ...[starts, ends, axes].map((places) => node.indices(places))],
    attributes: {},
  });
}

/** Operator set 10 made the count an input. */
function topK(node: ForeignNode): Outputs {
  const count = node.optionalInt('k');
  if (count === undefined) return node.emit();
  return node.emit({ inputs: [node.input(0), node.indices([count])], attributes: node.keep('axis') });
}

/** Parts by attribute (before 13), by input, by their number (18), or one for each output: always by input. */
function split(node: ForeignNode): Outputs {
  const x = node.input(0);
  const sizes = node.optionalInts('split') ?? node.constantInput(1) ?? equalParts(node, x.shape);
  return node.emit({ inputs: [x, node.indices(sizes)], attributes: node.keep('axis') });
}

/** As many parts as outputs; the last is smaller where they cannot be equal. */
function equalParts(node: ForeignNode, shape: Shape): number[] {
  const extent = shape[node.axis(node.int('axis', 0))] as number;
  const count = node.int('num_outputs', node.outputCount);
  const part = Math.ceil(extent / count);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, extent - i * part)));
}

/** Before operator set 13, all axes from `axis` (1 where not given) on were normalised as one. */
function softmax(node: ForeignNode): Outputs {
  if (node.opset >= 13) return node.emit();
  const x = node.input(0);
  const axis = node.axis(node.int('axis', 1));
  const last = { axis: int(-1) };
  if (axis === x.rank - 1) return node.emit({ attributes: last });
  const rows = reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
  return node.emit({ inputs: [rows], attributes: last }).map((y) => reshape(y, x.shape));
}

/** The limits were attributes before operator set 11. */
function clip(node: ForeignNode): Outputs {
  const { min, max } = node.attributes;
  if (!min && !max) return node.emit();
  const limit = (attribute: Attribute | undefined): Value | undefined =>
    attribute?.type === 'float' ? node.number(attribute.value) : undefined;
  return node.emit({ inputs: [node.input(0), limit(min), limit(max)], attributes: {} });
}

/** Inference leaves the input as it is, and so does a share of 0; the mask is not made. */
function dropout(node: ForeignNode): Outputs {
  const training = node.inputs[2];
  const share = node.inputs[1] ? (node.inputs[1].numbers?.[0] ?? 1) : 0.5;
  if (training && share !== 0 && (training.numbers?.[0] ?? 1) !== 0) {
    throw node.unsupported('drops out at random', 'export the model for inference (model.eval() in PyTorch)');
  }
  return [node.input(0)];
}

/** The running statistics that older forms hand on are not made. */
function batchNormalization(node: ForeignNode): Outputs {
  if (node.int('training_mode', 0) !== 0) {
    throw node.unsupported('is in training mode', 'export the model for inference (model.eval() in PyTorch)');
  }
  return node.emit({ attributes: node.keep('epsilon'), outputCount: 1 });
}

/** Borders by attribute (before 11), or for some axes only (18). */
function pad(node: ForeignNode): Outputs {
  const x = node.input(0);
  const mode = node.keep('mode');
  const old = node.optionalInts('pads');
  if (old) {
    const inputs = [x, node.indices(old), node.number(node.float('value', 0))];
    return node.emit({ inputs, attributes: mode });
  }
  const axes = node.constantInput(3);
  if (!axes) return node.emit();
  const some = node.constantInput(1) ?? [];
  const pads = new Array<number>(2 * x.rank).fill(0);
  axes.forEach((given, i) => {
    const axis = node.axis(given);
    pads[axis] = some[i] ?? 0;
    pads[axis + x.rank] = some[i + axes.length] ?? 0;
  });
  return node.emit({ inputs: [x, node.indices(pads), node.inputs[2]], attributes: mode });
}

const RESIZE_ATTRIBUTES = [
  'mode',
  'coordinate_transformation_mode',
  'nearest_mode',
  'cubic_coeff_a',
  'exclude_outside',
  'extrapolation_value',
] as const;

/** Scales or sizes for some axes only, and what smooths or keeps proportions, came with operator set 18. */
function resize(node: ForeignNode): Outputs {
  if (node.opset < 11) return resizeByScales(node);
  if (node.int('antialias', 0) !== 0) throw node.unsupported('antialias is not read');
  if (node.string('keep_aspect_ratio_policy', 'stretch') !== 'stretch') {
    throw node.unsupported('keep_aspect_ratio_policy is not read');
  }
  const coordinates = node.string('coordinate_transformation_mode', 'half_pixel');
  if (coordinates === 'half_pixel_symmetric') throw node.unsupported(`the coordinates "${coordinates}" are not read`);
  const x = node.input(0);
  const axes = node.optionalInts('axes')?.map((axis) => node.axis(axis));
  if (axes && coordinates === 'tf_crop_and_resize') throw node.unsupported('a region of some axes is not read');
  const forAllAxes = (numbers: readonly number[], otherwise: Shape): readonly number[] =>
    axes
      ? otherwise.map((number, axis) => (axes.includes(axis) ? (numbers[axes.indexOf(axis)] ?? number) : number))
      : numbers;
  // Exporters write an empty vector where nothing is meant.
  const scales = node.constantInput(2) ?? [];
  const sizes = node.constantInput(3) ?? [];
  const target = sizes.length
    ? [undefined, node.indices(forAllAxes(sizes, x.shape))]
    : [scalesOf(node, forAllAxes(scales, new Array<number>(x.rank).fill(1)))];
  const region = node.inputs[1] && sizeOf(node.inputs[1].shape) > 0 ? node.inputs[1] : undefined;
  return node.emit({ inputs: [x, region, ...target], attributes: node.keep(...RESIZE_ATTRIBUTES) });
}

/** Upsample, and Resize before operator set 11: by scales alone, with the coordinates that were then implied. */
function resizeByScales(node: ForeignNode): Outputs {
  const attribute = node.attributes.scales;
  const scales = node.constantInput(1) ?? (attribute?.type === 'floats' ? attribute.value : undefined);
  if (!scales) throw node.error('has no scales');
  return node.emit({
    op: 'Resize',
    inputs: [node.input(0), undefined, scalesOf(node, scales)],
    attributes: {
      ...node.keep('mode'),
      coordinate_transformation_mode: string('asymmetric'),
      nearest_mode: string('floor'),
    },
  });
}

function scalesOf(node: ForeignNode, scales: readonly number[]): Value {
  return node.builder.constant(float32(scales, [scales.length]), `${node.name}_scales`);
}

/** Dilations came with operator set 19. */
function averagePool(node: ForeignNode): Outputs {
  const { dilations, ...attributes } = node.attributes;
  if (dilations?.type === 'ints' && dilations.value.some((step) => step !== 1)) {
    throw node.unsupported('dilations are not read');
  }
  return node.emit({ attributes });
}

/** Operator set 20 calls the two modes otherwise. */
function gridSample(node: ForeignNode): Outputs {
  const renamed: Readonly<Record<string, string>> = { linear: 'bilinear', cubic: 'bicubic' };
  const mode = node.string('mode', 'bilinear');
  return node.emit({ attributes: { ...node.attributes, mode: string(renamed[mode] ?? mode) } });
}

/** Blocks came with operator set 21. */
function quantisation(node: ForeignNode): Outputs {
  if (node.int('block_size', 0) !== 0) throw node.unsupported('blocks with a scale each are not read');
  return node.emit({ attributes: node.keep('axis') });
}

/** Operator sets 18 (one scale and bias for each group) and 21 (for each channel), as an instance normalisation of the groups. */
function groupNormalization(node: ForeignNode): Outputs {
  const [x, scale, bias] = [node.input(0), node.input(1), node.input(2)];
  const groups = node.int('num_groups', 1);
  const [batch, channels] = [x.shape[0] as number, x.shape[1] as number];
  if (channels % groups !== 0) throw node.error(`${channels} channels make no ${groups} groups`);
  const grouped = reshape(x, [batch, groups, sizeOf(x.shape) / (batch * groups)]);
  const epsilon = node.float('epsilon', 1e-5);
  if (node.opset < 21) return [reshape(instanceNorm(grouped, scale, bias, epsilon), x.shape)];
  const each = (value: number): Value =>
    cast(node.builder.constant(tensorOf('float32', new Array<number>(groups).fill(value), [groups])), x.dtype);
  const unit = reshape(instanceNorm(grouped, each(1), each(0), epsilon), x.shape);
  const perChannel = [channels, ...x.shape.slice(2).map(() => 1)];
  const scaled = mul(unit, reshape(scale, perChannel));
  return node.emit({ op: 'Add', inputs: [scaled, reshape(bias, perChannel)], attributes: {} });
}

function castTo(node: ForeignNode, code: number): Outputs {
  const x = node.input(0);
  if (dataTypeOf(code) === x.dtype) return [x];
  return node.emit({ op: 'Cast', inputs: [x], attributes: { to: int(code) } });
}

/** All ways to write a constant become a tensor. */
function constant(node: ForeignNode): Outputs {
  const [attribute] = Object.values(node.attributes);
  const tensor = attribute && tensorOfAttribute(attribute);
  if (!tensor) throw node.unsupported('constants of numbers alone are read');
  return node.emit({ attributes: { value: tensorAttribute(tensor) } });
}

function tensorOfAttribute(attribute: Attribute): Tensor | undefined {
  switch (attribute.type) {
    case 'tensor':
      return attribute.value;
    case 'int':
      return int64([attribute.value], []);
    case 'ints':
      return int64(attribute.value);
    case 'float':
      return scalar(attribute.value);
    case 'floats':
      return float32(attribute.value, [attribute.value.length]);
    default:
      return undefined;
  }
}
