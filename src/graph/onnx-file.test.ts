import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType as Kind, ModelProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { createSession } from '../runtime/session.ts';
import { FacewardError, ModelFileError, UnsupportedOpError } from '../util/errors.ts';
import { type Graph, ints, string } from './graph.ts';
import { type ExternalWeight, readGraph, writeGraph } from './onnx-file.ts';
import { float32, int64, type Tensor } from './tensor.ts';

const MODELS = SHARED_DATA ? join(SHARED_DATA, 'models') : '';
const FILES = SHARED_DATA
  ? readdirSync(MODELS, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.onnx'))
  : [];

const bytesOf = ({ data }: Tensor): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** y = x W, with an attribute of some kinds and a weight that is a view into a greater buffer. */
function smallGraph(): Graph {
  const weight = float32(new Float32Array([9, 1, 2, 3, 4, 5, 6, 9]).subarray(1, 7), [2, 3]);
  return {
    name: 'small',
    opset: 17,
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 3] }],
    nodes: [
      { op: 'MatMul', domain: '', name: 'product', inputs: ['x', 'W'], outputs: ['z'], attributes: {} },
      { op: 'Transpose', domain: '', name: 'same', inputs: ['z'], outputs: ['y'], attributes: { perm: ints([0, 1]) } },
    ],
    initializers: new Map([['W', weight]]),
    metadata: { licence: 'MIT', grüße: 'ü' },
  };
}

/** A model of one weight, in whatever encoding, that is also listed among the inputs. */
function modelOf(tensor: object, opset = 13n): Uint8Array {
  const type = { value: { case: 'tensorType' as const, value: { elemType: 1, shape: { dim: [] } } } };
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 3n,
      opsetImport: [{ domain: '', version: opset }],
      graph: { name: 'g', input: [{ name: 'w', type }], output: [], initializer: [{ name: 'w', ...tensor }] },
    }),
  );
}

