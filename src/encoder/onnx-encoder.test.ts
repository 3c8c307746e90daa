import { describe, expect, it } from 'vitest';
import { DATA_TYPE_CODES } from '../graph/data-types.ts';
import { type Graph, int, ints } from '../graph/graph.ts';
import { NodeList } from '../graph/node-list.ts';
import { type DataType, float32 } from '../graph/tensor.ts';
import type { Image } from '../image/image.ts';
import { createSession } from '../runtime/session.ts';
import { ShapeError } from '../util/errors.ts';
import type { InputConvention } from './input-convention.ts';
import { judgeEncoder } from './knowledge.ts';
import { encoderFromGraph } from './onnx-encoder.ts';

/** A "network" that gives its input as it gets it, element by element. */
function echo(shape: readonly (number | string)[]): Graph {
  const list = new NodeList();
  list.add('Flatten', 'y', ['x'], { axis: int(1) });
  const outputs = [{ name: 'y', dtype: 'float32' as const, shape: undefined }];
  return list.build({ name: 'echo', inputs: [{ name: 'x', dtype: 'float32', shape }], outputs });
}

/** 3 px wide, 2 px high, bytes 0, 10, 20, ... */
const face: Image = { widthPx: 3, heightPx: 2, data: Uint8Array.from({ length: 18 }, (_, i) => 10 * i) };
const view = { box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: 3, heightPx: 2 };

async function seen(
  convention: InputConvention,
  shape: readonly (number | string)[] = ['N', 3, 2, 3],
): Promise<number[]> {
  const encoder = await encoderFromGraph({ id: 'echo', hash: '', graph: echo(shape), view, ...convention });
  const [embedding] = await encoder.embed([face]);
  await encoder.close();
  return [...(embedding ?? [])];
}

/** What the network should see of channel k at pixel p. */
const byte = (k: number, p: number) => 10 * (3 * p + k);
const planes = (order: readonly number[]) => order.flatMap((k) => [0, 1, 2, 3, 4, 5].map((p) => byte(k, p)));
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 4));

describe('what the network sees', () => {
  it('is RGB 0..1 in planes unless told otherwise', async () => {
    expect(await seen({})).toEqual(close(planes([0, 1, 2]).map((value) => value / 255)));
  });

  it('follows the range', async () => {
    expect(await seen({ range: '0..255' })).toEqual(close(planes([0, 1, 2])));
    expect(await seen({ range: '-1..1' })).toEqual(close(planes([0, 1, 2]).map((value) => value / 127.5 - 1)));
  });

  it('takes mean and deviation of red, green and blue, also where the network wants blue first', async () => {
    const range = { mean: [0.1, 0.2, 0.3], deviation: [0.5, 0.25, 0.125] } as const;
    const expected = [2, 1, 0].flatMap((k) =>
      [0, 1, 2, 3, 4, 5].map((p) => (byte(k, p) / 255 - (range.mean[k] ?? 0)) / (range.deviation[k] ?? 1)),
    );
    expect(await seen({ channels: 'bgr', range })).toEqual(close(expected));
  });

  it('is interleaved for a network that wants it so', async () => {
    const expected = Array.from(face.data);
    expect(await seen({ layout: 'nhwc', range: '0..255' }, ['N', 2, 3, 3])).toEqual(close(expected));
  });

  it('is the face and its mirror image, of which the mean is taken', async () => {
    const expected = [0, 1, 2].flatMap((k) =>
      [0, 1].flatMap((y) => [0, 1, 2].map((x) => (byte(k, 3 * y + x) + byte(k, 3 * y + 2 - x)) / 2)),
    );
    expect(await seen({ flip: true, range: '0..255' })).toEqual(close(expected));
  });
});

