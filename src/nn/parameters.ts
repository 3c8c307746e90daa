import type { GraphBuilder, Value } from '../graph/builder.ts';
import { float32, type Shape, sizeOf, type TypedTensor } from '../graph/tensor.ts';
import { ModelFileError } from '../util/errors.ts';
import type { Random } from '../util/random.ts';

/** Weights by name. */
export type Weights = ReadonlyMap<string, TypedTensor<'float32'>>;

/** Fills a new weight of the given shape. */
export type Initialiser = (shape: Shape, random: Random) => Float32Array;

/** Normal with the given deviation. */
export const normal =
  (deviation: number): Initialiser =>
  (shape, random) =>
    random.normals(sizeOf(shape), deviation);

/** He et al. 2015: keeps the variance of activations through ReLU layers; `fanIn` numbers feed each output. */
export const he = (fanIn: number): Initialiser => normal(Math.sqrt(2 / fanIn));

/** The same number everywhere. */
export const filled =
  (value: number): Initialiser =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

/**
 * Where a network's layers get their weights from. The same network function builds the training graph (weights are inputs) and the
 * finished model (weights are constants): only the parameters differ.
 */
export interface Parameters {
  readonly builder: GraphBuilder;
  /** Batch statistics in normalisation, and their running means are kept. */
  readonly training: boolean;
  /** A weight that training changes. */
  weight(name: string, shape: Shape, initialise: Initialiser): Value;
  /** A tensor that training keeps but the optimiser does not touch, such as running means. */
  buffer(name: string, shape: Shape, initialise: Initialiser): Value;
  /** Sets the value that a buffer has after this step. */
  update(name: string, value: Value): void;
}

/** Parameters under a prefix: `scope(p, 'block1')` names its weight `w` `block1.w`. */
export function scope(parameters: Parameters, prefix: string): Parameters {
  return {
    builder: parameters.builder,
    training: parameters.training,
    weight: (name, shape, initialise) => parameters.weight(`${prefix}.${name}`, shape, initialise),
    buffer: (name, shape, initialise) => parameters.buffer(`${prefix}.${name}`, shape, initialise),
    update: (name, value) => parameters.update(`${prefix}.${name}`, value),
  };
}

/** Parameters of a training graph: every weight and buffer is an input of the graph, made with seeded numbers where it is new. */
export class TrainableParameters implements Parameters {
  readonly builder: GraphBuilder;
  readonly training = true;
  readonly weights = new Map<string, Value>();
  readonly buffers = new Map<string, Value>();
  readonly updates = new Map<string, Value>();
  readonly initial = new Map<string, TypedTensor<'float32'>>();
  readonly #random: Random;

  constructor(builder: GraphBuilder, random: Random) {
    this.builder = builder;
    this.#random = random;
  }

  weight(name: string, shape: Shape, initialise: Initialiser): Value {
    return this.#declare(this.weights, name, shape, initialise);
  }

  buffer(name: string, shape: Shape, initialise: Initialiser): Value {
    return this.#declare(this.buffers, name, shape, initialise);
  }

  update(name: string, value: Value): void {
    this.updates.set(name, value);
  }

  #declare(into: Map<string, Value>, name: string, shape: Shape, initialise: Initialiser): Value {
    const known = into.get(name);
    if (known) return known;
    const value = this.builder.input(name, shape);
    into.set(name, value);
    // A stream for each weight: adding a layer leaves the others' first values as they were.
    this.initial.set(name, float32(initialise(shape, this.#random.fork(name)), shape));
    return value;
  }
}

/** Parameters of a finished model: constants. */
export class FrozenParameters implements Parameters {
  readonly builder: GraphBuilder;
  readonly training = false;
  readonly #values: Weights;
  readonly #made = new Map<string, Value>();

  constructor(builder: GraphBuilder, values: Weights) {
    this.builder = builder;
    this.#values = values;
  }

  weight(name: string, shape: Shape): Value {
    const made = this.#made.get(name);
    // A network that is used twice in a model is stored once.
    if (made) return made;
    const tensor = this.#values.get(name);
    if (!tensor) throw new ModelFileError(`the model has no weight "${name}"`);
    if (tensor.shape.join() !== shape.join()) {
      throw new ModelFileError(`weight "${name}" is [${tensor.shape.join(',')}], wanted [${shape.join(',')}]`);
    }
    const constant = this.builder.constant(tensor, name);
    this.#made.set(name, constant);
    return constant;
  }

  buffer(name: string, shape: Shape): Value {
    return this.weight(name, shape);
  }

  update(): void {}
}
