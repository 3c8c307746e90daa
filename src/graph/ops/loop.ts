import type { Value } from '../builder.ts';
import type { Graph, Node, ValueInfo } from '../graph.ts';
import type { Operator } from '../operator.ts';

/** What {@link loop} repeats. */
export interface LoopOptions {
  /** How often: int64, a scalar that is known when the graph runs. */
  readonly turns: Value;
  /** Goes into the first turn; each turn gives the next one's. */
  readonly state: readonly Value[];
  /** Inputs: the turn's number (int64, a scalar, from 0), the state, and those in `captured`. Outputs: the next state. */
  readonly body: Graph;
  /** Inputs of the body that are inputs of the graph around it, by the same name, such as weights. */
  readonly captured?: ReadonlySet<string>;
}

/**
 * Runs a body so often. No gradient flows back through it: what it gives counts as data.
 *
 * @returns the state after the last turn.
 */
export function loop({ turns, state, body, captured = new Set() }: LoopOptions): Value[] {
  return turns.builder.apply('Loop', [turns, undefined, ...state], {
    attributes: { body: { type: 'graph', value: asBody(body, captured) } },
    outputCount: state.length,
  });
}

/** The graph as ONNX wants a body: with a condition, here always true, and with names of its own, since a name of the graph around it may only be read. */
function asBody(graph: Graph, captured: ReadonlySet<string>): Graph {
  const own = (name: string): string => (name === '' || captured.has(name) ? name : `${graph.name}/${name}`);
  const renamed = (info: ValueInfo): ValueInfo => ({ ...info, name: own(info.name) });
  const node = (one: Node): Node => ({
    ...one,
    name: own(one.name),
    inputs: one.inputs.map(own),
    outputs: one.outputs.map(own),
  });
  const condition = (name: string): ValueInfo => ({ name: own(name), dtype: 'bool', shape: [] });
  const [turn, ...rest] = graph.inputs.filter(({ name }) => !captured.has(name)).map(renamed);
  const goesOn: Node = {
    op: 'Identity',
    domain: '',
    name: own('condition.goes_on'),
    inputs: [own('condition.before')],
    outputs: [own('condition.after')],
    attributes: {},
  };
  return {
    ...graph,
    inputs: [...(turn ? [turn] : []), condition('condition.before'), ...rest],
    outputs: [condition('condition.after'), ...graph.outputs.map(renamed)],
    nodes: [goesOn, ...graph.nodes.map(node)],
    initializers: new Map(Array.from(graph.initializers, ([name, tensor]) => [own(name), tensor])),
  };
}

export const operators = {
  Loop: {
    infer: (node) => {
      const { body } = node.attributes;
      const state = node.inputs.slice(2).map((_, i) => node.input(i + 2));
      if (body?.type !== 'graph') throw node.error('has no body');
      const [, ...next] = body.value.outputs;
      const fits = state.every(
        ({ dtype, shape }, i) => next[i]?.dtype === dtype && next[i]?.shape?.join() === shape.join(),
      );
      // Outputs beyond the state would have as many rows as there are turns, which nobody knows here.
      if (!fits || next.length !== state.length || node.outputCount !== state.length)
        throw node.error('has a body that does not give the state that it takes');
      return state;
    },
    stopsGradient: true,
  },
} satisfies Record<string, Operator>;