describe('round trip', () => {
  it('keeps everything of a graph', () => {
    const graph = smallGraph();
    const again = readGraph(writeGraph(graph));
    expect(again).toEqual({ ...graph, initializers: expect.any(Map) });
    expect([...again.initializers]).toEqual([...graph.initializers]);
  });

  it('writes what ONNX Runtime runs, free batch included', async () => {
    const session = await createSession(smallGraph());
    const { y } = await session.run({ x: float32([1, 0, 0, 1, 1, 1], [3, 2]) });
    expect([...(y?.data ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 5, 7, 9]);
    expect(y?.shape).toEqual([3, 3]);
    await session.release();
  });

  it('declares the extensions that its nodes are from', () => {
    const graph = smallGraph();
    const node = { op: 'Gelu', domain: 'com.microsoft', name: 'g', inputs: ['x'], outputs: ['u'], attributes: {} };
    const again = readGraph(writeGraph({ ...graph, nodes: [...graph.nodes, node] }));
    expect(again.nodes.at(-1)).toEqual(node);
  });

  it('reads a file from the middle of a greater buffer', () => {
    const file = writeGraph(smallGraph());
    const within = Buffer.concat([Buffer.from('123'), file, Buffer.from('45')]).subarray(3, 3 + file.length);
    expect(readGraph(within).initializers.get('W')?.data).toEqual(new Float32Array([1, 2, 3, 4, 5, 6]));
  });

  it('copies weights out of memory that threads share', () => {
    const data = new Float32Array(new SharedArrayBuffer(8));
    data.set([7, 8]);
    const graph = { ...smallGraph(), initializers: new Map([['W', float32(data, [2])]]) };
    expect([...(readGraph(writeGraph(graph)).initializers.get('W')?.data ?? [])]).toEqual([7, 8]);
  });

  it.each(FILES)('keeps every bit of %s', (file) => {
    const first = readGraph(readFileSync(join(MODELS, file)));
    const again = readGraph(writeGraph(first));
    expect(first.nodes.length).toBeGreaterThan(10);
    expect([...again.initializers.keys()]).toEqual([...first.initializers.keys()]);
    for (const [name, tensor] of first.initializers) {
      const other = again.initializers.get(name);
      expect(other?.shape).toEqual(tensor.shape);
      expect(other && bytesOf(other).equals(bytesOf(tensor))).toBe(true);
    }
    expect({ ...again, initializers: 0 }).toEqual({ ...first, initializers: 0 });
  });
});

describe('encodings of a weight', () => {
  const raw = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  it.each([
    ['float_data', { dataType: 1, dims: [2n], floatData: [1.5, -2] }, new Float32Array([1.5, -2])],
    ['double_data', { dataType: 11, dims: [2n], doubleData: [0.1, -2] }, new Float64Array([0.1, -2])],
    ['int64_data', { dataType: 7, dims: [2n], int64Data: [-1n, 2n ** 62n] }, new BigInt64Array([-1n, 2n ** 62n])],
    ['int32_data', { dataType: 6, dims: [2n], int32Data: [-7, 8] }, new Int32Array([-7, 8])],
    ['int16 in int32_data', { dataType: 5, dims: [1n], int32Data: [-7] }, new Int16Array([-7])],
    ['int8 in int32_data', { dataType: 3, dims: [1n], int32Data: [-7] }, new Int8Array([-7])],
    ['uint8 in int32_data', { dataType: 2, dims: [1n], int32Data: [200] }, new Uint8Array([200])],
    ['bool in int32_data', { dataType: 9, dims: [2n], int32Data: [0, 1] }, new Uint8Array([0, 1])],
    ['float16 bits in int32_data', { dataType: 10, dims: [1n], int32Data: [0x3c00] }, new Uint16Array([0x3c00])],
    ['raw int64', { dataType: 7, dims: [1n], rawData: raw(new BigInt64Array([-3n])) }, new BigInt64Array([-3n])],
    ['raw float16', { dataType: 10, dims: [], rawData: raw(new Uint16Array([1])) }, new Uint16Array([1])],
    ['nothing', { dataType: 1, dims: [0n] }, new Float32Array()],
  ])('reads %s, and drops the weight from the inputs', (_, tensor, expected) => {
    const graph = readGraph(modelOf(tensor));
    expect(graph.initializers.get('w')?.data).toEqual(expected);
    expect(graph.inputs).toEqual([]);
  });

  it.each([
    ['too few numbers', { dataType: 1, dims: [3n], floatData: [1] }, /1 numbers for the shape \[3\]/],
    ['a byte too many', { dataType: 1, dims: [1n], rawData: new Uint8Array(5) }, /5 bytes/],
    ['negative extents', { dataType: 1, dims: [-1n, -1n], floatData: [1] }, /negative/],
    ['an enormous shape', { dataType: 1, dims: [2n ** 40n], floatData: [1] }, /1 numbers/],
    ['strings', { dataType: 8, dims: [1n], stringData: [new Uint8Array(1)] }, /element type 8/],
    [
      'another file',
      {
        dataType: 1,
        dims: [1n],
        dataLocation: TensorProto_DataLocation.EXTERNAL,
        externalData: [{ key: 'location', value: '/etc/passwd' }],
      },
      /another file/,
    ],
  ])('refuses %s', (_, tensor, message) => {
    expect(() => readGraph(modelOf(tensor))).toThrow(ModelFileError);
    expect(() => readGraph(modelOf(tensor))).toThrow(message);
  });
});

describe('files that are no usable model', () => {
  const file = writeGraph(smallGraph());
  it('refuses every truncation', () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => readGraph(file.subarray(0, length)), `${length} of ${file.length} bytes`).toThrow(ModelFileError);
    }
  });

  it.each([
    ['no bytes', new Uint8Array()],
    ['zeros', new Uint8Array(64)],
    ['text', new TextEncoder().encode('<!doctype html><html><body>Not found</body></html>')],
    ['a JPEG', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0x10, 0x4a, 0x46, 0x49, 0x46, 0, 1)],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d)],
    ['a zip archive', Uint8Array.of(0x50, 0x4b, 3, 4, 0x14, 0, 0, 0, 8, 0)],
    ['nested messages without end', new Uint8Array(100_000).fill(0x3b)],
  ])('refuses %s', (_, bytes) => {
    expect(() => readGraph(bytes)).toThrow(ModelFileError);
  });

  it('refuses a changed byte with a typed error, or reads it', () => {
    for (let at = 0; at < file.length; at++) {
      for (const value of [0, 0x7f, 0xff]) {
        try {
          readGraph(file.with(at, value));
        } catch (error) {
          expect(error, `byte ${at} = ${value}`).toBeInstanceOf(FacewardError);
        }
      }
    }
  });

  it.each([6n, 24n])('refuses operator set %s by its number', (opset) => {
    expect(() => readGraph(modelOf({ dataType: 1, dims: [], floatData: [1] }, opset))).toThrow(`operator set ${opset}`);
  });

  it('names the node with an attribute of an unknown kind', () => {
    const model = create(ModelProtoSchema, {
      opsetImport: [{ version: 17n }],
      graph: {
        node: [{ opType: 'Odd', name: 'strange', attribute: [{ name: 'several', type: Kind.GRAPHS, graphs: [{}] }] }],
      },
    });
    const read = (): Graph => readGraph(toBinary(ModelProtoSchema, model));
    expect(read).toThrow(UnsupportedOpError);
    expect(read).toThrow(/Odd .*strange.*several/);
  });
});

