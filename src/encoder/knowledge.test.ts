import { describe, expect, it } from 'vitest';
import { GraphBuilder, type Value } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { mul } from '../graph/ops/arithmetic.ts';
import { float32 } from '../graph/tensor.ts';
import { judgeEncoder } from './knowledge.ts';

function encoderGraph(body: (face: Value) => Value): Graph {
  const builder = new GraphBuilder('encoder');
  builder.output('embedding', body(builder.input('face', [1, 3, 4, 4])));
  return builder.build();
}

const linear = encoderGraph((face) => mul(face, 3));

describe('judgeEncoder', () => {
  it('calls an encoder without a graph black-box', () => {
    expect(judgeEncoder({})).toEqual({ access: 'black-box', reason: expect.stringContaining('not its weights') });
  });

  it('calls a differentiable graph white-box, a linear one too', () => {
    expect(judgeEncoder({ graph: linear }).access).toBe('white-box');
  });

  it('names the operator that has no gradient or is not known', () => {
    const node: Node = {
      op: 'DoorBell',
      domain: '',
      name: 'bell',
      inputs: ['face'],
      outputs: ['embedding'],
      attributes: {},
    };
    const graph: Graph = { ...linear, nodes: [node] };
    expect(judgeEncoder({ graph })).toEqual({
      access: 'black-box',
      reason: expect.stringMatching(/DoorBell \(node "bell"\)/),
    });
    expect(judgeEncoder({ graph }, { tryGradient: false }).access).toBe('white-box');
  });

  it('sees that no gradient flows through a comparison', () => {
    const graph = encoderGraph((face) => {
      const above = face.builder.op('Greater', [face, face.builder.constant(float32([0.5], []))]);
      const [one, none] = [1, 0].map((value) => face.builder.constant(float32([value], [])));
      return face.builder.op('Where', [above, one, none]);
    });
    expect(judgeEncoder({ graph })).toEqual({
      access: 'black-box',
      reason: expect.stringContaining('no gradient flows'),
    });
  });

  it('says of a quantised encoder that it is one, but not of one whose weights alone are', () => {
    const scale = (builder: GraphBuilder) => builder.constant(float32([0.1], []));
    const zero = (builder: GraphBuilder) => builder.constant({ dtype: 'uint8', shape: [], data: Uint8Array.of(128) });
    const quantised = encoderGraph((face) => {
      const { builder } = face;
      const rounded = builder.op('QuantizeLinear', [face, scale(builder), zero(builder)]);
      return builder.op('DequantizeLinear', [rounded, scale(builder), zero(builder)]);
    });
    expect(judgeEncoder({ graph: quantised })).toEqual({
      access: 'black-box',
      reason: expect.stringMatching(/quantised: its operator DequantizeLinear \(node "/),
    });
    const weightsAlone = encoderGraph((face) => {
      const { builder } = face;
      const weight = builder.constant({ dtype: 'int8', shape: [4], data: Int8Array.of(1, -2, 3, 4) });
      return mul(face, builder.op('DequantizeLinear', [weight, scale(builder)]));
    });
    expect(judgeEncoder({ graph: weightsAlone }).access).toBe('white-box');
  });
});
