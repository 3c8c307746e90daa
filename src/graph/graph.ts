import type { DataType, Tensor } from './tensor.ts';

/** An attribute of a node, with the type that ONNX stores. */
export type Attribute =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensor'; readonly value: Tensor }
  /** A branch or a loop's body; it may read values of the graph around it by name. */
  | { readonly type: 'graph'; readonly value: Graph };

export type Attributes = Readonly<Record<string, Attribute>>;

export const int = (value: number): Attribute => ({ type: 'int', value });
export const float = (value: number): Attribute => ({ type: 'float', value });
export const string = (value: string): Attribute => ({ type: 'string', value });
export const ints = (value: readonly number[]): Attribute => ({ type: 'ints', value });
export const floats = (value: readonly number[]): Attribute => ({ type: 'floats', value });
export const tensorAttribute = (value: Tensor): Attribute => ({ type: 'tensor', value });

/** One operation. An empty name among the inputs is an optional input that is not given. */
export interface Node {
  readonly op: string;
  /** '' for the ONNX operators, 'com.microsoft' and others for extensions. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** The names that a node reads: its inputs, and what the graphs among its attributes take from the graph around them. */
export function namesRead(node: Node): string[] {
  const captured = Object.values(node.attributes).flatMap((attribute) =>
    attribute.type === 'graph' ? namesCaptured(attribute.value) : [],
  );
  return [...node.inputs, ...captured].filter((name) => name !== '');
}

/** The names that a graph reads and does not make itself. */
export function namesCaptured(graph: Graph): string[] {
  const own = new Set([...graph.initializers.keys(), ...graph.inputs.map(({ name }) => name)]);
  for (const { outputs } of graph.nodes) for (const name of outputs) own.add(name);
  const read = [...graph.nodes.flatMap(namesRead), ...graph.outputs.map(({ name }) => name)];
  return read.filter((name) => !own.has(name));
}

/** A dimension: an extent, or the name of one that is free (a batch). */
export type Dimension = number | string;

/** Name, element type and dimensions of an input or output; `shape` is undefined where the file does not say. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly Dimension[] | undefined;
}

/** An ONNX graph: nodes in topological order, weights by name. */
export interface Graph {
  readonly name: string;
  /** Version of the operator set of the '' domain. */
  readonly opset: number;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Free-form key-value pairs kept in the file (what a model is, how it was trained). */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The operator set that the builder speaks and that is written. */
export const OPSET = 17;

/** The same graph with the first dimension of its inputs and outputs free; its nodes must not rely on an extent of it. */
export function withFreeBatch(graph: Graph): Graph {
  const free = (info: ValueInfo): ValueInfo => ({ ...info, shape: info.shape && ['N', ...info.shape.slice(1)] });
  return { ...graph, inputs: graph.inputs.map(free), outputs: graph.outputs.map(free) };
}
