import { describe, expect, test } from 'vitest';
import { createSession } from '../runtime/session.ts';
import { UnsupportedOpError } from '../util/errors.ts';
import { GraphBuilder } from './builder.ts';
import { differentiate, gradients } from './differentiate.ts';
import { type Graph, int, ints, type Node, string } from './graph.ts';
import { float32, int64, type Tensor, toNumbers } from './tensor.ts';

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

const uint8Scalar = (value: number): Tensor => ({ dtype: 'uint8', shape: [], data: Uint8Array.of(value) });

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

  test('rounding is no silent zero: the operator is named, but rounded weights are no obstacle', async () => {
    const weights = {
      scale: float32([0.25], []),
      zero: uint8Scalar(128),
      w: { dtype: 'int8', shape: [2], data: Int8Array.of(4, -8) },
    } as const;
    const rounded = [
      node('QuantizeLinear', ['x', 'scale', 'zero'], 'q'),
      node('DequantizeLinear', ['q', 'scale', 'zero'], 'd'),
      node('Add', ['d', 'x'], 'y'),
    ];
    const build = (): Graph => differentiate(graphOf(rounded, weights), { of: 'y', wrt: ['x'] });
    expect(build).toThrow(UnsupportedOpError);
    expect(build).toThrow(/DequantizeLinear .*node "d"/);

    const byWeights = [node('DequantizeLinear', ['w', 'scale'], 'dw'), node('Mul', ['dw', 'x'], 'y')];
    const results = await run(differentiate(graphOf(byWeights, weights), { of: 'y', wrt: ['x'] }), [3, -1]);
    expect(results.gradient_x).toEqual([1, -2]);
  });

  test.each([1, 2])(
    'a vector of zeros, scaled to unit length (p = %d), stays and has a gradient of zeros',
    async (p) => {
      const unit: Node = { ...node('LpNormalization', ['x'], 'y'), attributes: { axis: int(0), p: int(p) } };
      const results = await run(differentiate(graphOf([unit]), { of: 'y', wrt: ['x'] }), [0, 0]);
      expect(results).toEqual({ y: [0, 0], gradient_x: [0, 0] });
    },
  );

  test('transposed constants are folded: pads that PyTorch 1 writes are known when compiling', async () => {
    // Pads as pairs (start, end) from the last axis on, turned round and transposed to all starts, then all ends.
    const nodes = [
      node('Reshape', ['pairs', 'twoColumns'], 'table'),
      node('Slice', ['table', 'last', 'beyond', 'first', 'back'], 'turned'),
      { ...node('Transpose', ['turned'], 'columns'), attributes: { perm: ints([1, 0]) } },
      node('Reshape', ['columns', 'flat'], 'pads'),
      node('Unsqueeze', ['x', 'first'], 'row'),
      node('Pad', ['row', 'pads'], 'padded'),
      node('Slice', ['padded', 'from', 'to', 'axes'], 'cut'),
      node('Squeeze', ['cut', 'first'], 'y'),
    ];
    const weights = {
      pairs: int64([2, 1, 0, 3]),
      twoColumns: int64([-1, 2]),
      last: int64([-1]),
      beyond: int64([-(2 ** 62)]),
      first: int64([0]),
      back: int64([-1]),
      flat: int64([-1]),
      from: int64([0, 1]),
      to: int64([1, 3]),
      axes: int64([0, 1]),
    };
    const results = await run(differentiate(graphOf(nodes, weights), { of: 'y', wrt: ['x'] }), [5, 7]);
    expect(results).toEqual({ y: [0, 5], gradient_x: [1, 0] });
  });
});