describe('a network of another element type', () => {
  /** A network that casts its input to float32 and gives it back, and then what it gives cast to `to`. */
  const casting = (from: DataType, nodes: readonly string[], to: DataType = 'float32'): Graph => {
    const list = new NodeList();
    const moved = nodes.reduce((value, op, i) => list.add(op, `${op}_${i}`, [value]), 'x');
    list.add('Cast', 'real', [moved], { to: int(DATA_TYPE_CODES.float32) });
    list.add('Cast', 'given', ['real'], { to: int(DATA_TYPE_CODES[to]) });
    list.add('Flatten', 'y', ['given'], { axis: int(1) });
    return list.build({
      name: from,
      inputs: [{ name: 'x', dtype: from, shape: ['N', 3, 2, 3] }],
      outputs: [{ name: 'y', dtype: to, shape: ['N', 18] }],
    });
  };
  const open = (graph: Graph) => encoderFromGraph({ id: 'typed', hash: '', graph, view, range: '0..255' });

  it.each([
    ['uint8 at once cast', casting('uint8', []), 'white-box'],
    ['int32 moved before it is cast', casting('int32', ['Identity']), 'white-box'],
    ['uint8 that is computed with', casting('uint8', ['BitwiseNot', 'BitwiseNot']), 'black-box'],
    ['float16', casting('float16', ['Relu']), 'white-box'],
    ['float64, and an embedding in float16', casting('float64', [], 'float16'), 'white-box'],
  ] as const)('takes %s', async (_, graph, access) => {
    const encoder = await open({ ...graph, opset: 18 });
    const [embedding] = await encoder.embed([face]);
    // Bytes as they are: none is cut down to the one below.
    expect([...(embedding ?? [])]).toEqual(planes([0, 1, 2]));
    expect(judgeEncoder(encoder).access).toBe(access);
    await encoder.close();
  });

  it('has a graph in float32, for its gradient', async () => {
    const encoder = await open(casting('float16', ['Relu']));
    const types = encoder.graph.nodes.flatMap(({ attributes }) =>
      attributes.to?.type === 'int' ? [attributes.to.value] : [],
    );
    expect(types).not.toContain(DATA_TYPE_CODES.float16);
    await encoder.close();
  });

  it('is shown one channel where it takes one: the luma of BT.601', async () => {
    const expected = [0, 1, 2, 3, 4, 5].map((p) => 0.299 * byte(0, p) + 0.587 * byte(1, p) + 0.114 * byte(2, p));
    expect(await seen({ channels: 'gray', range: '0..255' }, ['N', 1, 2, 3])).toEqual(close(expected));
  });
});

describe('an encoder', () => {
  const faces = Array.from({ length: 70 }, (_, n) => ({ ...face, data: face.data.map((value) => (value + n) % 256) }));

  it('gives each face of many its own embedding, and counts them', async () => {
    const encoder = await encoderFromGraph({
      id: 'echo',
      hash: '',
      graph: echo(['N', 3, 2, 3]),
      view,
      range: '0..255',
    });
    const embeddings = await encoder.embed(faces);
    expect(embeddings.map((embedding) => Math.round(embedding[0] ?? -1))).toEqual(faces.map(({ data }) => data[0]));
    expect(encoder.queries).toBe(70);
    expect(encoder.embeddingSize).toBe(18);
    await encoder.close();
  });

  it('fills a batch that the network fixes', async () => {
    const encoder = await encoderFromGraph({ id: 'echo', hash: '', graph: echo([4, 3, 2, 3]), view, range: '0..255' });
    const embeddings = await encoder.embed(faces.slice(0, 6));
    expect(embeddings.map((embedding) => Math.round(embedding[0] ?? -1))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(encoder.queries).toBe(6);
    await encoder.close();
  });

  it('has a graph that gives what it gives', async () => {
    const encoder = await encoderFromGraph({
      id: 'echo',
      hash: '',
      graph: echo(['N', 3, 2, 3]),
      view,
      channels: 'bgr',
      range: '-1..1',
    });
    const session = await createSession(encoder.graph ?? echo([]));
    const rgb = float32(
      planes([0, 1, 2]).map((value) => value / 255),
      [1, 3, 2, 3],
    );
    const { embedding } = await session.run({ face: rgb });
    const [expected] = await encoder.embed([face]);
    expect([...(embedding?.data ?? [])]).toEqual([...(expected ?? [])]);
    await session.release();
    await encoder.close();
  });

  it('refuses faces of another size', async () => {
    const encoder = await encoderFromGraph({ id: 'echo', hash: '', graph: echo(['N', 3, 2, 3]), view });
    await expect(encoder.embed([{ widthPx: 1, heightPx: 1, data: new Uint8Array(3) }])).rejects.toThrow(ShapeError);
    await encoder.close();
  });

  it('keeps names apart where the network uses ours', async () => {
    const list = new NodeList();
    list.add('Relu', 'embedding', ['face']);
    list.add('ReduceMean', 'adapted/gain', ['embedding'], { axes: ints([2, 3]), keepdims: int(0) });
    const graph = list.build({
      name: 'awkward',
      inputs: [{ name: 'face', dtype: 'float32', shape: ['N', 3, 2, 3] }],
      outputs: [{ name: 'adapted/gain', dtype: 'float32', shape: ['N', 3] }],
    });
    const encoder = await encoderFromGraph({ id: 'awkward', hash: '', graph, view, range: '0..255' });
    const [embedding] = await encoder.embed([face]);
    expect([...(embedding ?? [])]).toEqual(close([75, 85, 95]));
    await encoder.close();
  });
});
