import { type Graph, type Node, namesRead } from '../graph/graph.ts';
import { int64, type Tensor, toNumbers } from '../graph/tensor.ts';

/** What {@link freeBatch} found. */
export interface FreedBatch {
  /** The same network with a free first dimension `N`. */
  readonly graph: Graph;
  /** The same network with the batch that its file says, or with 1 where that is free. */
  readonly fixed: Graph;
}

/**
 * Frees the batch of a network that was exported with a fixed one: its input, its outputs, and each Reshape on the way to whose constant shape the batch is
 * written as a number. Whether that is sound depends on the network: compare the outputs of both before use.
 *
 * @returns undefined where the batch is free already and no Reshape says otherwise.
 */
export function freeBatch(graph: Graph, input: string): FreedBatch | undefined {
  const declared = graph.inputs.find(({ name }) => name === input)?.shape?.[0];
  const isFixed = typeof declared === 'number' && declared > 0;
  const batch = isFixed ? declared : 1;
  const initializers = new Map(graph.initializers);
  const dependent = new Set([input]);
  let changed = 0;
  const nodes = graph.nodes.map((node): Node => {
    if (!namesRead(node).some((name) => dependent.has(name))) return node;
    for (const name of node.outputs) dependent.add(name);
    const shape = node.op === 'Reshape' ? freedShape(constantOf(graph, node.inputs[1] ?? ''), batch) : undefined;
    if (!shape) return node;
    changed++;
    const name = `${node.name}/free_shape`;
    initializers.set(name, shape);
    return { ...node, inputs: [node.inputs[0] ?? '', name] };
  });
  if (!isFixed && changed === 0) return undefined;
  const freed = withBatch({ ...graph, nodes, initializers }, input, 'N');
  return { graph: freed, fixed: withBatch(graph, input, batch) };
}

/** The shape with its leading batch left open; undefined where it does not begin with the batch. */
function freedShape(shape: Tensor | undefined, batch: number): Tensor | undefined {
  if (shape?.dtype !== 'int64') return undefined;
  const [first, ...rest] = toNumbers(shape);
  if (first !== batch || rest.length === 0) return undefined;
  // Only one extent may be left to be worked out (-1); 0 takes the extent of the value that is reshaped.
  return int64([rest.includes(-1) ? 0 : -1, ...rest]);
}

/** The same network with `batch` written as the first dimension of its input and outputs. */
export function withBatch(graph: Graph, input: string, batch: number | 'N'): Graph {
  return {
    ...graph,
    inputs: graph.inputs.map((info) =>
      info.name === input && info.shape ? { ...info, shape: [batch, ...info.shape.slice(1)] } : info,
    ),
    outputs: graph.outputs.map((info) => (info.shape ? { ...info, shape: [batch, ...info.shape.slice(1)] } : info)),
  };
}

function constantOf(graph: Graph, name: string): Tensor | undefined {
  const weight = graph.initializers.get(name);
  if (weight) return weight;
  const made = graph.nodes.find((node) => node.op === 'Constant' && node.outputs[0] === name)?.attributes.value;
  return made?.type === 'tensor' ? made.value : undefined;
}
