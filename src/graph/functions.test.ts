import { create, toBinary } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType as Kind, ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { createSession } from '../runtime/session.ts';
import { ModelFileError } from '../util/errors.ts';
import { readGraph } from './onnx-file.ts';
import { float32, toNumbers } from './tensor.ts';

const opsetImport = [
  { domain: '', version: 17n },
  { domain: 'own', version: 1n },
];
const tensorType = {
  value: {
    case: 'tensorType' as const,
    value: { elemType: 1, shape: { dim: [{ value: { case: 'dimValue' as const, value: 3n } }] } },
  },
};
const slope = (name: string, f: number) => ({ name, type: Kind.FLOAT, f });

/** Leak(x, factor; alpha) = factor LeakyRelu(x; alpha), and Twice(x, factor) = Leak(Leak(x, factor; 0.5), factor). */
const leak = {
  domain: 'own',
  name: 'Leak',
  opsetImport,
  input: ['x', 'factor'],
  output: ['y'],
  attribute: ['alpha'],
  node: [
    {
      opType: 'LeakyRelu',
      input: ['x'],
      output: ['t'],
      attribute: [{ name: 'alpha', refAttrName: 'alpha', type: Kind.FLOAT }],
    },
    { opType: 'Mul', input: ['t', 'factor'], output: ['y'] },
  ],
};
const twice = {
  domain: 'own',
  name: 'Twice',
  opsetImport,
  input: ['x', 'factor'],
  output: ['y'],
  node: [
    { opType: 'Leak', domain: 'own', input: ['x', 'factor'], output: ['t'], attribute: [slope('alpha', 0.5)] },
    { opType: 'Leak', domain: 'own', input: ['t', 'factor'], output: ['y'] },
  ],
};

function modelBytes(functions: readonly object[]): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport,
    functions: [...functions],
    graph: {
      name: 'calls',
      input: [{ name: 'x', type: tensorType }],
      output: [{ name: 'y', type: tensorType }],
      initializer: [{ name: 'three', dataType: 1, dims: [], floatData: [3] }],
      node: [
        { opType: 'Twice', domain: 'own', name: 'first', input: ['x', 'three'], output: ['t'] },
        { opType: 'Twice', domain: 'own', input: ['t', 'three'], output: ['y'] },
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

describe('functions of a model', () => {
  it('stand in place of their calls, and compute what ONNX Runtime makes of the calls', async () => {
    const bytes = modelBytes([leak, twice]);
    const graph = readGraph(bytes);
    expect(new Set(graph.nodes.map(({ op, domain }) => domain + op))).toEqual(new Set(['LeakyRelu', 'Mul']));
    const names = graph.nodes.flatMap(({ outputs }) => outputs);
    expect(new Set(names).size).toBe(8);
    const [ours = [], theirs = []] = await Promise.all(
      [graph, bytes].map(async (model) => {
        const session = await createSession(model, { threads: 1 });
        const { y } = await session.run({ x: float32([1, -1, 0.25], [3]) });
        await session.release();
        return y ? toNumbers(y) : [];
      }),
    );
    expect(ours).toEqual(theirs);
    // 3^4 upwards; a negative number meets the slopes 0.5, 0.01, 0.5, 0.01.
    expect(ours[0]).toBeCloseTo(81, 4);
    expect(ours[1]).toBeCloseTo(-81 * 0.5 * 0.01 * 0.5 * 0.01, 6);
  });

  it('may not call themselves', () => {
    const endless = { ...twice, node: [{ opType: 'Twice', domain: 'own', input: ['x', 'factor'], output: ['y'] }] };
    expect(() => readGraph(modelBytes([endless]))).toThrow(ModelFileError);
  });
});
