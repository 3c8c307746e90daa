import { DATA_TYPE_CODES } from '../graph/data-types.ts';
import { type Attribute, type Attributes, type Graph, int, ints, type Node, namesRead } from '../graph/graph.ts';
import { type DataType, float32, int64, type Tensor } from '../graph/tensor.ts';
import { ModelFileError } from '../util/errors.ts';

/** What black and white may be to a network. */
export const PIXEL_RANGES = ['0..1', '-1..1', '0..255'] as const;

/** How a network wants its image; the defaults are the convention of {@link Encoder.graph} itself. */
export interface InputConvention {
  /** Default 'nchw'. */
  readonly layout?: 'nchw' | 'nhwc';
  /** Default 'rgb'; 'gray' is the luma of BT.601, as OpenCV and PIL make it, in one channel. */
  readonly channels?: 'rgb' | 'bgr' | 'gray';
  /** What black and white are, or a mean and deviation for red, green, blue of an image in 0..1. Default '0..1'. */
  readonly range?: (typeof PIXEL_RANGES)[number] | ChannelStatistics;
  /** Embed the mirrored face too and take the mean: twice the cost, slightly better. Default false. */
  readonly flip?: boolean;
  /** The network's input; default: its first. */
  readonly input?: string;
  /** The network's output; default: its first. */
  readonly output?: string;
}

/** Of an image in 0..1; red, green, blue. */
export interface ChannelStatistics {
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

/** What {@link adaptInput} needs to know beside the convention. */
export interface AdaptOptions extends InputConvention {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly embeddingSize: number;
}

/**
 * Wraps a network so that it takes `face` float32 [N,3,heightPx,widthPx], RGB, 0..1, and gives `embedding` float32 [N,embeddingSize].
 *
 * @throws ModelFileError where the network has no such input or output.
 */
export function adaptInput(graph: Graph, options: AdaptOptions): Graph {
  const input = graph.inputs.find(({ name }) => name === (options.input ?? graph.inputs[0]?.name));
  const output = graph.outputs.find(({ name }) => name === (options.output ?? graph.outputs[0]?.name));
  if (!input || !output) throw new ModelFileError(`network "${graph.name}" has no input or output of that name`);
  const wrapper = new Wrapper(graph, input.name, output.name);
  const prepared = wrapper.prepare(
    'face',
    options,
    isInteger(input.dtype) && readsAsFloat(graph, input.name) ? 'float32' : input.dtype,
  );
  const sides = [wrapper.embed(prepared, '')];
  if (options.flip) sides.push(wrapper.embed(wrapper.mirror(prepared, options), 'mirrored/'));
  const batch = input.shape?.[0] ?? 'N';
  wrapper.finish(sides, output.dtype, batch);
  return {
    name: graph.name,
    opset: graph.opset,
    inputs: [{ name: 'face', dtype: 'float32', shape: [batch, 3, options.heightPx, options.widthPx] }],
    outputs: [{ name: 'embedding', dtype: 'float32', shape: [batch, options.embeddingSize] }],
    nodes: wrapper.nodes,
    initializers: wrapper.initializers,
    metadata: graph.metadata,
  };
}

/** Only operators that are the same from operator set 11 to 21. */
class Wrapper {
  readonly nodes: Node[] = [];
  readonly initializers: Map<string, Tensor>;
  readonly #graph: Graph;
  readonly #input: string;
  readonly #output: string;

  constructor(graph: Graph, input: string, output: string) {
    this.#graph = graph;
    this.#input = input;
    this.#output = output;
    // Prefixed, so that no name of the network meets one of ours.
    this.initializers = new Map([...graph.initializers].map(([name, tensor]) => [`network/${name}`, tensor]));
  }

  prepare(face: string, convention: InputConvention, dtype: DataType): string {
    const { gain, offset } = affineOf(convention.range ?? '0..1');
    let value = face;
    if (gain.some((by) => by !== 1)) value = this.#add('Mul', [value, this.#perChannel('gain', gain)]);
    if (offset.some((by) => by !== 0)) value = this.#add('Add', [value, this.#perChannel('offset', offset)]);
    if (convention.channels === 'bgr') {
      value = this.#add('Gather', [value, this.#constant('bgr', int64([2, 1, 0]))], { axis: int(1) });
    }
    if (convention.channels === 'gray') {
      value = this.#add('Conv', [value, this.#constant('luma', float32([0.299, 0.587, 0.114], [1, 3, 1, 1]))]);
    }
    if (dtype !== 'float32') {
      // An integer type would cut off, not round: 254.99999 is 255.
      if (isInteger(dtype)) value = this.#add('Floor', [this.#add('Add', [value, this.#half()])]);
      value = this.#cast(value, dtype);
    }
    return convention.layout === 'nhwc' ? this.#add('Transpose', [value], { perm: ints([0, 2, 3, 1]) }) : value;
  }

