import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { afterAll, describe, expect, it } from 'vitest';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { GraphBuilder, type Value } from '../graph/builder.ts';
import { type Graph, int, ints, withFreeBatch } from '../graph/graph.ts';
import { writeGraph } from '../graph/onnx-file.ts';
import { float32, int64 } from '../graph/tensor.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { createSession } from '../runtime/session.ts';
import { InputError, ModelFileError } from '../util/errors.ts';
import { openOnnxFile } from './onnx-file-encoder.ts';

const folder = mkdtempSync(join(tmpdir(), 'onnx-file-encoder-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of a network that gives the mean of each of its input's channels, as they come. */
function writeNetwork(
  name: string,
  options: { shape?: readonly number[]; body?: (image: Value) => Value } = {},
): string {
  const builder = new GraphBuilder(name);
  const shape = options.shape ?? [1, 3, 8, 8];
  const image = builder.input('image', shape);
  const axes = shape[1] === 3 ? [2, 3] : [1, 2];
  builder.output('mean', options.body?.(image) ?? image.builder.op('ReduceMean', [image], { axes: ints(axes) }));
  return write(name, builder.build());
}

function write(name: string, graph: Graph): string {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, writeGraph(graph));
  return path;
}

/** The mean of each channel times a weight that lies in another file, its second number. */
function externalModel(location: string): Uint8Array {
  const shape = (...extents: number[]) => ({
    dim: extents.map((extent) => ({ value: { case: 'dimValue' as const, value: BigInt(extent) } })),
  });
  const tensor = (...extents: number[]) => ({
    value: { case: 'tensorType' as const, value: { elemType: 1, shape: shape(...extents) } },
  });
  const externalData = [
    { key: 'location', value: location },
    { key: 'offset', value: '4' },
    { key: 'length', value: '4' },
  ];
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ version: 13n }],
    graph: {
      name: 'external',
      input: [{ name: 'image', type: tensor(1, 3, 8, 8) }],
      output: [{ name: 'y', type: tensor(1, 3, 1, 1) }],
      initializer: [
        { name: 'w', dataType: 1, dims: [], dataLocation: TensorProto_DataLocation.EXTERNAL, externalData },
      ],
      node: [
        { opType: 'GlobalAveragePool', input: ['image'], output: ['mean'] },
        { opType: 'Mul', input: ['mean', 'w'], output: ['y'] },
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

const plain = (red: number, green: number, blue: number, widthPx = 8, heightPx = 8): Image => ({
  widthPx,
  heightPx,
  data: Uint8Array.from({ length: 3 * widthPx * heightPx }, (_, i) => [red, green, blue][i % 3] ?? 0),
});

async function embedPlain(path: string, options: Parameters<typeof openOnnxFile>[1] = {}): Promise<number[]> {
  const { encoder } = await openOnnxFile(path, options);
  const [embedding = []] = await encoder.embed([plain(255, 51, 0, encoder.view.widthPx, encoder.view.heightPx)]);
  await encoder.close();
  return [...embedding].map((value) => Number(value.toFixed(4)));
}

describe('openOnnxFile', () => {
  it('assumes -1..1, RGB and the whole template, and says so', async () => {
    const path = writeNetwork('bare');
    expect(await embedPlain(path)).toEqual([1, -0.6, -1]);
    const { encoder, notes } = await openOnnxFile(path);
    expect(encoder.view).toEqual({ box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: 8, heightPx: 8 });
    expect(notes.join('\n')).toMatch(/-1\.\.1[\s\S]*RGB[\s\S]*template/);
  });

  it('believes a model that says its range itself', async () => {
    const builder = new GraphBuilder('says-range');
    const image = builder.input('image', [1, 3, 8, 8]);
    builder.output('mean', builder.op('ReduceMean', [image], { axes: ints([2, 3]) }));
    builder.describe({ range: '0..1' });
    const { encoder, notes } = await openOnnxFile(write('says-range', builder.build()));
    const [embedding] = await encoder.embed([{ widthPx: 8, heightPx: 8, data: new Uint8Array(192).fill(51) }]);
    expect(embedding?.[0]).toBeCloseTo(0.2, 5);
    expect(notes.join()).toContain('0..1: the model says so');
    await encoder.close();
  });

  it('finds channels-last from where the 3 is', async () => {
    expect(await embedPlain(writeNetwork('nhwc', { shape: [1, 8, 10, 3] }))).toEqual([1, -0.6, -1]);
    const { encoder } = await openOnnxFile(join(folder, 'nhwc.onnx'));
    expect(encoder.view).toMatchObject({ widthPx: 10, heightPx: 8 });
  });

  it('takes the JSON beside the file, and options before it', async () => {
    const path = writeNetwork('described');
    writeFileSync(
      join(folder, 'described.json'),
      JSON.stringify({
        channels: 'bgr',
        range: { mean: [0.5, 0.2, 0], std: [0.5, 0.1, 0.25] },
        alignment: { template: 'arcface112', box: [-8, -8, 128, 128] },
      }),
    );
    expect(await embedPlain(path)).toEqual([0, 0, 1]);
    expect(await embedPlain(path, { convention: { range: '0..255' } })).toEqual([0, 51, 255]);
    const { encoder, notes } = await openOnnxFile(path);
    expect(encoder.view.box).toEqual({ x: -8, y: -8, width: 128, height: 128 });
    expect(notes).toEqual([]);
  });

  it('hashes the bytes and the convention', async () => {
    const path = writeNetwork('hashed');
    const hashes = [];
    for (const convention of [{}, {}, { channels: 'bgr' as const }, { box: { x: 1, y: 0, width: 112, height: 112 } }]) {
      hashes.push((await openOnnxFile(path, { convention })).encoder.hash);
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(new Set(hashes).size).toBe(3);
  });

  it('frees a fixed batch where that is sound, and keeps it where not', async () => {
    const reshaped = writeNetwork('reshaped', {
      body: (image) => {
        const mean = image.builder.op('ReduceMean', [image], { axes: ints([2, 3]) });
        return image.builder.op('Reshape', [mean, image.builder.constant(int64([1, -1]))]);
      },
    });
    const free = await openOnnxFile(reshaped);
    expect(free.encoder.graph?.inputs[0]?.shape?.[0]).toBe('N');
    // The mean over the batch too: right for one picture at a time alone.
    const mixing = writeNetwork('mixing', {
      body: (image) => {
        const mean = image.builder.op('ReduceMean', [image], { axes: ints([0, 2, 3]) });
        return image.builder.op('Add', [image.builder.op('ReduceMean', [image], { axes: ints([2, 3]) }), mean]);
      },
    });
    const fixed = await openOnnxFile(mixing, { convention: { range: '0..1' } });
    expect(fixed.encoder.graph?.inputs[0]?.shape?.[0]).toBe(1);
    expect(fixed.notes.join()).toContain('fixed batch');
    const embeddings = await fixed.encoder.embed([plain(255, 0, 0), plain(0, 255, 0)]);
    expect(embeddings).toEqual([Float32Array.of(2, 0, 0), Float32Array.of(0, 2, 0)]);
  });

  it('sees through a batch that is free on paper only', async () => {
    const builder = new GraphBuilder('paper');
    const mean = builder.op('ReduceMean', [builder.input('image', [1, 3, 8, 8])], { axes: ints([2, 3]) });
    builder.output('mean', builder.op('Reshape', [mean, builder.constant(int64([1, 3]))]));
    const graph = builder.build();
    const inputs = graph.inputs.map((info) => ({ ...info, shape: ['N', 3, 8, 8] }));
    const { encoder } = await openOnnxFile(write('paper', { ...graph, inputs }), { convention: { range: '0..1' } });
    const embeddings = await encoder.embed([plain(255, 0, 0), plain(0, 255, 0)]);
    expect(embeddings).toEqual([Float32Array.of(1, 0, 0), Float32Array.of(0, 1, 0)]);
  });

  it('gives each face what it has alone, though the network looks at the whole batch', async () => {
    const whole = new GraphBuilder('whole');
    const image = whole.input('image', [1, 3, 8, 8]);
    // Like a dynamic quantisation, whose scale is that of all faces.
    const greatest = whole.op('ReduceMax', [image], { axes: ints([0, 1, 2, 3]) });
    const share = whole.op('Div', [image, greatest]);
    whole.output('mean', whole.op('ReduceMean', [share], { axes: ints([2, 3]), keepdims: int(0) }));
    const path = write('whole', withFreeBatch(whole.build()));
    const { encoder, notes } = await openOnnxFile(path, { convention: { range: '0..1' } });
    expect(notes.join()).toContain('others in its batch');
    expect(encoder.queries).toBe(0);
    const [bright, dark] = await encoder.embed([plain(255, 51, 0), plain(51, 51, 51)]);
    expect([...(bright ?? [])]).toEqual([1, expect.closeTo(0.2, 6), 0]);
    expect([...(dark ?? [])]).toEqual([1, 1, 1]);
    await encoder.close();
  });

  it('takes an embedding whose batch was squeezed away', async () => {
    const path = writeNetwork('squeezed', {
      body: (image) => image.builder.op('ReduceMean', [image], { axes: ints([0, 2, 3]), keepdims: int(0) }),
    });
    const { encoder } = await openOnnxFile(path, { convention: { range: '0..1' } });
    expect(encoder.embeddingSize).toBe(3);
    expect(await encoder.embed([plain(255, 0, 0), plain(0, 255, 0)])).toEqual([
      Float32Array.of(1, 0, 0),
      Float32Array.of(0, 1, 0),
    ]);
    await encoder.close();
  });

  it('makes the face grey for a network of one channel, and says so', async () => {
    const path = writeNetwork('grey', {
      shape: [1, 1, 8, 8],
      body: (image) => image.builder.op('ReduceMean', [image], { axes: ints([2, 3]) }),
    });
    const { encoder, notes } = await openOnnxFile(path, { convention: { range: '0..255' } });
    const [embedding] = await encoder.embed([plain(255, 0, 0)]);
    expect([...(embedding ?? [])]).toEqual([expect.closeTo(0.299 * 255, 3)]);
    expect(notes.join()).toContain('grey');
    await encoder.close();
  });

  it('reads weights from a file beside the model, and hashes them', async () => {
    const hashes = new Set<string>();
    for (const scale of [2, 3]) {
      const path = join(folder, 'beside.onnx');
      writeFileSync(path, externalModel('weights/beside.bin'));
      mkdirSync(join(folder, 'weights'), { recursive: true });
      writeFileSync(join(folder, 'weights/beside.bin'), Buffer.from(Float32Array.of(0, scale).buffer));
      expect(await embedPlain(path, { convention: { range: '0..1' } })).toEqual([scale, scale / 5, 0]);
      hashes.add((await openOnnxFile(path)).encoder.hash);
    }
    expect(hashes.size).toBe(2);
  });

  it.each([
    ['../outside.bin', ModelFileError],
    ['/etc/hostname', ModelFileError],
    ['nowhere.bin', InputError],
    ['short.bin', InputError],
  ])('refuses weights in %s', async (location, kind) => {
    writeFileSync(join(folder, 'short.bin'), new Uint8Array(6));
    writeFileSync(join(folder, 'elsewhere.onnx'), externalModel(location));
    await expect(openOnnxFile(join(folder, 'elsewhere.onnx'))).rejects.toThrow(kind);
  });

  it('refuses a network that wants more than a face', async () => {
    const builder = new GraphBuilder('more');
    const image = builder.input('image', [1, 3, 8, 8]);
    builder.output('y', builder.op('Mul', [image, builder.input('temperature', [1])]));
    await expect(openOnnxFile(write('more', builder.build()))).rejects.toThrow(/temperature/);
  });

  it.each<[string, () => string, object, RegExp]>([
    ['a missing file', () => join(folder, 'nowhere.onnx'), {}, /cannot be read/],
    [
      'colours for one channel',
      () => writeNetwork('d', { shape: [1, 1, 8, 8] }),
      { channels: 'bgr' },
      /bgr.*\[1,1,8,8\]/,
    ],
    ['a size that is not the graph’s', () => writeNetwork('a'), { widthPx: 9 }, /9 px.*\[1,3,8,8\]/],
    ['an output that is not there', () => writeNetwork('b'), { output: 'x' }, /no output "x"/],
    ['a network of no picture', () => writeNetwork('c', { shape: [1, 4, 8, 8] }), {}, /three channels/],
  ])('refuses %s', async (_name, path, convention, message) => {
    await expect(openOnnxFile(path(), { convention })).rejects.toThrow(message);
  });
});

interface Known {
  readonly file: string;
  readonly range: '-1..1' | '0..255';
  readonly genuine: readonly [number, number];
}

const KNOWN: readonly Known[] = [
  { file: 'mobilefacenet-foamliu/MobileFaceNet.onnx', range: '-1..1', genuine: [0.6, 0.7] },
  { file: 'mobilefacenet-foamliu/MobileFaceNet.dynbatch.onnx', range: '-1..1', genuine: [0.6, 0.7] },
  { file: 'mobileface-id-v2/mobileface_id_v2.onnx', range: '0..255', genuine: [0.58, 0.69] },
];

describe.skipIf(!SHARED_DATA).each(KNOWN)('openOnnxFile on $file, without options', ({ file, range, genuine }) => {
  const path = join(SHARED_DATA ?? '', 'models/encoders', file);

  it('equals plain ONNX Runtime, whatever the batch', async () => {
    const faces = (await lfwPairs(3)).flat();
    const { encoder } = await openOnnxFile(path);
    const together = await encoder.embed(faces);
    const plainly = await createSession(new Uint8Array(readFileSync(path)));
    for (const [i, face] of faces.entries()) {
      const input = float32(preparedPlane(face, range), [1, 3, 112, 112]);
      const results = await plainly.run({ [plainly.inputNames[0] ?? '']: input });
      const expected = results[plainly.outputNames[0] ?? '']?.data as Float32Array;
      expect(largestDifference(together[i] ?? [], expected)).toBeLessThan(1e-5);
      const [alone = []] = await encoder.embed([face]);
      expect(largestDifference(alone, together[i] ?? [])).toBeLessThan(1e-5);
    }
    expect(encoder.graph?.inputs[0]?.shape?.[0]).toBe('N');
    await plainly.release();
    await encoder.close();
  });

  it('tells people of LFW apart as well as its makers say', async () => {
    const pairs = await lfwPairs(50);
    const { encoder } = await openOnnxFile(path);
    const embeddings = await encoder.embed(pairs.flat());
    await encoder.close();
    const mean = (other: (i: number) => number) =>
      pairs.reduce((sum, _, i) => sum + cosine(embeddings[2 * i] ?? [], embeddings[other(i)] ?? []), 0) / pairs.length;
    expect(mean((i) => 2 * i + 1)).toBeGreaterThan(genuine[0]);
    expect(mean((i) => 2 * i + 1)).toBeLessThan(genuine[1]);
    expect(Math.abs(mean((i) => (2 * i + 3) % (2 * pairs.length)))).toBeLessThan(0.06);
  });
});

/** Genuine pairs, spread over the first fold of LFW's pairs.txt. */
async function lfwPairs(count: number): Promise<[Image, Image][]> {
  const lines = readFileSync(join(SHARED_DATA ?? '', 'lfw-labels/pairs.txt'), 'utf8')
    .split('\n')
    .slice(1, 301);
  const pairs: [Image, Image][] = [];
  for (let i = 0; i < count; i++) {
    const [person = '', first = '', second = ''] = (lines[Math.floor((i * lines.length) / count)] ?? '').split('\t');
    pairs.push([await lfwFace(person, first), await lfwFace(person, second)]);
  }
  return pairs;
}

async function lfwFace(person: string, number: string): Promise<Image> {
  const name = `${person}_${number.padStart(4, '0')}.jpg`;
  const path = join(SHARED_DATA ?? '', 'lfw-aligned112/images', person, name);
  return (await decodeImage(new Uint8Array(readFileSync(path)), { name })).image;
}

/** Written out apart from the code under test. */
function preparedPlane({ data }: Image, range: Known['range']): Float32Array {
  const plane = 112 * 112;
  return Float32Array.from({ length: 3 * plane }, (_, i) => {
    const byte = data[3 * (i % plane) + Math.floor(i / plane)] ?? 0;
    return range === '0..255' ? byte : (byte - 127.5) / 127.5;
  });
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(b).reduce((most, value, i) => Math.max(most, Math.abs(value - (a[i] ?? Number.NaN))), a.length - b.length);

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const dot = (u: ArrayLike<number>, v: ArrayLike<number>) =>
    Array.from(u).reduce((sum, value, i) => sum + value * (v[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
