import { describe, expect, it } from 'vitest';
import { createSession } from '../runtime/session.ts';
import { ModelFileError, UnsupportedOpError } from '../util/errors.ts';
import { float32, type Tensor } from './tensor.ts';
import { translateTfjs } from './tfjs.ts';
import { parseTfjsModel, readTfjsWeights } from './tfjs-format.ts';

/** A model of one image [1,height,width,channels] and the given nodes. */
function modelOf(shape: readonly number[], nodes: readonly object[]) {
  const placeholder = {
    name: 'x',
    op: 'Placeholder',
    attr: { shape: { shape: { dim: shape.map((size) => ({ size: String(size) })) } } },
  };
  return parseTfjsModel({ modelTopology: { node: [placeholder, ...nodes] }, weightsManifest: [] });
}

const constant = (name: string) => ({ name, op: 'Const' });
const ints = (...values: number[]) => ({ list: { i: values.map(String) } });
const text = (value: string) => ({ s: btoa(value) });

async function run(
  model: ReturnType<typeof modelOf>,
  weights: Record<string, Tensor>,
  image: readonly number[],
  shape: readonly number[],
): Promise<number[]> {
  const graph = translateTfjs({ name: 'test', model, weights: new Map(Object.entries(weights)) });
  const session = await createSession(graph);
  const results = await session.run({ input: float32(image, shape) });
  await session.release();
  const [output] = Object.values(results);
  return Array.from(output?.data ?? [], Number);
}

describe('translateTfjs', () => {
  it('pads SAME as TensorFlow does: the odd pixel after', async () => {
    // A 2x2 filter with stride 1 on a 3x3 image: TensorFlow pads nothing before, one after.
    const model = modelOf(
      [1, 3, 3, 1],
      [
        constant('w'),
        {
          name: 'y',
          op: 'Conv2D',
          input: ['x', 'w'],
          attr: {
            strides: ints(1, 1, 1, 1),
            dilations: ints(1, 1, 1, 1),
            padding: text('SAME'),
            data_format: text('NHWC'),
          },
        },
      ],
    );
    const weights = { w: float32([1, 10, 100, 1000], [2, 2, 1, 1]) };
    const y = await run(model, weights, [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]);
    expect(y).toEqual([5421, 6532, 603, 8754, 9865, 906, 87, 98, 9]);
  });

  it('flattens in TensorFlow’s order, and leaves out the transpose where it would change nothing', async () => {
    const reshape = { name: 'y', op: 'Reshape', input: ['x', 's'] };
    const shape: Tensor = { dtype: 'int32', shape: [2], data: Int32Array.of(-1, 8) };
    const square = modelOf([1, 2, 2, 2], [constant('s'), reshape]);
    // Channels 0: 1 2 3 4; channel 1: 5 6 7 8. TensorFlow holds the channels of a pixel together.
    expect(await run(square, { s: shape }, [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2])).toEqual([1, 5, 2, 6, 3, 7, 4, 8]);
    const column = modelOf([1, 1, 1, 8], [constant('s'), reshape]);
    const graph = translateTfjs({ name: 'test', model: column, weights: new Map([['s', shape]]) });
    expect(graph.nodes.map(({ op }) => op)).not.toContain('Transpose');
  });

  it('takes a batch although the model fixes it to one', async () => {
    const shape: Tensor = { dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) };
    const model = modelOf([1, 1, 1, 2], [constant('s'), { name: 'y', op: 'Reshape', input: ['x', 's'] }]);
    expect(await run(model, { s: shape }, [1, 2, 3, 4], [2, 2, 1, 1])).toEqual([1, 2, 3, 4]);
  });

  it('makes one node of ranges in a row', async () => {
    const model = modelOf(
      [1, 1, 4, 1],
      [
        constant('six'),
        constant('nought'),
        { name: 'r', op: 'Relu', input: ['x'] },
        { name: 'm', op: 'Minimum', input: ['r', 'six'] },
        { name: 'y', op: 'Maximum', input: ['m', 'nought'] },
      ],
    );
    const weights = { six: float32([6], []), nought: float32([0], []) };
    const graph = translateTfjs({ name: 'test', model, weights: new Map(Object.entries(weights)) });
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Clip', 'Transpose', 'Identity']);
    expect(await run(model, weights, [-2, 3, 7, 6], [1, 1, 1, 4])).toEqual([0, 3, 6, 6]);
  });

  it('names an operator that it does not know', () => {
    const model = modelOf([1, 1, 1, 1], [{ name: 'y', op: 'FancyNewOp', input: ['x'] }]);
    const translate = () => translateTfjs({ name: 'test', model, weights: new Map() });
    expect(translate).toThrow(UnsupportedOpError);
    expect(translate).toThrow(/FancyNewOp.*"y"/);
  });
});

describe('readTfjsWeights', () => {
  const manifest = (quantization: object, bytes: number) => [
    {
      paths: ['w.bin'],
      weights: [{ name: 'w', shape: [bytes], dtype: 'float32' as const, quantization: quantization as never }],
    },
  ];

  it('undoes 8-bit quantisation', () => {
    const weights = readTfjsWeights(manifest({ dtype: 'uint8', scale: 0.5, min: -1 }, 3), Uint8Array.of(0, 2, 255));
    expect([...(weights.get('w')?.data ?? [])]).toEqual([-1, 0, 126.5]);
  });

  it('reads half floats', () => {
    // 1, -2 and 2^-24, the smallest subnormal.
    const bytes = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001).buffer);
    const weights = readTfjsWeights(manifest({ dtype: 'float16', scale: 1, min: 0 }, 3), bytes);
    expect([...(weights.get('w')?.data ?? [])]).toEqual([1, -2, 2 ** -24]);
  });

  it('refuses files that are too short or too long', () => {
    const quantization = { dtype: 'uint8', scale: 1, min: 0 };
    expect(() => readTfjsWeights(manifest(quantization, 3), Uint8Array.of(1, 2))).toThrow(ModelFileError);
    expect(() => readTfjsWeights(manifest(quantization, 3), Uint8Array.of(1, 2, 3, 4))).toThrow(/left over/);
  });
});