  mirror(value: string, options: AdaptOptions): string {
    const columns = Array.from({ length: options.widthPx }, (_, x) => options.widthPx - 1 - x);
    const axis = options.layout === 'nhwc' ? 2 : 3;
    return this.#add('Gather', [value, this.#constant('mirror', int64(columns))], { axis: int(axis) });
  }

  /** The network once, on `value`; its nodes are called with `prefix`, its weights are shared. */
  embed(value: string, prefix: string): string {
    const rename = (name: string) => {
      if (name === '') return '';
      if (name === this.#input) return value;
      return this.#graph.initializers.has(name) ? `network/${name}` : `network/${prefix}${name}`;
    };
    for (const node of this.#graph.nodes) {
      this.nodes.push({
        ...node,
        name: `network/${prefix}${node.name}`,
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
        attributes: renamedAttributes(node.attributes, rename),
      });
    }
    return rename(this.#output);
  }

  /** The embedding: the mean of the sides, as float32, one row for each face. */
  finish(sides: readonly string[], dtype: DataType, batch: number | string): void {
    const [first = '', second] = sides.map((side) => (dtype === 'float32' ? side : this.#cast(side, 'float32')));
    const mean = second === undefined ? first : this.#add('Mul', [this.#add('Add', [first, second]), this.#half()]);
    // A network with a fixed batch of 1 may have squeezed it away.
    if (typeof batch === 'number' && batch > 0) {
      this.#push('Reshape', 'embedding', [mean, this.#constant('rows', int64([batch, -1]))], {});
    } else this.#push('Flatten', 'embedding', [mean], { axis: int(1) });
  }

  #half(): string {
    return this.#constant('half', float32([0.5], []));
  }

  #cast(value: string, dtype: DataType): string {
    return this.#add('Cast', [value], { to: int(DATA_TYPE_CODES[dtype]) });
  }

  #add(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#push(op, `adapted/${op}_${this.nodes.length}`, inputs, attributes);
  }

  #push(op: string, name: string, inputs: readonly string[], attributes: Attributes): string {
    this.nodes.push({ op, domain: '', name, inputs, outputs: [name], attributes });
    return name;
  }

  #constant(name: string, tensor: Tensor): string {
    this.initializers.set(`adapted/${name}`, tensor);
    return `adapted/${name}`;
  }

  #perChannel(name: string, values: readonly number[]): string {
    return this.#constant(name, float32(values, [1, 3, 1, 1]));
  }
}

/** The graphs among a node's attributes with their values called otherwise: they may be values of the graph around them. */
function renamedAttributes(attributes: Attributes, rename: (name: string) => string): Attributes {
  const renamed = (graph: Graph): Graph => ({
    ...graph,
    inputs: graph.inputs.map((info) => ({ ...info, name: rename(info.name) })),
    outputs: graph.outputs.map((info) => ({ ...info, name: rename(info.name) })),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [rename(name), tensor])),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
      attributes: renamedAttributes(node.attributes, rename),
    })),
  });
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]): [string, Attribute] => [
      name,
      attribute.type === 'graph' ? { type: 'graph', value: renamed(attribute.value) } : attribute,
    ]),
  );
}

const isInteger = (dtype: DataType): boolean => !dtype.startsWith('float');

/** Nodes that move values about, whatever their element type. */
const MOVING: readonly string[] = ['Identity', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'Slice', 'Gather'];

/**
 * Whether a network does nothing with its input before it casts it to real numbers: it may then be given real numbers, as its graph without the cast would be. For whole
 * numbers that changes no embedding, and lets the gradient through.
 */
function readsAsFloat(graph: Graph, input: string): boolean {
  const reading = graph.nodes.filter((node) => node.op !== 'Shape' && namesRead(node).includes(input));
  const real = (['float32', 'float16', 'float64'] as const).map((dtype) => DATA_TYPE_CODES[dtype]);
  return (
    reading.length > 0 &&
    reading.every(({ op, inputs, outputs, attributes }) => {
      if (inputs[0] !== input) return false;
      if (op === 'Cast') return attributes.to?.type === 'int' && real.includes(attributes.to.value);
      return MOVING.includes(op) && readsAsFloat(graph, outputs[0] ?? '');
    })
  );
}

/** The range as a gain and an offset for each of red, green and blue. */
function affineOf(range: NonNullable<InputConvention['range']>): {
  gain: readonly number[];
  offset: readonly number[];
} {
  switch (range) {
    case '0..1':
      return { gain: [1, 1, 1], offset: [0, 0, 0] };
    case '-1..1':
      return { gain: [2, 2, 2], offset: [-1, -1, -1] };
    case '0..255':
      return { gain: [255, 255, 255], offset: [0, 0, 0] };
    default:
      return {
        gain: range.deviation.map((deviation) => 1 / deviation),
        offset: range.mean.map((mean, i) => -mean / (range.deviation[i] ?? 1)),
      };
  }
}
