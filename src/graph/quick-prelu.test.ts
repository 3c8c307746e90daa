import { expect, it } from 'vitest';
import { createSession } from '../runtime/session.ts';
import { Random } from '../util/random.ts';
import type { Graph } from './graph.ts';
import { writeGraph } from './onnx-file.ts';
import { withQuickPrelu } from './quick-prelu.ts';
import { float32 } from './tensor.ts';

const SHAPE = [2, 4, 5, 5];

function preluGraph(slopes: readonly number[]): Graph {
  return {
    ...{ name: 'prelu', opset: 17, metadata: {} },
    inputs: [{ name: 'x', dtype: 'float32', shape: SHAPE }],
    outputs: [{ name: 'y', dtype: 'float32', shape: SHAPE }],
    nodes: [{ op: 'PRelu', domain: '', name: 'prelu', inputs: ['x', 'slope'], outputs: ['y'], attributes: {} }],
    initializers: new Map([['slope', float32(Float32Array.from(slopes), [1, 4, 1, 1])]]),
  };
}

it('gives the numbers that PRelu gives', async () => {
  const graph = preluGraph([0.25, -0.7, 0, 1]);
  const quick = withQuickPrelu(graph);
  expect(quick.nodes.map(({ op }) => op)).toEqual(['Mul', 'Max']);
  const x = float32(new Random(1).normals(200), SHAPE);
  // As bytes a graph is run as it is.
  const [own, other] = await Promise.all([writeGraph(graph), writeGraph(quick)].map((bytes) => createSession(bytes)));
  expect((await other?.run({ x }))?.y?.data).toEqual((await own?.run({ x }))?.y?.data);
});

it('leaves slopes above 1, which would be the smaller of both, and slopes that are no weights', () => {
  const steep = preluGraph([0.25, 1.5, 0, 1]);
  expect(withQuickPrelu(steep).nodes).toEqual(steep.nodes);
  const fed = { ...preluGraph([0, 0, 0, 0]), initializers: new Map() };
  expect(withQuickPrelu(fed).nodes).toEqual(fed.nodes);
});
