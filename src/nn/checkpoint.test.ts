import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import { writeGraph } from '../graph/onnx-file.ts';
import { relu } from '../graph/ops/activation.ts';
import { float32, int64, scalar, type Tensor, type TypedTensor } from '../graph/tensor.ts';
import { ModelFileError } from '../util/errors.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { TrainingState } from './training.ts';

// What a careless format would change: NaN with a payload, minus nought, a denormal, infinities, int64 beyond a double, no elements.
const strange = new Float32Array(6);
new Uint32Array(strange.buffer).set([0x7fc12345, 0x80000000, 0x00000001, 0x7f800000, 0xff800000, 0x3f800001]);
const state: TrainingState = {
  step: 12_345,
  tensors: new Map<string, Tensor>([
    ['block1.weight', float32(strange, [2, 3])],
    ['mean/block1.weight', float32(Float32Array.from([1, 2, 3]).subarray(1), [2])],
    ['scalar', scalar(0.1)],
    ['empty', float32([], [0, 3])],
    ['average:odd name', { dtype: 'int64', shape: [1], data: BigInt64Array.of(2n ** 63n - 1n) }],
    ['count', int64([7], [])],
  ]),
  average: new Map<string, TypedTensor<'float32'>>([['block1.weight', float32([1e-38, -0], [2])]]),
};

/** A tensor as its type, shape and bytes. */
const bits = ({ dtype, shape, data }: Tensor) => [
  dtype,
  [...shape],
  [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
];
const allBits = (tensors: ReadonlyMap<string, Tensor>) => Array.from(tensors, ([name, tensor]) => [name, bits(tensor)]);

test('every bit comes back, names and order too', () => {
  const back = readCheckpoint(writeCheckpoint(state));
  expect(back.step).toBe(12_345);
  expect(allBits(back.tensors)).toEqual(allBits(state.tensors));
  expect(allBits(back.average)).toEqual(allBits(state.average));
});

test('what comes back is a copy: the file’s bytes may be reused', () => {
  const bytes = writeCheckpoint(state);
  const back = readCheckpoint(bytes);
  bytes.fill(0);
  expect(allBits(back.tensors)).toEqual(allBits(state.tensors));
});

describe('a file that is no whole checkpoint is a ModelFileError', () => {
  test('cut off at any byte', () => {
    const bytes = writeCheckpoint(state);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readCheckpoint(bytes.subarray(0, length)), `${length} of ${bytes.length} bytes`).toThrow(
        ModelFileError,
      );
    }
  });

  test.for([
    ['text', new TextEncoder().encode('{"step": 3}')],
    ['noughts', new Uint8Array(100)],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
  ] as const)('%s', ([, bytes]) => {
    expect(() => readCheckpoint(bytes)).toThrow(ModelFileError);
  });

  test('a model', () => {
    const builder = new GraphBuilder('model');
    builder.output('y', relu(builder.input('x', [2])));
    builder.describe({ step: '3' });
    expect(() => readCheckpoint(writeGraph(builder.build()))).toThrow(/no checkpoint/);
  });

  test('the checkpoint of another problem; what decided its weights may be a secret and is not shown', () => {
    const bytes = writeCheckpoint(state, { problem: 'inverter-3 of dlib, seed 1' });
    expect(readCheckpoint(bytes, { problem: 'inverter-3 of dlib, seed 1' }).step).toBe(12_345);
    expect(() => readCheckpoint(bytes, { problem: 'inverter-3 of dlib, seed 2' })).toThrow(
      /^(?!.*seed).*other options/,
    );
  });
});
