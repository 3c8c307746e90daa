import { ShapeError, UnsupportedOpError } from '../util/errors.ts';
import {
  type Attributes,
  type Dimension,
  type Graph,
  type Node,
  namesCaptured,
  namesRead,
  OPSET,
  type ValueInfo,
} from './graph.ts';
import { NodeContext, type Operator, type Type } from './operator.ts';
import { findOperator } from './ops/index.ts';
import { concat, split } from './ops/indexing.ts';
import { upgradeNode } from './opsets.ts';
import { type DataType, type Shape, sizeOf, type Tensor, toNumbers } from './tensor.ts';

/** Constants up to this many elements take part in folding; greater ones stay in the graph and ONNX Runtime folds them. */
const FOLD_LIMIT = 4096;

/** A value of the graph under construction: its name, element type and static shape, and its value where that is known. */
export class Value {
  readonly builder: GraphBuilder;
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: Shape;
  readonly constant: Tensor | undefined;
  readonly producer: Step | undefined;

  constructor(
    builder: GraphBuilder,
    name: string,
    type: Type,
    origin: { readonly constant?: Tensor; readonly producer?: Step } = {},
  ) {
    this.builder = builder;
    this.name = name;
    this.dtype = type.dtype;
    this.shape = type.shape;
    this.constant = origin.constant;
    this.producer = origin.producer;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** The elements where they are known when compiling. */
  get numbers(): readonly number[] | undefined {
    return this.constant && toNumbers(this.constant);
  }
}

/** A node of the graph under construction, with its typed ends. */
export interface Step {
  readonly index: number;
  readonly operator: Operator;
  readonly domain: string;
  readonly context: NodeContext;
  readonly outputs: readonly Value[];
}

/** How {@link GraphBuilder.import} binds a graph. */
export interface ImportOptions {
  /** Value for each input of the imported graph, or for an inner value, which then is not computed. Inputs that nothing needs may be left out. */
  readonly inputs: Readonly<Record<string, Value>>;
  /** Weights to replace by values of this graph, such as trainable parameters. */
  readonly weights?: ReadonlyMap<string, Value>;
  /** Believe that the batch that the graph declares is written nowhere else in it: a greater one then goes through as it is. Default false. */
  readonly batchIsFree?: boolean;
}

/**
 * Builds an ONNX graph node by node, in topological order. Every node's types are inferred as it is added, and shape arithmetic
 * on constants is folded at once, so that all shapes are static.
 */
export class GraphBuilder {
  readonly name: string;
  readonly #steps: Step[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs = new Map<string, Value>();
  readonly #constants = new Map<Tensor, Value>();
  readonly #scalars = new Map<string, Value>();
  readonly #weights = new Set<Value>();
  readonly #names = new Set<string>();
  /** For each name that was wanted the number to try next. */
  readonly #numbered = new Map<string, number>();
  readonly #metadata: Record<string, string> = {};

  constructor(name = 'graph') {
    this.name = name;
  }

