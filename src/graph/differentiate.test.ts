import { describe, expect, test } from 'vitest';
import { createSession } from '../runtime/session.ts';
import { UnsupportedOpError } from '../util/errors.ts';
import { GraphBuilder } from './builder.ts';
import { differentiate, gradients } from './differentiate.ts';
import { type Graph, type Node, string } from './graph.ts';
import { float32, type Tensor, toNumbers } from './tensor.ts';

const node = (op: string, inputs: readonly string[], output: string): Node => ({
  op,
  domain: '',
  name: output,
  inputs,
  outputs: [output],
  attributes: {},
});

/** y = op nodes over an input x [2] and weights. */
function graphOf(nodes: readonly Node[], weights: Readonly<Record<string, Tensor>> = {}): Graph {
  return {
    name: 'test',
    opset: 17,
    inputs: [{ name: 'x', dtype: 'float32', shape: [2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [2] }],
    nodes,
    initializers: new Map(Object.entries(weights)),
    metadata: {},
  };
}

async function run(graph: Graph, x: readonly number[]): Promise<Record<string, number[]>> {
  const session = await createSession(graph);
  const results = await session.run({ x: float32(x, [2]) });
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, toNumbers(tensor)]));
}

describe('differentiate', () => {
  test('a weight keeps its gradient though it meets constants alone, or equals another', async () => {
    // y = x (w c) s k, with s and k the same number
    const graph = graphOf(
      [
        node('Mul', ['w', 'c'], 'wc'),
        node('Mul', ['x', 'wc'], 'p'),
        node('Mul', ['p', 's'], 'q'),
        node('Mul', ['q', 'k'], 'y'),
      ],
      { w: float32([3, 4], [2]), c: float32([2, 2], [2]), s: float32([2], []), k: float32([2], []) },
    );
    const results = await run(differentiate(graph, { of: 'y', wrt: ['w', 's'] }), [1, 1]);
    expect(results).toEqual({ y: [24, 32], gradient_w: [8, 8], gradient_s: [28] });
  });

  test('paths that part and meet again add up', async () => {
    // y = x^2 + x, so dy/dx = 2 x + 1
    const graph = graphOf([node('Mul', ['x', 'x'], 'square'), node('Add', ['square', 'x'], 'y')]);
    const results = await run(differentiate(graph, { of: 'y', wrt: ['x'] }), [3, -1]);
    expect(results.gradient_x).toEqual([7, -1]);
  });

  test('what the output does not depend on gets zeros', async () => {
    const graph = graphOf([node('Relu', ['x'], 'y')], { w: float32([1, 2, 3], [3]) });
    const results = await run(differentiate(graph, { of: 'y', wrt: ['w'] }), [3, -1]);
    expect(results.gradient_w).toEqual([0, 0, 0]);
  });

  test('an operator on the way that has no gradient is named', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [1, 1, 4, 4]);
    const y = builder.op('GridSample', [x, builder.input('grid', [1, 2, 2, 2])], { mode: string('bicubic') });
    expect(() => gradients(y, [x])).toThrow(UnsupportedOpError);
    expect(() => gradients(y, [x])).toThrow(/GridSample.*bicubic/);
  });
});