it('reads a dimension of -1 as one that is free', () => {
  const graph = smallGraph();
  const inputs = graph.inputs.map((info) => ({ ...info, shape: [-1, 2] }));
  expect(readGraph(writeGraph({ ...graph, inputs })).inputs[0]?.shape).toEqual(['x_0', 2]);
});

it('reads "to the end" as a number that is written again', () => {
  const model = create(ModelProtoSchema, {
    opsetImport: [{ version: 9n }],
    graph: { node: [{ opType: 'Slice', attribute: [{ name: 'ends', type: Kind.INTS, ints: [2n ** 63n - 1n] }] }] },
  });
  const [node] = readGraph(writeGraph(readGraph(toBinary(ModelProtoSchema, model)))).nodes;
  expect(node?.attributes.ends).toEqual(ints([Number.MAX_SAFE_INTEGER]));
});

it('keeps strings and int64 weights', () => {
  const graph = smallGraph();
  const node = { op: 'Odd', domain: 'x', name: 'odd', inputs: [''], outputs: ['o'], attributes: { mode: string('é') } };
  const written = writeGraph({ ...graph, nodes: [node], initializers: new Map([['i', int64([-5, 2 ** 53])]]) });
  const again = readGraph(written);
  expect(again.nodes).toEqual([node]);
  expect(again.initializers.get('i')?.data).toEqual(BigInt64Array.of(-5n, 2n ** 53n));
});

describe('a weight in another file', () => {
  const externally = (...entries: readonly [string, string][]): Uint8Array =>
    modelOf({
      dataType: 1,
      dims: [2n],
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: entries.map(([key, value]) => ({ key, value })),
    });

  it('is read from where the model says', () => {
    const asked: ExternalWeight[] = [];
    const readExternal = (weight: ExternalWeight): Uint8Array => {
      asked.push(weight);
      return bytesOf(float32([1.5, -2], [2]));
    };
    const graph = readGraph(externally(['location', 'a/b.bin'], ['offset', '4096'], ['length', '8']), { readExternal });
    expect(graph.initializers.get('w')).toEqual(float32([1.5, -2], [2]));
    readGraph(externally(['location', 'b.bin']), { readExternal });
    expect(asked).toEqual([
      { name: 'w', location: 'a/b.bin', offsetBytes: 4096, lengthBytes: 8 },
      { name: 'w', location: 'b.bin', offsetBytes: 0, lengthBytes: 8 },
    ]);
  });

  it.each([
    ['a length that is not its shape’s', ['length', '12']],
    ['a negative place', ['offset', '-8']],
    ['a place that is no number', ['offset', 'x']],
  ] as const)('is refused with %s', (_, entry) => {
    const readExternal = (): Uint8Array => new Uint8Array(8);
    expect(() => readGraph(externally(['location', 'b.bin'], [...entry]), { readExternal })).toThrow(ModelFileError);
  });
});
