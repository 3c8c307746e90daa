import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import { openEncoder } from '../../src/encoder/open-encoder.ts';
import { DATA_TYPE_CODES } from '../../src/graph/data-types.ts';
import { differentiate } from '../../src/graph/differentiate.ts';
import { type Attributes, type Dimension, float, type Graph, int, ints, string } from '../../src/graph/graph.ts';
import { NodeList } from '../../src/graph/node-list.ts';
import { writeGraph } from '../../src/graph/onnx-file.ts';
import {
  type DataType,
  float32,
  int64,
  numberToHalf,
  type Shape,
  sizeOf,
  type Tensor,
} from '../../src/graph/tensor.ts';
import type { Image } from '../../src/image/image.ts';
import { toPlanar } from '../../src/image/tensor.ts';
import { createSession } from '../../src/runtime/session.ts';
import { Random } from '../../src/util/random.ts';
import { largestDifference } from '../fixtures/evaluate.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'faceward-foreign-'));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

const [WIDTH, HEIGHT, SIZE] = [12, 16, 8] as const;

/** A network as its maker wrote it: nodes of the operator set that it names, in whatever style. */
interface Foreign {
  readonly name: string;
  readonly opset: number;
  readonly input?: { readonly dtype?: DataType; readonly shape?: readonly Dimension[] };
  readonly output?: readonly Dimension[];
  readonly build: (network: Network) => string;
}

/** Adds nodes and weights; smooth everywhere, so that differences tell the gradient. */
class Network {
  readonly list = new NodeList();
  readonly #random: Random;
  readonly #dtype: DataType;
  #count = 0;

  constructor(name: string, dtype: DataType = 'float32') {
    this.#random = new Random(name);
    this.#dtype = dtype;
  }

  op(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.list.add(op, `${op}_${this.#count++}`, inputs, attributes);
  }

  constant(tensor: Tensor): string {
    return this.list.constant(`weight_${this.#count++}`, tensor);
  }

  weight(...shape: Shape): string {
    const values = this.#random.normals(sizeOf(shape)).map((value) => value / Math.sqrt(sizeOf(shape.slice(1))));
    if (this.#dtype !== 'float16') return this.constant(float32(values, shape));
    return this.constant({ dtype: 'float16', shape, data: Uint16Array.from(values, numberToHalf) });
  }

  indices(...values: readonly number[]): string {
    return this.constant(int64(values));
  }

  /** [N,3,16,12] -> [N,4,8,6]. */
  stem(image: string, channels = 3): string {
    const attributes = { strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) };
    return this.op('Sigmoid', [this.op('Conv', [image, this.weight(4, channels, 3, 3), this.weight(4)], attributes)]);
  }

  /** [N,4,8,6] -> [N,8]. */
  head(features: string): string {
    const pooled = this.op('AveragePool', [features], { kernel_shape: ints([4, 3]), strides: ints([4, 3]) });
    return this.op('Gemm', [this.op('Flatten', [pooled]), this.weight(SIZE, 16), this.weight(SIZE)], {
      transB: int(1),
    });
  }
}

const to = (dtype: DataType): Attributes => ({ to: int(DATA_TYPE_CODES[dtype]) });

const FOREIGN: readonly Foreign[] = [
  {
    name: 'bytes, channels last, normalised inside',
    opset: 13,
    input: { dtype: 'uint8', shape: ['N', HEIGHT, WIDTH, 3] },
    build: (n) => {
      const real = n.op('Cast', [n.op('Transpose', ['image'], { perm: ints([0, 3, 1, 2]) })], to('float32'));
      const centred = n.op('Sub', [real, n.constant(float32([127.5], []))]);
      return n.head(n.stem(n.op('Div', [centred, n.constant(float32([128], []))])));
    },
  },
  {
    name: 'unit length by ReduceL2, Clip, Expand, Div',
    opset: 11,
    build: (n) => {
      const embedding = n.head(n.stem('image'));
      const norm = n.op('ReduceL2', [embedding], { axes: ints([1]) });
      const bound = n.op('Clip', [norm, n.constant(float32([1e-12], []))]);
      return n.op('Div', [embedding, n.op('Expand', [bound, n.op('Shape', [embedding])])]);
    },
  },
  {
    name: 'attention by Einsum, one batch written into a shape',
    opset: 12,
    input: { shape: [1, 3, HEIGHT, WIDTH] },
    output: [1, SIZE],
    build: (n) => {
      const tokens = n.op('Reshape', [n.stem('image'), n.indices(1, 4, 48)]);
      const [query = '', key = ''] = [0, 1].map(() =>
        n.op('Einsum', [tokens, n.weight(4, 4)], { equation: string('bct,cd->btd') }),
      );
      const shares = n.op('Softmax', [n.op('Einsum', [query, key], { equation: string('bid,bjd->bij') })], {
        axis: int(2),
      });
      const mixed = n.op('Einsum', [shares, tokens], { equation: string('bij,bcj->bci') });
      return n.head(n.op('Reshape', [mixed, n.indices(1, 4, 8, 6)]));
    },
  },
  {
    name: 'halves inside',
    opset: 13,
    build: (n) => n.op('Cast', [n.head(n.stem(n.op('Cast', ['image'], to('float16'))))], to('float32')),
  },
  {
    name: 'weights rounded to bytes',
    opset: 13,
    build: (n) => {
      const bytes: Tensor = {
        dtype: 'int8',
        shape: [4, 4, 1, 1],
        data: Int8Array.from({ length: 16 }, (_, i) => 8 * i - 60),
      };
      const scales = n.constant(float32([0.01, 0.02, 0.03, 0.01], [4]));
      const weight = n.op('DequantizeLinear', [n.constant(bytes), scales], { axis: int(0) });
      return n.head(n.op('Tanh', [n.op('Conv', [n.stem('image'), weight])]));
    },
  },
  {
    name: 'grey, with local response normalisation and quadratic pooling',
    opset: 9,
    input: { shape: ['N', 1, HEIGHT, WIDTH] },
    build: (n) => {
      const normalised = n.op('LRN', [n.stem('image', 1)], { size: int(3), alpha: float(0.5) });
      return n.head(n.op('LpPool', [normalised], { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]), p: int(2) }));
    },
  },
  {
    name: 'newest forms',
    opset: 21,
    build: (n) => {
      const groups = n.op('GroupNormalization', [n.stem('image'), n.weight(4), n.weight(4)], { num_groups: int(2) });
      const embedding = n.head(n.op('Gelu', [groups]));
      return n.op('Div', [embedding, n.op('ReduceL2', [embedding, n.indices(1)])]);
    },
  },
  {
    name: 'oldest forms',
    opset: 7,
    build: (n) => {
      const features = n.op('Upsample', [n.stem('image')], {
        mode: string('nearest'),
        scales: { type: 'floats', value: [1, 1, 2, 2] },
      });
      return n.head(n.op('AveragePool', [features], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }));
    },
  },
  {
    name: 'batch squeezed away',
    opset: 13,
    input: { shape: [1, 3, HEIGHT, WIDTH] },
    output: [SIZE],
    build: (n) => n.op('Squeeze', [n.head(n.stem('image')), n.indices(0)]),
  },
];

