import { type Attributes, type Graph, int, ints, type Node } from '../graph/graph.ts';
import { float32, int64, type Tensor } from '../graph/tensor.ts';
import { ModelFileError } from '../util/errors.ts';

/** How a network wants its image; the defaults are the convention of {@link Encoder.graph} itself. */
export interface InputConvention {
  /** Default 'nchw'. */
  readonly layout?: 'nchw' | 'nhwc';
  /** Default 'rgb'. */
  readonly channels?: 'rgb' | 'bgr';
  /** What black and white are, or a mean and deviation for red, green, blue of an image in 0..1. Default '0..1'. */
  readonly range?: '0..1' | '-1..1' | '0..255' | ChannelStatistics;
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
  const prepared = wrapper.prepare('face', options);
  const sides = [wrapper.embed(prepared, '')];
  if (options.flip) sides.push(wrapper.embed(wrapper.mirror(prepared, options), 'mirrored/'));
  wrapper.mean(sides);
  const batch = input.shape?.[0] ?? 'N';
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

  prepare(face: string, convention: InputConvention): string {
    const { gain, offset } = affineOf(convention.range ?? '0..1');
    let value = face;
    if (gain.some((by) => by !== 1)) value = this.#add('Mul', [value, this.#perChannel('gain', gain)]);
    if (offset.some((by) => by !== 0)) value = this.#add('Add', [value, this.#perChannel('offset', offset)]);
    if (convention.channels === 'bgr') {
      value = this.#add('Gather', [value, this.#constant('bgr', int64([2, 1, 0]))], { axis: int(1) });
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
      });
    }
    return this.#add('Flatten', [rename(this.#output)], { axis: int(1) });
  }

  mean(sides: readonly string[]): void {
    const [first = '', second] = sides;
    const half = () => this.#constant('half', float32([0.5], []));
    const last = second === undefined ? first : this.#add('Mul', [this.#add('Add', [first, second]), half()]);
    this.#push('Identity', 'embedding', [last], {});
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
