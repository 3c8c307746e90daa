import { ShapeError, UnsupportedOpError } from '../util/errors.ts';
import { GraphBuilder, inputShape, type Step, type Value } from './builder.ts';
import { type Graph, OPSET } from './graph.ts';
import type { GradientContext } from './operator.ts';
import { add, tensorOf } from './ops/arithmetic.ts';
import { expand, sameShape } from './ops/shape.ts';
import { type Shape, sizeOf } from './tensor.ts';

/**
 * Adds to the graph the gradient of `of` (the sum of its elements, where it is no scalar) with respect to each of `wrt`.
 * The gradients are values like any other: they can be differentiated again.
 *
 * Reverse accumulation over the nodes between `wrt` and `of`; others are not touched.
 *
 * @returns one value per `wrt`, of its shape; zeros where `of` does not depend on it.
 * @throws UnsupportedOpError where an operator on the way has no gradient.
 */
export function gradients(of: Value, wrt: readonly Value[]): Value[] {
  const builder = of.builder;
  const dependent = dependentValues(builder.steps, wrt);
  const collected = new Map<Value, Value[]>();
  collected.set(of, [ones(of)]);
  const total = (value: Value): Value | undefined => {
    const parts = collected.get(value);
    if (!parts) return undefined;
    const sum = accumulate(parts, value.shape);
    collected.set(value, [sum]);
    return sum;
  };
  // Only the nodes that were there before: the gradient's own are appended while this runs.
  const before = dependent.has(of) ? builder.steps.slice(0, (of.producer?.index ?? -1) + 1) : [];
  for (const step of before.reverse()) {
    if (!step.outputs.some((value) => dependent.has(value) && collected.has(value))) continue;
    const grads = step.outputs.map(total);
    backward(step, grads, dependent).forEach((gradient, i) => {
      const input = step.context.inputs[i];
      if (!gradient || !input || !dependent.has(input)) return;
      const parts = collected.get(input);
      if (parts) parts.push(gradient);
      else collected.set(input, [gradient]);
    });
  }
  return wrt.map((value) => total(value) ?? zeros(value));
}

/** What {@link differentiate} differentiates. */
export interface DifferentiateOptions {
  /** The output whose gradient is taken; one that is no scalar is summed over its elements. */
  readonly of: string;
  /** Inputs or initializers by name. */
  readonly wrt: readonly string[];
  /** Extent of the inputs' first dimension; default: what the file says, 1 where it is free. */
  readonly batch?: number;
  /** Shapes of inputs whose file does not say. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** Adds an input `seed_<of>` of the output's shape: the gradient is then that of the sum of seed times output (a vector-Jacobian product). */
  readonly seeded?: boolean;
}

/** The same graph with one more output for each of `wrt`: `gradient_<name>`, of its shape. @throws UnsupportedOpError, ShapeError */
export function differentiate(graph: Graph, options: DifferentiateOptions): Graph {
  const builder = new GraphBuilder(graph.name);
  const inputs: Record<string, Value> = {};
  for (const info of graph.inputs) {
    const shape = options.shapes?.[info.name];
    inputs[info.name] = builder.input(
      info.name,
      inputShape(info, {
        ...(shape ? { shape } : {}),
        ...(options.batch === undefined ? {} : { batch: options.batch }),
      }),
      info.dtype,
    );
  }
  const weights = new Map<string, Value>();
  for (const name of options.wrt) {
    const tensor = graph.initializers.get(name);
    if (tensor) weights.set(name, builder.weight(tensor, name));
  }
  const outputs = builder.import(graph, {
    inputs,
    weights,
    batchIsFree: options.batch !== undefined || options.shapes !== undefined,
  });
  const of = outputs[options.of];
  if (!of)
    throw new ShapeError(`graph "${graph.name}" has no output "${options.of}"`, {
      hint: `outputs: ${Object.keys(outputs).join(', ')}`,
    });
  const wrt = options.wrt.map((name) => {
    const value = inputs[name] ?? weights.get(name);
    if (!value) throw new ShapeError(`graph "${graph.name}" has no input or weight "${name}"`);
    return value;
  });
  const seeded = options.seeded ? builder.op('Mul', [of, builder.input(`seed_${options.of}`, of.shape)]) : of;
  const found = gradients(seeded, wrt);
  for (const [name, value] of Object.entries(outputs)) builder.output(name, value);
  options.wrt.forEach((name, i) => {
    builder.output(`gradient_${name}`, found[i] as Value);
  });
  return builder.build();
}

/** All values that depend on one of `from`, these included. */
function dependentValues(steps: readonly Step[], from: readonly Value[]): Set<Value> {
  const dependent = new Set<Value>(from);
  for (const step of steps) {
    if (step.operator.stopsGradient) continue;
    if (step.context.inputs.some((value) => value && dependent.has(value))) {
      for (const output of step.outputs) dependent.add(output);
    }
  }
  return dependent;
}

function backward(
  step: Step,
  grads: readonly (Value | undefined)[],
  dependent: ReadonlySet<Value>,
): readonly (Value | undefined)[] {
  const { operator, context: node, outputs } = step;
  if (!operator.gradient) {
    throw new UnsupportedOpError({
      op: node.op,
      opset: OPSET,
      node: node.name,
      reason: 'this operator has no gradient',
    });
  }
  const first = outputs[0] as Value;
  const context: GradientContext = {
    node,
    builder: first.builder,
    outputs,
    grads,
    grad: grads[0] ?? zeros(first),
    needs: (index) => {
      const input = node.inputs[index];
      return input !== undefined && dependent.has(input);
    },
  };
  return operator.gradient(context);
}

/**
 * Sums the parts of a gradient. A part may be smaller than the value, as long as it broadcasts to it (the gradient of a reduction):
 * small parts are added first, and a part is spread out only where nothing of full size is there to take it.
 */
function accumulate(parts: readonly Value[], shape: Shape): Value {
  const ordered = [...parts].sort((a, b) => sizeOf(a.shape) - sizeOf(b.shape));
  return expand(
    ordered.reduce((sum, part) => add(sum, part)),
    shape,
  );
}

function ones(value: Value): Value {
  const one = value.builder.constant(tensorOf(value.dtype, [1], []), 'one');
  return sameShape(value.shape, []) ? one : expand(one, value.shape);
}

function zeros(value: Value): Value {
  return expand(value.builder.constant(tensorOf(value.dtype, [0], []), 'zero'), value.shape);
}
