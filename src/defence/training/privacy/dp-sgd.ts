import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { gradients } from '../../../graph/differentiate.ts';
import { add, div, greater, less, maximum, minimum, mul, sqrt, square, where } from '../../../graph/ops/arithmetic.ts';
import { cast } from '../../../graph/ops/constant.ts';
import { gather } from '../../../graph/ops/indexing.ts';
import { loop } from '../../../graph/ops/loop.ts';
import { reduceSum } from '../../../graph/ops/reduction.ts';
import { expand, reshape } from '../../../graph/ops/shape.ts';
import { float32, type Shape, sizeOf, type Tensor } from '../../../graph/tensor.ts';
import type { Initialiser, Parameters } from '../../../nn/parameters.ts';
import { type BatchShape, buildTrainingGraph, type Problem } from '../../../nn/training.ts';
import { CapabilityError } from '../../../util/errors.ts';

/** How much one example can move a step, and how much that is covered. */
export interface PrivacySettings {
  /** Greatest length of an example's gradient, all weights together; a longer one is shortened to it. */
  readonly clipNorm: number;
  /** Deviation of the noise on the sum of gradients, as a multiple of `clipNorm`. */
  readonly noiseMultiplier: number;
  /** Examples in a step in the mean: what the sum is divided by, however many there are. */
  readonly expectedBatch: number;
  /** Most examples in a step. */
  readonly places: number;
}

/** A training problem by the loss of one example. */
export interface ExampleProblem extends Pick<Problem, 'name' | 'seed' | 'optimiser'> {
  /** Of one example: each shape begins with 1. */
  readonly example: BatchShape;
  /** Loss of one example, a scalar. It may keep no statistics: a network with batch normalisation is refused. */
  readonly lossOf: (parameters: Parameters, example: Readonly<Record<string, Value>>) => Value;
}

/** Says how many of the places are taken, from the first on: int64, a scalar. */
export const COUNT = 'count';

const NOISE = 'noise/';

/** Above the length of any gradient that is a number. */
const LONGEST = 1e30;

/**
 * DP-SGD as a problem for {@link train}: each example's gradient is shortened to `clipNorm`, their sum is covered by Gaussian noise, and the optimiser takes the sum divided by
 * the expected batch. A step is still one graph: the examples go one by one through a loop in it, so that a gradient is an example's own whatever the layers are.
 *
 * Its batch is that of the examples, [places,...] each, with {@link COUNT} and what {@link noiseFeeds} gives. The figures it shows, the mean loss and the share of gradients
 * that were shortened, are exact: epsilon does not cover those who watch them. Nor does it cover rounding: the graph computes with floats, and the
 * accountant counts with real numbers (Mironov 2012; Casacuberta et al. 2022).
 *
 * Cost: that of as many batches of one as there are examples.
 *
 * Source: Abadi et al. 2016, algorithm 1.
 *
 * @throws CapabilityError, as it is built, where the network keeps statistics over examples.
 */
export function privateProblem(problem: ExampleProblem, settings: PrivacySettings): Problem {
  const { name, seed, optimiser, example } = problem;
  const { clipNorm, noiseMultiplier, expectedBatch, places } = settings;
  const batch = Object.fromEntries(
    Object.entries(example).map(([input, { shape, ...type }]) => [
      input,
      { ...type, shape: [places, ...shape.slice(1)] },
    ]),
  );
  return {
    name,
    seed,
    optimiser,
    batch: { ...batch, [COUNT]: { shape: [], dtype: 'int64' } },
    build: (parameters, inputs) => {
      const { weights, sums, loss, clipped } = clippedSums(problem, parameters, inputs, clipNorm);
      const count = maximum(cast(inputs[COUNT] as Value, 'float32'), 1);
      const terms = [...weights].map(([weight, value], i) => {
        const noise = value.builder.input(`${NOISE}${weight}`, value.shape);
        const noised = add(sums[i] as Value, mul(noise, noiseMultiplier * clipNorm));
        return reduceSum(mul(value, div(noised, expectedBatch)));
      });
      return {
        // Linear in the weights, by what counts as data: its gradient is the noised mean itself.
        loss: terms.reduce((a, b) => add(a, b)),
        figures: {
          loss: div(loss, count),
          clipped: div(clipped, count),
        },
      };
    },
  };
}

