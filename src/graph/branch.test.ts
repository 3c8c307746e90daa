import { describe, expect, it } from 'vitest';
import { node } from '../../test/fixtures/graph-node.ts';
import { createSession } from '../runtime/session.ts';
import { UnsupportedOpError } from '../util/errors.ts';
import { compile } from './compile.ts';
import { type Graph, int, ints, type Node } from './graph.ts';
import { readGraph, writeGraph } from './onnx-file.ts';
import { float32, int64, scalar, type Tensor, toNumbers } from './tensor.ts';

/** A branch of one node over values of the graph around it. */
const branch = (only: Node, weights: Readonly<Record<string, Tensor>> = {}): Node['attributes'][string] => ({
  type: 'graph',
  value: {
    name: 'branch',
    opset: 17,
    inputs: [],
    outputs: [{ name: only.outputs[0] ?? '', dtype: 'float32', shape: undefined }],
    nodes: [only],
    initializers: new Map(Object.entries(weights)),
    metadata: {},
  },
});

/** y = x^2 squeezed where its last axis has extent 1, else x^2 times 2: what a scripted export makes of `squeeze(-1)`. */
function guarded(condition: readonly Node[]): Graph {
  return {
    name: 'guarded',
    opset: 17,
    inputs: [{ name: 'x', dtype: 'float32', shape: ['rows', 'columns'] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
    nodes: [
      node('Mul', ['x', 'x'], 'square'),
      ...condition,
      node('If', ['condition'], 'y', {
        then_branch: branch(node('Squeeze', ['square', 'axes'], 'squeezed'), { axes: int64([-1]) }),
        else_branch: branch(node('Mul', ['square', 'two'], 'doubled')),
      }),
    ],
    initializers: new Map<string, Tensor>([
      ['last', int64([1], [])],
      ['one', int64([1], [])],
      ['two', scalar(2)],
    ]),
    metadata: {},
  };
}

const byShape = [
  node('Shape', ['x'], 'shape'),
  node('Gather', ['shape', 'last'], 'extent', { axis: int(0) }),
  node('Equal', ['extent', 'one'], 'condition'),
];

async function outputOf(graph: Graph, columns: number): Promise<{ shape: readonly number[]; values: number[] }> {
  const session = await createSession(graph, { threads: 1 });
  const { y } = await session.run({ x: float32([1, 2, 3, 4].slice(0, 2 * columns), [2, columns]) });
  await session.release();
  return { shape: y?.shape ?? [], values: y ? toNumbers(y) : [] };
}

describe('a branch', () => {
  it.each([1, 2])('is taken when compiling where its condition hangs on shapes alone (%d columns)', async (columns) => {
    const graph = guarded(byShape);
    const compiled = compile(graph, { shapes: { x: [2, columns] } });
    expect(compiled.nodes.map(({ op }) => op)).not.toContain('If');
    expect(await outputOf(compiled, columns)).toEqual(await outputOf(graph, columns));
  });

  it('survives being written and read', async () => {
    const graph = guarded(byShape);
    const again = readGraph(writeGraph(graph));
    expect(again.nodes).toEqual(graph.nodes);
    expect(await outputOf(again, 1)).toEqual({ shape: [2], values: [1, 4] });
  });

  it('that hangs on the input is refused by name', () => {
    const byValue = [
      node('ReduceMax', ['x'], 'most', { axes: ints([0, 1]), keepdims: int(0) }),
      node('Greater', ['most', 'two'], 'condition'),
    ];
    const compiled = (): Graph => compile(guarded(byValue), { shapes: { x: [2, 1] } });
    expect(compiled).toThrow(UnsupportedOpError);
    expect(compiled).toThrow(/If .*condition/);
  });
});
