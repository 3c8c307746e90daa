import type { GraphBuilder, Value } from '../graph/builder.ts';
import { add, div, minimum, mul, sqrt, square, sub } from '../graph/ops/arithmetic.ts';
import { float32, sizeOf, type Tensor } from '../graph/tensor.ts';

/** One weight's new value and new state. */
export interface Update {
  readonly weight: Value;
  readonly state: readonly Value[];
}

/** An optimiser whose arithmetic is part of the training graph. */
export interface Optimiser {
  readonly name: string;
  /** Tensors of the weight's own shape that it keeps for each weight. */
  readonly slots: readonly string[];
  /** Names and values of the scalars that the graph is fed at a step (counted from 1). */
  scalars(step: number, learningRate: number): Readonly<Record<string, number>>;
  apply(weight: Value, gradient: Value, state: readonly Value[], scalars: Readonly<Record<string, Value>>): Update;
}

/** Options of {@link adam}. */
export interface AdamOptions {
  /** Decay of the mean of gradients; default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients; default 0.999. */
  readonly beta2?: number;
  readonly epsilon?: number;
}

/**
 * Adam with bias correction (Kingma and Ba 2015, algorithm 1). Its moments are kept without the factors (1 - beta), which go into the step size:
 * ten passes over each weight instead of twelve.
 */
export function adam(options: AdamOptions = {}): Optimiser {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  return {
    name: 'adam',
    slots: ['mean', 'square'],
    scalars: (step, learningRate) => {
      const second = Math.sqrt((1 - beta2) / (1 - beta2 ** step));
      return {
        step_size: (learningRate * (1 - beta1)) / (1 - beta1 ** step) / second,
        epsilon: epsilon / second,
      };
    },
    apply: (weight, gradient, [mean, squares], { step_size, epsilon: floor }) => {
      const newMean = add(mul(mean as Value, beta1), gradient);
      const newSquares = add(mul(squares as Value, beta2), square(gradient));
      const direction = div(newMean, add(sqrt(newSquares), floor as Value));
      return { weight: sub(weight, mul(direction, step_size as Value)), state: [newMean, newSquares] };
    },
  };
}

/** Stochastic gradient descent with momentum: v <- momentum v + g; w <- w - learningRate v. */
export function sgd(options: { readonly momentum?: number } = {}): Optimiser {
  const { momentum = 0.9 } = options;
  return {
    name: 'sgd',
    slots: ['velocity'],
    scalars: (_step, learningRate) => ({ step_size: learningRate }),
    apply: (weight, gradient, [velocity], { step_size }) => {
      const moved = add(mul(velocity as Value, momentum), gradient);
      return { weight: sub(weight, mul(moved, step_size as Value)), state: [moved] };
    },
  };
}

/** Scales all gradients down together, so that their common Euclidean norm is at most `maxNorm`. */
export function clipByGlobalNorm(gradients: readonly Value[], maxNorm: number): Value[] {
  const first = gradients[0];
  if (!first) return [];
  const norm = sqrt(
    gradients
      .map((gradient) => first.builder.op('ReduceSumSquare', [gradient], { keepdims: { type: 'int', value: 0 } }))
      .reduce((a, b) => add(a, b)),
  );
  const factor = minimum(div(maxNorm, add(norm, 1e-12)), 1);
  return gradients.map((gradient) => mul(gradient, factor));
}

/** Zeros for each slot of a weight. */
export function freshState(optimiser: Optimiser, weight: Tensor): Tensor[] {
  return optimiser.slots.map(() => float32(new Float32Array(sizeOf(weight.shape)), weight.shape));
}

/** Adds the optimiser's scalar inputs to a graph. */
export function scalarInputs(builder: GraphBuilder, optimiser: Optimiser): Record<string, Value> {
  const names = Object.keys(optimiser.scalars(1, 1));
  return Object.fromEntries(names.map((name) => [name, builder.input(name, [])]));
}
