import { ModelFileError, UnsupportedOpError } from '../util/errors.ts';
import { type Graph, ints, OPSET, type ValueInfo } from './graph.ts';
import { NodeList } from './node-list.ts';
import { float32, type Shape, type Tensor } from './tensor.ts';
import type { TfjsModel, TfNode } from './tfjs-format.ts';
import { TFJS_OPS } from './tfjs-ops.ts';

/** A value on its way through the translation. */
export interface TfValue {
  /** Its name in the ONNX graph. */
  readonly name: string;
  /** Its shape in TensorFlow, after the free batch dimension: [H,W,C] of an image. */
  readonly item: Shape;
  /** 'channels-first' where the ONNX graph holds it as [N,C,H,W]; 'plain' where it is held as in TensorFlow. */
  readonly layout: 'channels-first' | 'plain';
  /** Set where the value is `source` limited to a range, so that Relu, Minimum and Maximum in a row become one node. */
  readonly clip?: { readonly source: TfValue; readonly low: number; readonly high: number };
}

/** What a translated model takes and gives. */
export interface TfjsTranslation {
  /** Name of the translated graph. */
  readonly name: string;
  /** The parsed model. */
  readonly model: TfjsModel;
  /** Its weights, as {@link readTfjsWeights} gives them. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** TensorFlow's node for each output of the graph; default: the nodes whose result nobody uses, by their own names. */
  readonly outputs?: Readonly<Record<string, string>>;
}

/**
 * Translates a TensorFlow.js graph model to ONNX.
 *
 * Images turn from [N,H,W,C] to [N,C,H,W], the model's input too; a transpose stands only where a reshape would otherwise read the elements in another
 * order. Outputs have TensorFlow's shapes. The batch becomes free, also where the model fixes it to 1.
 *
 * @returns a graph with one input, `input` float32 [N,C,H,W], in the range that the original takes.
 * @throws UnsupportedOpError for an operator without a translation; ModelFileError where nodes or weights are missing.
 */
export function translateTfjs(translation: TfjsTranslation): Graph {
  const { model, weights, name } = translation;
  const nodes = model.modelTopology.node;
  const wanted = translation.outputs ?? unusedNodes(nodes);
  const translator = new TfTranslator(nodes, weights);
  const outputs = Object.entries(wanted).map(([output, node]): ValueInfo => {
    const value = translator.toPlain(translator.value(node));
    translator.list.add('Identity', output, [value.name]);
    return { name: output, dtype: 'float32', shape: ['N', ...value.item] };
  });
  return translator.list.build({ name, inputs: translator.inputs, outputs });
}

/** Walks from the outputs to the inputs, translating each node once. */
export class TfTranslator {
  readonly list = new NodeList();
  readonly inputs: ValueInfo[] = [];
  readonly #nodes: ReadonlyMap<string, TfNode>;
  readonly #weights: ReadonlyMap<string, Tensor>;
  readonly #values = new Map<string, TfValue>();

  constructor(nodes: readonly TfNode[], weights: ReadonlyMap<string, Tensor>) {
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    this.#weights = weights;
  }

  /** The value that a node makes, as others name it ("name" or "name:0"). */
  value(reference: string): TfValue {
    const name = nodeName(reference);
    const known = this.#values.get(name);
    if (known) return known;
    const node = this.#nodes.get(name);
    if (!node) throw new ModelFileError(`the model uses node "${name}", which it does not have`);
    const value = node.op === 'Placeholder' ? this.#placeholder(node) : this.#translate(node);
    this.#values.set(name, value);
    return value;
  }

  /** The weights that a node's input names; undefined where it is computed. */
  constant(reference: string | undefined): Tensor | undefined {
    const node = reference === undefined ? undefined : this.#nodes.get(nodeName(reference));
    if (node?.op === 'Identity') return this.constant(node.input[0]);
    if (node?.op !== 'Const') return undefined;
    const tensor = this.#weights.get(node.name);
    if (!tensor) throw new ModelFileError(`the model has no weights for "${node.name}"`);
    return tensor;
  }

  /** A value as TensorFlow holds it. */
  toPlain(value: TfValue): TfValue {
    return this.#held(value, 'plain', [0, 2, 3, 1], 'nhwc');
  }

  /** A rank-4 value as [N,C,H,W]. */
  toChannelsFirst(value: TfValue): TfValue {
    return this.#held(value, 'channels-first', [0, 3, 1, 2], 'nchw');
  }

  #held(value: TfValue, layout: TfValue['layout'], order: readonly number[], suffix: string): TfValue {
    if (value.layout === layout || value.item.length !== 3) return value;
    const name = `${value.name}/${suffix}`;
    const known = this.#values.get(name);
    if (known) return known;
    this.list.add('Transpose', name, [value.name], { perm: ints(order) });
    const held: TfValue = { name, item: value.item, layout };
    this.#values.set(name, held);
    return held;
  }

  #placeholder(node: TfNode): TfValue {
    const dimensions = node.attr.shape?.shape?.dim?.map(({ size }) => size) ?? [];
    const [, height, width, channels] = dimensions;
    if (dimensions.length !== 4 || !height || !width || !channels) {
      throw new ModelFileError(`input "${node.name}" is no image but [${dimensions.join(',')}]`);
    }
    const name = this.inputs.length === 0 ? 'input' : `input/${node.name}`;
    this.inputs.push({ name, dtype: 'float32', shape: ['N', channels, height, width] });
    return { name, item: [height, width, channels], layout: 'channels-first' };
  }

  #translate(node: TfNode): TfValue {
    const constant = this.constant(node.name);
    if (constant) {
      // A batch of one, so that a constant is read as a value is.
      const data = Float32Array.from(constant.data, Number);
      const name = this.list.constant(graphName(node), float32(data, [1, ...constant.shape]));
      return { name, item: constant.shape, layout: 'plain' };
    }
    const translate = TFJS_OPS[node.op];
    if (!translate) {
      throw new UnsupportedOpError(
        { op: node.op, opset: OPSET, node: node.name, reason: 'this TensorFlow operator has no translation' },
        { hint: 'src/graph/tfjs-ops.ts holds one function for each' },
      );
    }
    return translate(this, { ...node, name: graphName(node) });
  }
}

/** The name of a node's result in the ONNX graph, apart from the names of the graph's inputs and outputs. */
function graphName(node: TfNode): string {
  return `tf/${node.name}`;
}

/** "name:0" and "^name" without their marks. */
function nodeName(reference: string): string {
  return reference.replace(/^\^/, '').replace(/:\d+$/, '');
}

function unusedNodes(nodes: readonly TfNode[]): Record<string, string> {
  const used = new Set(nodes.flatMap((node) => node.input.map(nodeName)));
  const left = nodes.filter(({ name, op }) => !used.has(name) && op !== 'Const');
  return Object.fromEntries(left.map(({ name }) => [name, name]));
}