describe.each(FOREIGN)('an encoder with $name', (foreign) => {
  const { input = {}, output = ['N', SIZE] } = foreign;
  const { dtype = 'float32', shape = ['N', 3, HEIGHT, WIDTH] } = input;
  const path = join(FOLDER, `${foreign.name.replaceAll(' ', '-')}.onnx`);
  const network = new Network(foreign.name, foreign.name.startsWith('halves') ? 'float16' : 'float32');
  const embedding = foreign.build(network);
  const graph: Graph = {
    ...network.list.build({
      name: foreign.name,
      inputs: [{ name: 'image', dtype, shape }],
      outputs: [{ name: embedding, dtype: 'float32', shape: output }],
    }),
    opset: foreign.opset,
  };
  writeFileSync(path, writeGraph(graph));
  const range = dtype === 'uint8' ? '0..255' : '-1..1';
  const random = new Random(`faces of ${foreign.name}`);
  const faces = [0, 1].map(
    (): Image => ({
      widthPx: WIDTH,
      heightPx: HEIGHT,
      data: Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, () => random.integer(256)),
    }),
  );
  const open = () => openEncoder(path, { cacheDir: FOLDER, threads: 1, input: { range } });

  test('gives what plain ONNX Runtime gives', async () => {
    const encoder = await open();
    const found = await encoder.embed(faces);
    await encoder.close();
    const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
    for (const [i, face] of faces.entries()) {
      const results = await session.run({ image: plainInput(face, dtype, shape) });
      const expected = results[embedding]?.data as Float32Array;
      const scale = Math.max(...expected.map(Math.abs));
      expect(largestDifference(found[i] ?? [], expected) / scale).toBeLessThan(1e-5);
    }
    await session.release();
  });

  test('has the gradient that central differences show', async () => {
    const encoder = await open();
    const { graph: whole } = encoder;
    await encoder.close();
    if (!whole) return expect.fail('it has no weights');
    const seed = random.normals(SIZE);
    const session = await createSession(differentiate(whole, { of: 'embedding', wrt: ['face'], seeded: true }), {
      threads: 1,
    });
    const run = async (values: Float32Array) => {
      const results = await session.run({
        face: float32(values, [1, 3, HEIGHT, WIDTH]),
        seed_embedding: float32(seed, [1, SIZE]),
      });
      return {
        embedding: results.embedding?.data as Float32Array,
        gradient: results.gradient_face?.data as Float32Array,
      };
    };
    const face = toPlanar(faces.slice(0, 1));
    const { gradient } = await run(face);
    for (let k = 0; k < 3; k++) {
      const direction = random.normals(face.length);
      const objective = async (step: number) =>
        dot((await run(face.map((value, i) => value + step * (direction[i] ?? 0)))).embedding, seed);
      const difference = ((await objective(0.01)) - (await objective(-0.01))) / 0.02;
      const slope = dot(gradient, direction);
      expect(Math.abs(slope - difference)).toBeLessThan(0.02 * Math.hypot(...gradient));
    }
    await session.release();
  });
});

/** What the network's maker would feed it, written out apart from the code under test. */
function plainInput({ data }: Image, dtype: DataType, shape: readonly Dimension[]): ort.Tensor {
  if (dtype === 'uint8') return new ort.Tensor('uint8', data, [1, HEIGHT, WIDTH, 3]);
  const channels = shape[1] === 1 ? 1 : 3;
  const plane = WIDTH * HEIGHT;
  const values = Float32Array.from({ length: channels * plane }, (_, i) => {
    const [channel, pixel] = [Math.floor(i / plane), i % plane];
    const [red = 0, green = 0, blue = 0] = data.subarray(3 * pixel, 3 * pixel + 3);
    const value = channels === 1 ? 0.299 * red + 0.587 * green + 0.114 * blue : (data[3 * pixel + channel] ?? 0);
    return value / 127.5 - 1;
  });
  return new ort.Tensor('float32', values, [1, channels, HEIGHT, WIDTH]);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
