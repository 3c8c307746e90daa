import { describe, expect, test } from 'vitest';
import { largestDifference } from '../../test/fixtures/evaluate.ts';
import { createSession } from '../runtime/session.ts';
import { Random } from '../util/random.ts';
import { GraphBuilder } from './builder.ts';
import type { Graph } from './graph.ts';
import { readGraph, writeGraph } from './onnx-file.ts';
import { add } from './ops/arithmetic.ts';
import { matMul } from './ops/matrix.ts';
import { dequantiseWeights, quantiseWeights } from './quantisation.ts';
import { float32, type Tensor, toNumbers } from './tensor.ts';

const [ROWS, COLUMNS] = [64, 80];

/** y = x W + b, where W's columns (or rows) are of very different size. */
function model(along: 'rows' | 'columns'): Graph {
  const values = new Random(1).normals(ROWS * COLUMNS);
  values.forEach((value, i) => {
    values[i] = value * 10 ** -((along === 'rows' ? Math.floor(i / COLUMNS) : i % COLUMNS) % 4);
  });
  // One index without any weight: a scale of nought must not make NaN.
  for (let i = 0; i < values.length; i++)
    if ((along === 'rows' ? Math.floor(i / COLUMNS) : i % COLUMNS) === 5) values[i] = 0;
  const builder = new GraphBuilder('linear');
  const x = builder.input('x', [1, ROWS]);
  const weight = builder.constant(float32(values, [ROWS, COLUMNS]), 'weight');
  builder.output(
    'y',
    add(matMul(x, weight), builder.constant(float32(new Random(2).normals(COLUMNS), [COLUMNS]), 'bias')),
  );
  return builder.build();
}

async function run(graph: Graph): Promise<number[]> {
  const session = await createSession(graph, { threads: 1 });
  const { y } = await session.run({ x: float32(new Random(3).normals(ROWS), [1, ROWS]) });
  await session.release();
  return toNumbers(y as Tensor);
}

describe.for(['rows', 'columns'] as const)('weights whose %s differ in size', (along) => {
  const graph = model(along);
  const small = quantiseWeights(graph);

  test('are off by half a step of their own scale at most', () => {
    const [before, after] = [graph, dequantiseWeights(small)].map(({ initializers }) =>
      toNumbers(initializers.get('weight') as Tensor),
    ) as [number[], number[]];
    const indexOf = (i: number) => (along === 'rows' ? Math.floor(i / COLUMNS) : i % COLUMNS);
    const largest = new Map<number, number>();
    before.forEach((value, i) => {
      largest.set(indexOf(i), Math.max(largest.get(indexOf(i)) ?? 0, Math.abs(value)));
    });
    after.forEach((value, i) => {
      expect(Math.abs(value - (before[i] as number))).toBeLessThanOrEqual(
        ((largest.get(indexOf(i)) as number) / 254) * 1.001,
      );
    });
  });

  test('run in ONNX Runtime as they are, and give nearly what the exact weights give', async () => {
    const [exact, quantised, undone] = [await run(graph), await run(small), await run(dequantiseWeights(small))];
    // Values are of size 8. ONNX Runtime may join DequantizeLinear and MatMul, and then rounds the input to 8 bits as well.
    expect(largestDifference(quantised, exact)).toBeLessThan(0.3);
    expect(largestDifference(exact, undone)).toBeLessThan(0.2);
    expect(largestDifference(exact, undone)).toBeGreaterThan(0);
  });

  test('take a quarter of the room, and come back from a file', () => {
    const bytes = writeGraph(small);
    expect(bytes.length).toBeLessThan(0.4 * writeGraph(graph).length);
    expect(dequantiseWeights(readGraph(bytes))).toEqual(dequantiseWeights(small));
  });
});

test('small weights stay as they are', () => {
  const graph = model('rows');
  expect(quantiseWeights(graph).initializers.get('bias')).toBe(graph.initializers.get('bias'));
});

test('a model without int8 weights is left alone', () => {
  const graph = model('rows');
  expect(dequantiseWeights(graph)).toEqual(graph);
});