  /** The nodes so far, in topological order. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  input(name: string, shape: Shape, dtype: DataType = 'float32'): Value {
    const value = new Value(this, this.#unique(name), { dtype, shape });
    this.#inputs.push(value);
    return value;
  }

  /** A constant of the graph; the same tensor object gives the same value. */
  constant(tensor: Tensor, name = 'constant'): Value {
    const key = sizeOf(tensor.shape) === 1 ? `${tensor.dtype}[${tensor.shape}]${tensor.data[0]}` : undefined;
    const known = key === undefined ? this.#constants.get(tensor) : this.#scalars.get(key);
    if (known) return known;
    const value = new Value(this, this.#unique(name), tensor, { constant: tensor });
    if (key === undefined) this.#constants.set(tensor, value);
    else this.#scalars.set(key, value);
    return value;
  }

  /** A constant that is kept as it is, neither folded nor shared with an equal one: a gradient can be taken with respect to it. */
  weight(tensor: Tensor, name = 'weight'): Value {
    const value = new Value(this, this.#unique(name), tensor, { constant: tensor });
    this.#weights.add(value);
    return value;
  }

  /** Declares `value` an output called `name`. @throws ShapeError where the name is taken by another output or an input. */
  output(name: string, value: Value): void {
    if (this.#outputs.has(name) || this.#inputs.some((input) => input.name === name)) {
      throw new ShapeError(`graph "${this.name}" has two inputs or outputs called "${name}"`);
    }
    // A value that is no node's own, or that leaves under another name already, needs a node to rename it.
    const taken = [...this.#outputs.values()].includes(value);
    this.#outputs.set(name, value.producer && !taken ? value : this.#rename(value, name));
  }

  describe(metadata: Readonly<Record<string, string>>): void {
    Object.assign(this.#metadata, metadata);
  }

  /** Adds a node and gives its outputs. @throws ShapeError, UnsupportedOpError */
  apply(
    op: string,
    inputs: readonly (Value | undefined)[],
    options: {
      readonly attributes?: Attributes;
      readonly outputCount?: number;
      readonly name?: string;
      readonly domain?: string;
    } = {},
  ): Value[] {
    const { attributes = {}, outputCount = 1, domain = '' } = options;
    const name = this.#unique(options.name ?? op);
    const operator = this.#operator(op, domain, name);
    for (const value of inputs) {
      if (value && value.builder !== this)
        throw new ShapeError(`${op} (node "${name}"): input "${value.name}" is of another graph`);
    }
    const context = new NodeContext({ op, name, inputs, attributes, outputCount });
    const folded = this.#fold(operator, context);
    if (folded) return folded.map((tensor) => this.constant(tensor, name));
    const types = operator.infer(context);
    const outputs: Value[] = [];
    const step: Step = { index: this.#steps.length, operator, domain, context, outputs };
    for (let i = 0; i < outputCount; i++) {
      const type = types[i];
      if (!type) throw context.error(`has no output ${i}`);
      if (type.shape.some((extent) => !Number.isInteger(extent) || extent < 0)) {
        throw context.error(`gives the impossible shape [${type.shape.join(',')}]`);
      }
      outputs.push(new Value(this, outputCount === 1 ? name : this.#unique(`${name}_${i}`), type, { producer: step }));
    }
    this.#steps.push(step);
    return outputs;
  }

  /** {@link apply} for the operators with one output. */
  op(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): Value {
    return this.apply(op, inputs, { attributes })[0] as Value;
  }

  /**
   * Replays another graph inside this one, its inputs bound to values of this one; older operator sets are brought up to {@link OPSET}. A graph with a fixed batch
   * is replayed for each such part of a greater one, and its outputs are put together again.
   *
   * @returns the graph's outputs by name.
   * @throws ShapeError where values do not fit; UnsupportedOpError.
   */
  import(graph: Graph, options: ImportOptions): Record<string, Value> {
    const parts = options.batchIsFree ? 1 : partCount(graph, options.inputs);
    return parts === 1 ? this.#replay(graph, options) : this.#importInParts(graph, options, parts);
  }

  #importInParts(graph: Graph, options: ImportOptions, count: number): Record<string, Value> {
    const entries = Object.entries(options.inputs).map(([name, value]) => {
      const isInput = graph.inputs.some((info) => info.name === name);
      const extent = (value.shape[0] ?? 1) / count;
      return { name, parts: isInput ? split(value, new Array<number>(count).fill(extent), 0) : undefined, value };
    });
    const results = Array.from({ length: count }, (_, i) =>
      this.#replay(graph, {
        ...options,
        inputs: Object.fromEntries(entries.map(({ name, parts, value }) => [name, parts?.[i] ?? value])),
      }),
    );
    return Object.fromEntries(
      graph.outputs.map(({ name }) => [
        name,
        concat(
          results.map((result) => result[name] as Value),
          0,
        ),
      ]),
    );
  }

  #replay(graph: Graph, options: ImportOptions): Record<string, Value> {
    const values = new Map(Object.entries(options.inputs));
    const read = (name: string): Value => {
      const known = values.get(name) ?? options.weights?.get(name);
      if (known) return known;
      const tensor = graph.initializers.get(name);
      if (!tensor) {
        const isInput = graph.inputs.some((info) => info.name === name);
        throw new ShapeError(
          `graph "${graph.name}": "${name}" ${isInput ? 'is an input that is not bound' : 'is used before it is made'}`,
        );
      }
      const value = this.constant(tensor, name);
      values.set(name, value);
      return value;
    };
    for (const node of neededNodes(graph, values)) {
      const inputs = node.inputs.map((name) => (name === '' ? undefined : read(name)));
      const branch = node.op === 'If' && node.domain === '' ? branchTaken(node, inputs[0], graph.opset) : undefined;
      const outputs = branch ? this.#importBranch(branch, read) : upgradeNode(this, node, inputs, graph.opset);
      node.outputs.forEach((name, i) => {
        const output = outputs[i];
        if (name !== '' && output && !values.has(name)) values.set(name, output);
      });
    }
    return Object.fromEntries(graph.outputs.map((info) => [info.name, read(info.name)]));
  }

  #importBranch(branch: Graph, read: (name: string) => Value): (Value | undefined)[] {
    const inputs = Object.fromEntries(namesCaptured(branch).map((name) => [name, read(name)]));
    const outputs = this.import(branch, { inputs });
    return branch.outputs.map(({ name }) => outputs[name]);
  }

  /** The finished graph: only the nodes and constants that the outputs need. @throws ShapeError where there is no output. */
  build(): Graph {
    if (this.#outputs.size === 0) throw new ShapeError(`graph "${this.name}" has no output`);
    const nameOf = this.#finalNames();
    const needed = new Set<Value>(this.#outputs.values());
    const kept: Node[] = [];
    const initializers = new Map<string, Tensor>();
    for (let i = this.#steps.length - 1; i >= 0; i--) {
      const step = this.#steps[i] as Step;
      if (!step.outputs.some((value) => needed.has(value))) continue;
      for (const value of step.context.inputs) {
        if (!value) continue;
        needed.add(value);
        if (value.constant) initializers.set(nameOf(value), value.constant);
      }
      kept.push({
        op: step.context.op,
        domain: step.domain,
        name: step.context.name,
        inputs: step.context.inputs.map((value) => (value ? nameOf(value) : '')),
        // All are named, needed or not: ONNX Runtime refuses MaxPool without its first output, and crashes on Split with one left out.
        outputs: step.outputs.map(nameOf),
        attributes: step.context.attributes,
      });
    }
    return {
      name: this.name,
      opset: OPSET,
      inputs: this.#inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      outputs: [...this.#outputs].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
      nodes: kept.reverse(),
      initializers,
      metadata: { ...this.#metadata },
    };
  }

  /** Outputs get the names that were asked for; an inner value that has such a name gives way. */
  #finalNames(): (value: Value) => string {
    const names = new Map<Value, string>();
    for (const [name, value] of this.#outputs) names.set(value, name);
    return (value) => {
      const known = names.get(value);
      if (known !== undefined) return known;
      const name = this.#outputs.has(value.name) ? this.#unique(value.name) : value.name;
      names.set(value, name);
      return name;
    };
  }

  #rename(value: Value, name: string): Value {
    const operator = this.#operator('Identity', '', name);
    const context = new NodeContext({
      op: 'Identity',
      name: this.#unique(`${name}_out`),
      inputs: [value],
      attributes: {},
      outputCount: 1,
    });
    const step: Step = { index: this.#steps.length, operator, domain: '', context, outputs: [] };
    const renamed = new Value(this, context.name, value, { producer: step });
    this.#steps.push({ ...step, outputs: [renamed] });
    return renamed;
  }

  #operator(op: string, domain: string, node: string): Operator {
    const operator = domain === '' ? findOperator(op) : undefined;
    if (operator) return operator;
    throw new UnsupportedOpError(
      { op: domain ? `${domain}.${op}` : op, opset: OPSET, node, reason: 'this operator is not known' },
      { hint: 'docs/operators.md tells how to add an operator' },
    );
  }

  #fold(operator: Operator, context: NodeContext): readonly Tensor[] | undefined {
    if (operator.foldTypes) return operator.foldTypes(context);
    if (!operator.fold) return undefined;
    const tensors: Tensor[] = [];
    for (const value of context.inputs) {
      if (!value) continue;
      if (!value.constant || this.#weights.has(value) || sizeOf(value.shape) > FOLD_LIMIT) return undefined;
      tensors.push(value.constant);
    }
    return operator.fold(context, tensors);
  }

  #unique(wanted: string): string {
    let name = wanted;
    // Names are never given back: those below the last number are taken still, and are not tried again.
    let i = this.#numbered.get(wanted) ?? 1;
    for (; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#numbered.set(wanted, i);
    this.#names.add(name);
    return name;
  }
}

/** The nodes that the outputs need, where the values in `bound` need not be computed. */
function neededNodes(graph: Graph, bound: ReadonlyMap<string, Value>): Node[] {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const kept: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name) && !bound.has(name))) continue;
    kept.push(node);
    for (const name of namesRead(node)) needed.add(name);
  }
  return kept.reverse();
}

/** How many batches of the extent that a graph's inputs fix are bound to it; 1 where they fix none. */
function partCount(graph: Graph, bound: Readonly<Record<string, Value>>): number {
  const counts = graph.inputs.flatMap((info) => {
    const [value, declared] = [bound[info.name], info.shape?.[0]];
    if (!value || value.rank !== info.shape?.length || typeof declared !== 'number' || declared <= 0) return [];
    return [(value.shape[0] ?? 1) / declared];
  });
  const [first = 1] = counts;
  return Number.isInteger(first) && first > 1 && counts.every((count) => count === first) ? first : 1;
}

/** The branch of an If node. Exporters guard shapes with it, so that its condition is known once shapes are. @throws UnsupportedOpError where it is not. */
function branchTaken(node: Node, condition: Value | undefined, opset: number): Graph {
  const known = condition?.numbers?.[0];
  const branch = known === undefined ? undefined : node.attributes[known ? 'then_branch' : 'else_branch'];
  if (branch?.type === 'graph') return branch.value;
  throw new UnsupportedOpError(
    { op: node.op, opset, node: node.name, reason: 'its condition is not known before the graph runs' },
    { hint: 'export the model traced, not scripted' },
  );
}

/** Gives each free dimension of a graph's input an extent: `batch` for the first dimension, else what `free` says. */
export function inputShape(info: ValueInfo, options: { readonly batch?: number; readonly shape?: Shape } = {}): Shape {
  if (options.shape) return options.shape;
  if (!info.shape)
    throw new ShapeError(`the shape of input "${info.name}" is not in the file`, { hint: 'give its shape' });
  return info.shape.map((dimension: Dimension, axis) => {
    if (axis === 0 && options.batch !== undefined) return options.batch;
    if (typeof dimension === 'number' && dimension > 0) return dimension;
    if (axis === 0) return 1;
    throw new ShapeError(`dimension ${axis} of input "${info.name}" is free ("${dimension}")`, {
      hint: 'give its shape',
    });
  });
}
