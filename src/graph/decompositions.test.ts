import { describe, expect, it } from 'vitest';
import { largestDifference } from '../../test/fixtures/evaluate.ts';
import { avoiding, checkGradients, type Sample, uniform } from '../../test/fixtures/gradient-check.ts';
import { createSession } from '../runtime/session.ts';
import { Random } from '../util/random.ts';
import { compile } from './compile.ts';
import { findDecomposition } from './decompositions.ts';
import { differentiate } from './differentiate.ts';
import { type Attributes, float, floats, type Graph, int, ints, string } from './graph.ts';
import { NodeContext } from './operator.ts';
import { float32, toNumbers } from './tensor.ts';

interface Row {
  readonly op: string;
  readonly inputs: readonly Sample[];
  readonly attributes?: Attributes;
  /** Default 'com.microsoft'. */
  readonly domain?: string;
}

const image = uniform([2, 5, 4, 6], -1, 1);
const apart = avoiding([2, 3, 4, 4], [-0.3, 0, 0.3]);
const conv = { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) };

// biome-ignore format: a row is a line
const ROWS: readonly Row[] = [
  { op: 'LRN', domain: '', inputs: [image], attributes: { size: int(3), alpha: float(0.5), beta: float(0.75), bias: float(1.5) } },
  { op: 'LpPool', domain: '', inputs: [image], attributes: { kernel_shape: ints([2, 3]), strides: ints([2, 1]), pads: ints([0, 1, 1, 1]), p: int(2) } },
  { op: 'LpPool', domain: '', inputs: [avoiding([1, 2, 4, 4], [0])], attributes: { kernel_shape: ints([3, 3]), auto_pad: string('SAME_UPPER'), p: int(3) } },
  { op: 'GlobalLpPool', domain: '', inputs: [image] },
  { op: 'GlobalLpPool', domain: '', inputs: [apart], attributes: { p: int(3) } },
  { op: 'MeanVarianceNormalization', domain: '', inputs: [image] },
  { op: 'MeanVarianceNormalization', domain: '', inputs: [image], attributes: { axes: ints([2, 3]) } },
  { op: 'Shrink', domain: '', inputs: [apart], attributes: { lambd: float(0.3), bias: float(0.1) } },
  { op: 'Gelu', inputs: [image] },
  { op: 'QuickGelu', inputs: [image], attributes: { alpha: float(1.5) } },
  { op: 'FastGelu', inputs: [image, uniform([6])] },
  { op: 'BiasGelu', inputs: [image, uniform([6])] },
  { op: 'FusedConv', inputs: [uniform([1, 2, 4, 4]), uniform([3, 2, 3, 3]), uniform([3])], attributes: { ...conv, activation: string('Sigmoid') } },
  { op: 'FusedConv', inputs: [uniform([1, 2, 4, 4]), uniform([3, 2, 3, 3]), uniform([3])], attributes: { ...conv, activation: string('HardSigmoid'), activation_params: floats([0.01, 0.4]) } },
  { op: 'FusedMatMul', inputs: [uniform([2, 4, 3]), uniform([2, 5, 4])], attributes: { transA: int(1), transB: int(1), alpha: float(0.5) } },
  { op: 'FusedGemm', inputs: [uniform([2, 3]), uniform([4, 3]), uniform([4])], attributes: { transB: int(1), alpha: float(2), activation: string('Tanh') } },
  { op: 'SkipLayerNormalization', inputs: [uniform([1, 3, 4]), uniform([1, 3, 4]), uniform([4], 0.5, 1), uniform([4])], attributes: { epsilon: float(1e-3) } },
];

const NAMED = ROWS.map((row, i) => [`${row.domain ?? 'com.microsoft.'}${row.op} (${i})`, row] as const);

const graphOf = ({ op, domain = 'com.microsoft', inputs, attributes = {} }: Row): Graph => ({
  name: op,
  opset: 17,
  inputs: inputs.map(({ shape }, i) => ({ name: `x${i}`, dtype: 'float32', shape })),
  outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
  nodes: [{ op, domain, name: 'tried', inputs: inputs.map((_, i) => `x${i}`), outputs: ['y'], attributes }],
  initializers: new Map(),
  metadata: {},
});

describe('an operator that is taken apart', () => {
  it.each(NAMED)('%s gives what ONNX Runtime gives', async (_, row) => {
    const random = new Random(7);
    const feeds = Object.fromEntries(
      row.inputs.map(({ shape, values }, i) => [`x${i}`, float32(values(random), shape)]),
    );
    const [ours = [], theirs = []] = await Promise.all(
      [compile(graphOf(row)), graphOf(row)].map(async (graph) => {
        const session = await createSession(graph, { threads: 1 });
        const { y } = await session.run(feeds);
        await session.release();
        return y ? toNumbers(y) : [];
      }),
    );
    expect(largestDifference(ours, theirs)).toBeLessThan(1e-5);
  });

  it.each(NAMED)('%s has the gradient that central differences show', async (_, row) => {
    const decompose = findDecomposition({ op: row.op, domain: row.domain ?? 'com.microsoft' });
    const { firstOrder } = await checkGradients({
      inputs: row.inputs,
      build: (...inputs) =>
        decompose?.(
          new NodeContext({ op: row.op, name: 'tried', inputs, attributes: row.attributes ?? {}, outputCount: 1 }),
        ) ?? expect.fail(`${row.op} is not taken apart`),
    });
    for (const { error } of firstOrder) expect(error).toBeLessThan(1e-2);
  });

  it('has a finite gradient where all of a window is 0', async () => {
    const graph = graphOf({
      op: 'LpPool',
      domain: '',
      inputs: [uniform([1, 1, 2, 2])],
      attributes: { kernel_shape: ints([2, 2]) },
    });
    const session = await createSession(differentiate(graph, { of: 'y', wrt: ['x0'] }), { threads: 1 });
    const { gradient_x0 } = await session.run({ x0: float32([0, 0, 0, 0], [1, 1, 2, 2]) });
    await session.release();
    expect(gradient_x0 && toNumbers(gradient_x0)).toEqual([0, 0, 0, 0]);
  });
});
