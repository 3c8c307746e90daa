import { describe, expect, it } from 'vitest';
import type { Graph, Node } from './graph.ts';
import { float32 } from './tensor.ts';
import { validateGraph } from './validate.ts';

const node = (op: string, inputs: readonly string[], outputs: readonly string[], domain = ''): Node => ({
  op,
  domain,
  name: `the ${op}`,
  inputs,
  outputs,
  attributes: {},
});

const graph: Graph = {
  name: 'small',
  opset: 13,
  inputs: [{ name: 'x', dtype: 'float32', shape: [2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [2] }],
  nodes: [node('Add', ['x', 'w'], ['z']), node('Clip', ['z', '', 'w'], ['y'])],
  initializers: new Map([['w', float32([1, 2], [2])]]),
  metadata: {},
};

const output = { name: 'y', dtype: 'float32' as const, shape: undefined };

describe('validateGraph', () => {
  it('passes a sound graph, with an input left out', () => {
    expect(() => validateGraph(graph)).not.toThrow();
  });

  it.each<[string, Partial<Graph>, RegExp]>([
    ['nodes out of order', { nodes: graph.nodes.toReversed() }, /Clip \(node "the Clip"\) uses "z"/],
    ['a value made twice', { nodes: [...graph.nodes, node('Relu', ['x'], ['z'])] }, /"z" is made twice.*Relu/],
    ['a node that makes an input', { nodes: [...graph.nodes, node('Relu', ['z'], ['x'])] }, /"x" is made twice/],
    ['an output that nothing makes', { outputs: [output, { ...output, name: 'u' }] }, /output "u" that no node makes/],
    ['two outputs of one name', { outputs: [output, output] }, /two outputs called "y"/],
    ['no output', { outputs: [] }, /has no output/],
    [
      'a weight that does not fill its shape',
      { initializers: new Map([['w', { dtype: 'float32', shape: [3], data: new Float32Array(2) }]]) },
      /weight "w": 2 values do not fill shape \[3\]/,
    ],
  ])('refuses %s', (_, change, message) => {
    expect(() => validateGraph({ ...graph, ...change })).toThrow(
      expect.objectContaining({ code: 'model-file', message: expect.stringMatching(message) }),
    );
  });

  it('names every operator that is not known at once', () => {
    const nodes = [
      ...graph.nodes,
      node('LSTM', ['x'], ['a']),
      node('LSTM', ['a'], ['b']),
      node('Attention', ['b'], ['c'], 'com.microsoft'),
    ];
    expect(() => validateGraph({ ...graph, nodes })).toThrow(
      expect.objectContaining({
        code: 'unsupported-op',
        op: 'LSTM',
        message: expect.stringMatching(/the LSTM.*nor are com\.microsoft\.Attention$/),
      }),
    );
  });
});