/** Sums over the examples. */
interface ClippedSums {
  readonly weights: ReadonlyMap<string, Value>;
  /** For each weight, of the shortened gradients. */
  readonly sums: readonly Value[];
  /** Of the losses: a scalar. */
  readonly loss: Value;
  /** How many gradients were shortened: a scalar. */
  readonly clipped: Value;
}

function clippedSums(
  { example, lossOf }: ExampleProblem,
  parameters: Parameters,
  batch: Readonly<Record<string, Value>>,
  clipNorm: number,
): ClippedSums {
  const body = new GraphBuilder('example');
  const place = reshape(body.input('place', [], 'int64'), [1]);
  const inner = new ExampleParameters(parameters, body);
  const outer = Object.keys(example).map((name) => batch[name] as Value);
  const rows = outer.map(({ name, shape, dtype }) => gather(body.input(name, shape, dtype), place, 0));
  const loss = reshape(
    lossOf(inner, Object.fromEntries(Object.keys(example).map((name, i) => [name, rows[i] as Value]))),
    [],
  );
  const weights = [...inner.weights];
  const found = gradients(
    loss,
    weights.map(([, { inside }]) => inside),
  );
  const norm = sqrt(found.map(squaredLength).reduce((a, b) => add(a, b)));
  const factor = minimum(div(clipNorm, add(norm, 1e-12)), 1);
  // A gradient that is not finite has no length to shorten: it adds nothing.
  const counts = less(norm, LONGEST);
  const added = [...found.map((gradient) => mul(gradient, factor)), loss, cast(greater(norm, clipNorm), 'float32')];
  added.forEach((value, i) => {
    body.output(`after/${i}`, add(body.input(`before/${i}`, value.shape), where(counts, value, 0)));
  });
  const outside = weights.map(([, weight]) => weight.outside);
  const sums = loop({
    turns: batch[COUNT] as Value,
    state: added.map(({ shape }) => zeros(parameters.builder, shape)),
    body: body.build(),
    captured: new Set([...outer, ...outside].map(({ name }) => name)),
  });
  return {
    weights: new Map(weights.map(([name], i) => [name, outside[i] as Value])),
    sums: sums.slice(0, weights.length),
    loss: sums.at(-2) as Value,
    clipped: sums.at(-1) as Value,
  };
}

/** Weights of a training graph as a loop's body sees them: inputs of the same name. */
class ExampleParameters implements Parameters {
  readonly builder: GraphBuilder;
  readonly training = true;
  readonly weights = new Map<string, { readonly outside: Value; readonly inside: Value }>();
  readonly #outer: Parameters;

  constructor(outer: Parameters, body: GraphBuilder) {
    this.#outer = outer;
    this.builder = body;
  }

  weight(name: string, shape: Shape, initialise: Initialiser): Value {
    const known = this.weights.get(name);
    if (known) return known.inside;
    const outside = this.#outer.weight(name, shape, initialise);
    const inside = this.builder.input(outside.name, shape);
    this.weights.set(name, { outside, inside });
    return inside;
  }

  buffer(name: string): never {
    throw new CapabilityError(`DP-SGD needs a network without statistics over examples, and "${name}" is one`, {
      hint: 'normalise each example by itself, such as by group normalisation',
    });
  }

  update(name: string): never {
    return this.buffer(name);
  }
}

/**
 * Standard normal noise for each weight of a private problem, for one step. Epsilon is promised to those alone who cannot compute it.
 *
 * @param shapes - of {@link weightShapes}.
 * @param normals - so many standard normal numbers, others each time it is called.
 */
export function noiseFeeds(
  shapes: ReadonlyMap<string, Shape>,
  normals: (count: number) => Float32Array,
): Record<string, Tensor> {
  return Object.fromEntries(
    Array.from(shapes, ([name, shape]) => [`${NOISE}${name}`, float32(normals(sizeOf(shape)), shape)]),
  );
}

/** Shapes of the weights of a problem, by name. */
export function weightShapes(problem: Problem): Map<string, Shape> {
  const { initial, modelNames } = buildTrainingGraph(problem);
  return new Map(modelNames.map((name) => [name, initial.get(name)?.shape ?? []]));
}

const squaredLength = (x: Value): Value => reduceSum(square(x));

const zeros = (builder: GraphBuilder, shape: Shape): Value => expand(builder.constant(float32([0], []), 'zero'), shape);
