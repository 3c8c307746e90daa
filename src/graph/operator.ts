import { ShapeError } from '../util/errors.ts';
import type { GraphBuilder, Value } from './builder.ts';
import type { Attributes } from './graph.ts';
import type { DataType, Shape, Tensor } from './tensor.ts';

/** Element type and shape of a value. */
export interface Type {
  readonly dtype: DataType;
  readonly shape: Shape;
}

/** A node as an operator's rules see it: typed inputs and attribute readers that know ONNX's defaults. */
export class NodeContext {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  readonly outputCount: number;

  constructor(node: {
    readonly op: string;
    readonly name: string;
    readonly inputs: readonly (Value | undefined)[];
    readonly attributes: Attributes;
    readonly outputCount: number;
  }) {
    this.op = node.op;
    this.name = node.name;
    this.inputs = node.inputs;
    this.attributes = node.attributes;
    this.outputCount = node.outputCount;
  }

  /** Input `index`. @throws ShapeError where it is not given. */
  input(index: number): Value {
    const value = this.inputs[index];
    if (!value) throw this.error(`input ${index} is missing`);
    return value;
  }

  /** The numbers of input `index`, which must be known when compiling; undefined where the input is not given. */
  constantInput(index: number): readonly number[] | undefined {
    const value = this.inputs[index];
    if (!value) return undefined;
    const numbers = value.numbers;
    if (!numbers) throw this.error(`input ${index} ("${value.name}") must be a constant`);
    return numbers;
  }

  int(name: string, otherwise: number): number {
    const found = this.attributes[name];
    return found?.type === 'int' || found?.type === 'float' ? found.value : otherwise;
  }

  optionalInt(name: string): number | undefined {
    const found = this.attributes[name];
    return found?.type === 'int' ? found.value : undefined;
  }

  float(name: string, otherwise: number): number {
    return this.int(name, otherwise);
  }

  ints(name: string, otherwise: readonly number[]): readonly number[] {
    const found = this.attributes[name];
    return found?.type === 'ints' ? found.value : otherwise;
  }

  optionalInts(name: string): readonly number[] | undefined {
    const found = this.attributes[name];
    return found?.type === 'ints' ? found.value : undefined;
  }

  string(name: string, otherwise: string): string {
    const found = this.attributes[name];
    return found?.type === 'string' ? found.value : otherwise;
  }

  tensor(name: string): Tensor | undefined {
    const found = this.attributes[name];
    return found?.type === 'tensor' ? found.value : undefined;
  }

  /** A ShapeError that names node, operator and the shapes of the inputs. */
  error(reason: string): ShapeError {
    const shapes = this.inputs.map((value) => (value ? `[${value.shape.join(',')}]` : '-')).join(' ');
    return new ShapeError(`${this.op} (node "${this.name}", inputs ${shapes || 'none'}): ${reason}`);
  }
}

/** What a gradient rule is given: the node, its outputs, and the gradient that arrives at each of them. */
export interface GradientContext {
  readonly node: NodeContext;
  readonly builder: GraphBuilder;
  readonly outputs: readonly Value[];
  /** One per output; undefined where nothing depends on that output. */
  readonly grads: readonly (Value | undefined)[];
  /** Gradient of the first output. */
  readonly grad: Value;
  /** Whether the gradient of input `index` is asked for: a rule may leave out the others. */
  needs(index: number): boolean;
}

/** The rules of one ONNX operator. They stand together in its family's file, named as the operator. */
export interface Operator {
  /** Types of the outputs. @throws ShapeError where the inputs do not fit. */
  readonly infer: (node: NodeContext) => readonly Type[];
  /**
   * Gradient of each input, made of differentiable operators; undefined where none flows. One that is smaller than its input but broadcasts to it is
   * spread out when it must be. Absent: the operator has no gradient.
   */
  readonly gradient?: (context: GradientContext) => readonly (Value | undefined)[];
  /** The outputs' values from the inputs' static types alone (Shape, Size). */
  readonly foldTypes?: (node: NodeContext) => readonly Tensor[];
  /** The outputs' values where all inputs are small constants (shape arithmetic); undefined to leave the node in the graph. */
  readonly fold?: (node: NodeContext, inputs: readonly Tensor[]) => readonly Tensor[] | undefined;
  /** The operator never carries a gradient (comparisons, shapes): its inputs get none, and that is no error. */
  readonly stopsGradient?: true;
}
