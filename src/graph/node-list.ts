import type { Attributes, Graph, Node, ValueInfo } from './graph.ts';
import { OPSET } from './graph.ts';
import type { Tensor } from './tensor.ts';

/** Collects nodes and weights into a {@link Graph} without inferring shapes: for translators, whose models have a free batch. */
export class NodeList {
  readonly #nodes: Node[] = [];
  readonly #initializers = new Map<string, Tensor>();

  /** Adds a node of the ONNX operator set {@link OPSET} with one output, which is called `name` as the node is. */
  add(op: string, name: string, inputs: readonly string[], attributes: Attributes = {}): string {
    this.#nodes.push({ op, domain: '', name, inputs, outputs: [name], attributes });
    return name;
  }

  constant(name: string, tensor: Tensor): string {
    this.#initializers.set(name, tensor);
    return name;
  }

  /** The graph, with only those nodes and constants that the outputs need. */
  build(description: {
    readonly name: string;
    readonly inputs: readonly ValueInfo[];
    readonly outputs: readonly ValueInfo[];
    readonly metadata?: Readonly<Record<string, string>>;
  }): Graph {
    const { name, inputs, outputs, metadata = {} } = description;
    const needed = new Set(outputs.map((output) => output.name));
    const nodes: Node[] = [];
    for (const node of this.#nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      for (const input of node.inputs) needed.add(input);
      nodes.push(node);
    }
    const initializers = new Map([...this.#initializers].filter(([key]) => needed.has(key)));
    return { name, opset: OPSET, inputs, outputs, nodes: nodes.reverse(), initializers, metadata };
  }
}
