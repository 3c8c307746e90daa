import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { node } from '../../test/fixtures/graph-node.ts';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { createSession, type Tensors } from '../runtime/session.ts';
import { Random } from '../util/random.ts';
import { type CompileOptions, compile } from './compile.ts';
import type { Graph } from './graph.ts';
import { readGraph } from './onnx-file.ts';
import { float32, int64, type Shape, sizeOf, type Tensor, toNumbers } from './tensor.ts';

/** How each model is compiled, and the shape it is run at. */
const MODELS: readonly (readonly [file: string, shape: Shape, options: CompileOptions])[] = [
  ['encoders/mobilefacenet-foamliu/MobileFaceNet.onnx', [1, 3, 112, 112], {}],
  ['encoders/mobilefacenet-foamliu/MobileFaceNet.dynbatch.onnx', [3, 3, 112, 112], { batch: 3 }],
  ['encoders/mobileface-id-v2/mobileface_id_v2.onnx', [2, 3, 112, 112], { batch: 2 }],
  ['detectors/yunet/yunet_n_320_320.onnx', [1, 3, 320, 320], {}],
  ['detectors/yunet/yunet_s_640_640.onnx', [1, 3, 640, 640], {}],
  ['detectors/yunet/yunet_n_dynamic.onnx', [2, 3, 96, 160], { shapes: { input: [2, 3, 96, 160] } }],
  ['detectors/ultraface-rfb-320/version-RFB-320.onnx', [1, 3, 240, 320], {}],
  ['attributes-landmarks/faceapi/faceapi_age_gender.onnx', [2, 3, 112, 112], { batch: 2 }],
  ['attributes-landmarks/faceapi/faceapi_expression.onnx', [2, 3, 112, 112], { batch: 2 }],
  ['attributes-landmarks/faceapi/faceapi_landmark68.onnx', [2, 3, 112, 112], { batch: 2 }],
  ['antispoof/minifasnet/2.7_80x80_MiniFASNetV2.onnx', [1, 3, 80, 80], {}],
  ['antispoof/minifasnet/4_0_0_80x80_MiniFASNetV1SE.onnx', [2, 3, 80, 80], { batch: 2 }],
];

async function run(model: Graph | Uint8Array, feeds: Tensors): Promise<Record<string, Tensor>> {
  const session = await createSession(model);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

describe.skipIf(!SHARED_DATA)('models of others', () => {
  it.each(MODELS)('%s at %j computes what ONNX Runtime computes of the file', async (file, shape, options) => {
    const bytes = readFileSync(join(SHARED_DATA ?? '', 'models', file));
    const graph = readGraph(bytes);
    const compiled = compile(graph, options);
    const random = new Random(3);
    const name = graph.inputs[0]?.name ?? '';
    const feeds = {
      [name]: float32(
        Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1),
        shape,
      ),
    };

    const [expected, found] = [await run(bytes, feeds), await run(compiled, feeds)];

    expect(compiled.opset).toBe(17);
    expect(compiled.inputs).toEqual([{ name, dtype: 'float32', shape }]);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const { name: output, shape: inferred } of compiled.outputs) {
      const [a, b] = [expected[output] as Tensor, found[output] as Tensor];
      expect(inferred).toEqual(a.shape);
      const size = Math.max(1, ...toNumbers(a).map(Math.abs));
      const numbers = toNumbers(a);
      const error = Math.max(...toNumbers(b).map((value, i) => Math.abs(value - (numbers[i] ?? Number.NaN))));
      expect(error / size).toBeLessThan(1e-5);
    }
  });
});

/** y = relu(reshape(x, [batch of x, -1])), the batch read from x as exporters write it. */
const graph: Graph = {
  name: 'small',
  opset: 13,
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2, 3] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
  nodes: [
    node('Shape', ['x'], 'shape'),
    node('Gather', ['shape', 'zero'], 'batch'),
    node('Concat', ['batch', 'rest'], 'wanted', { axis: { type: 'int', value: 0 } }),
    node('Reshape', ['x', 'wanted'], 'flat'),
    node('Relu', ['flat'], 'y'),
    node('Exp', ['flat'], 'unused'),
  ],
  initializers: new Map([
    ['zero', int64([0])],
    ['rest', int64([-1])],
  ]),
  metadata: { made: 'here' },
};

describe('compile', () => {
  it('folds shape arithmetic, drops what no output needs, keeps names and metadata', () => {
    const compiled = compile(graph, { batch: 4 });
    expect(compiled.nodes.map(({ op }) => op)).toEqual(['Reshape', 'Relu']);
    expect(compiled.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: [4, 6] }]);
    expect(compiled.metadata).toEqual({ made: 'here' });
  });

  it('shares the weights', () => {
    const weight = float32([1, 2, 3, 4, 5, 6], [6]);
    const nodes = [...graph.nodes.slice(0, 4), node('Mul', ['flat', 'w'], 'y')];
    const compiled = compile({ ...graph, nodes, initializers: new Map([...graph.initializers, ['w', weight]]) });
    expect([...compiled.initializers.values()]).toContain(weight);
  });

  it('refuses a shape for an input that is not there', () => {
    expect(() => compile(graph, { shapes: { z: [1] } })).toThrow(/no input "z"/);
  });

  it('names node, operator and shapes where they do not fit', () => {
    const nodes = [...graph.nodes.slice(0, 4), node('Mul', ['flat', 'w'], 'y')];
    const initializers = new Map([...graph.initializers, ['w', float32([1, 2, 3, 4, 5], [5])]]);
    expect(() => compile({ ...graph, nodes, initializers }, { batch: 2 })).toThrow(
      expect.objectContaining({
        code: 'shape',
        message: expect.stringMatching(/Mul \(node "y", inputs \[2,6\] \[5\]\)/),
      }),
    );
  });

  it('asks for the shape that the file leaves open', () => {
    const open = { ...graph, inputs: [{ name: 'x', dtype: 'float32' as const, shape: ['N', 'height', 3] }] };
    expect(() => compile(open)).toThrow(/dimension 1 of input "x" is free/);
  });
});
