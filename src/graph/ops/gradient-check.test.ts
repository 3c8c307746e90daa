import { describe, expect, test } from 'vitest';
import { avoiding, checkGradients, distinct, type Trial, uniform } from '../../../test/fixtures/gradient-check.ts';
import type { Value } from '../builder.ts';
import { type Attributes, float, int, ints, string } from '../graph.ts';
import { int64 } from '../tensor.ts';
import * as activation from './activation.ts';
import * as arithmetic from './arithmetic.ts';
import { cast } from './constant.ts';
import { conv, convTranspose } from './convolution.ts';
import { einsum } from './einsum.ts';
import { gridSample } from './grid-sampling.ts';
import { listOperators } from './index.ts';
import * as indexing from './indexing.ts';
import { gemm, matMul } from './matrix.ts';
import * as normalisation from './normalisation.ts';
import * as padding from './padding.ts';
import * as pooling from './pooling.ts';
import { reduceMean } from './reduction.ts';
import * as resampling from './resampling.ts';
import * as selection from './selection.ts';
import * as shape from './shape.ts';

/** One operator in one form: how it is built, where it is tried, and what it gives. */
interface Row extends Trial {
  readonly op: string;
  /** What tells this form from the operator's others. */
  readonly form?: string;
  /** The result by an independent formula, element by element of the first input. */
  readonly formula?: (x: number, ...rest: number[]) => number;
  /** A hand-worked result for hand-picked inputs. */
  readonly example?: { readonly inputs: readonly (readonly number[])[]; readonly output: readonly number[] };
  /** Inputs that the result rises or falls with not at all: their gradient must be zero. */
  readonly still?: readonly number[];
}

/** A node with attributes alone. */
const node =
  (op: string, attributes: Attributes = {}) =>
  (...inputs: Value[]): Value =>
    (inputs[0] as Value).builder.op(op, inputs, attributes);

const places = (x: Value, values: readonly number[], extents?: readonly number[]): Value =>
  x.builder.constant(int64(values, extents));

const cells = [2, 3] as const;
const image = [2, 3, 6, 5] as const;
const small = [1, 2, 4, 4] as const;
/** An image and a plan of 3x3 sample points that lie between pixel centres, some of them outside. */
const warp = (points: readonly number[], build: (x: Value, grid: Value) => Value): Pick<Row, 'inputs' | 'build'> => ({
  inputs: [uniform(small), { shape: [1, 3, 3, 2], values: () => points.flatMap((y) => points.flatMap((x) => [x, y])) }],
  build,
});

// biome-ignore format: a row is a line
const ARITHMETIC: readonly Row[] = [
  { op: 'Add', inputs: [uniform(cells), uniform([3])], build: arithmetic.add },
  { op: 'Sub', inputs: [uniform([2, 1]), uniform([3])], build: arithmetic.sub },
  { op: 'Mul', inputs: [uniform(cells), uniform([2, 1])], build: arithmetic.mul },
  { op: 'Div', inputs: [uniform(cells), uniform([3], 1, 2)], build: arithmetic.div },
  { op: 'Pow', form: 'both ends', inputs: [uniform(cells, 0.5, 2), uniform([3], 1, 3)], build: arithmetic.pow },
  { op: 'Pow', form: 'square of either sign', inputs: [uniform(cells)], build: (x) => arithmetic.pow(x, 2), formula: (x) => x * x },
  { op: 'Pow', form: 'inverse root', inputs: [uniform(cells, 0.5, 2)], build: (x) => arithmetic.pow(x, -0.5), formula: (x) => 1 / Math.sqrt(x) },
  { op: 'Min', inputs: [distinct(cells), uniform([1], -0.005, 0.005)], build: arithmetic.minimum },
  { op: 'Max', inputs: [distinct(cells), uniform([1], -0.005, 0.005)], build: arithmetic.maximum },
  { op: 'Sum', inputs: [uniform(cells), uniform([3]), uniform([])], build: node('Sum') },
  { op: 'Mean', inputs: [uniform(cells), uniform([3]), uniform([])], build: node('Mean') },
  { op: 'Neg', inputs: [uniform(cells)], build: arithmetic.neg, formula: (x) => -x },
  { op: 'Abs', inputs: [avoiding(cells, [0])], build: arithmetic.abs, formula: Math.abs },
  { op: 'Sqrt', inputs: [uniform(cells, 0.5, 2)], build: arithmetic.sqrt, formula: Math.sqrt },
  { op: 'Exp', inputs: [uniform(cells)], build: arithmetic.exp, formula: Math.exp },
  { op: 'Log', inputs: [uniform(cells, 0.5, 2)], build: arithmetic.log, formula: Math.log },
  { op: 'Reciprocal', inputs: [uniform(cells, 0.5, 2)], build: arithmetic.reciprocal, formula: (x) => 1 / x },
  { op: 'Sin', inputs: [uniform(cells)], build: arithmetic.sin, formula: Math.sin },
  { op: 'Cos', inputs: [uniform(cells)], build: arithmetic.cos, formula: Math.cos },
  { op: 'Tan', inputs: [uniform(cells)], build: node('Tan'), formula: Math.tan },
  { op: 'Asin', inputs: [uniform(cells, -0.8, 0.8)], build: node('Asin'), formula: Math.asin },
  { op: 'Acos', inputs: [uniform(cells, -0.8, 0.8)], build: node('Acos'), formula: Math.acos },
  { op: 'Atan', inputs: [uniform(cells)], build: node('Atan'), formula: Math.atan },
  { op: 'Sinh', inputs: [uniform(cells)], build: arithmetic.sinh, formula: Math.sinh },
  { op: 'Cosh', inputs: [uniform(cells)], build: arithmetic.cosh, formula: Math.cosh },
  { op: 'Asinh', inputs: [uniform(cells)], build: node('Asinh'), formula: Math.asinh },
  { op: 'Acosh', inputs: [uniform(cells, 1.5, 3)], build: node('Acosh'), formula: Math.acosh },
  { op: 'Atanh', inputs: [uniform(cells, -0.8, 0.8)], build: node('Atanh'), formula: Math.atanh },
  { op: 'Mod', inputs: [avoiding(cells, [-1, 0, 1]), uniform([], 1, 1)], build: node('Mod', { fmod: int(1) }), formula: (x, y) => x % y },
  { op: 'Erf', inputs: [uniform(cells)], build: node('Erf'), example: { inputs: [[0, 0.5, 1, -1, 2, 3]], output: [0, 0.5204999, 0.8427008, -0.8427008, 0.9953223, 0.9999779] } },
  { op: 'Where', inputs: [avoiding(cells, [0]), uniform([3]), uniform([2, 1])], build: (x, a, b) => arithmetic.where(arithmetic.greater(x, 0), a, b), still: [0] },
];

// biome-ignore format: a row is a line
const ACTIVATIONS: readonly Row[] = [
  { op: 'Relu', inputs: [avoiding(cells, [0])], build: activation.relu, formula: (x) => Math.max(x, 0) },
  { op: 'LeakyRelu', inputs: [avoiding(cells, [0])], build: (x) => activation.leakyRelu(x, 0.2), formula: (x) => (x > 0 ? x : 0.2 * x) },
  { op: 'LeakyRelu', form: 'negative slope', inputs: [avoiding(cells, [0])], build: (x) => activation.leakyRelu(x, -0.5), formula: (x) => (x > 0 ? x : -0.5 * x) },
  { op: 'PRelu', form: 'one slope', inputs: [avoiding(cells, [0]), uniform([1])], build: activation.prelu, formula: (x, slope) => (x > 0 ? x : slope * x) },
  { op: 'PRelu', form: 'a slope for each channel', inputs: [avoiding([2, 3, 2, 2], [0]), uniform([3, 1, 1])], build: activation.prelu },
  { op: 'Elu', inputs: [avoiding(cells, [0])], build: (x) => activation.elu(x, 0.7), formula: (x) => (x > 0 ? x : 0.7 * (Math.exp(x) - 1)) },
  { op: 'Selu', inputs: [avoiding(cells, [0])], build: activation.selu, formula: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.exp(x) - 1)) },
  { op: 'Celu', inputs: [avoiding(cells, [0])], build: (x) => activation.celu(x, 0.7), formula: (x) => (x > 0 ? x : 0.7 * (Math.exp(x / 0.7) - 1)) },
  { op: 'Sigmoid', inputs: [uniform(cells, -2, 2)], build: activation.sigmoid, formula: (x) => 1 / (1 + Math.exp(-x)) },
  { op: 'Tanh', inputs: [uniform(cells)], build: activation.tanh, formula: Math.tanh },
  { op: 'Softplus', inputs: [uniform(cells)], build: activation.softplus, formula: (x) => Math.log(1 + Math.exp(x)) },
  { op: 'Softsign', inputs: [avoiding(cells, [0])], build: activation.softsign, formula: (x) => x / (1 + Math.abs(x)) },
  { op: 'HardSigmoid', inputs: [avoiding([4, 4], [-1, 1])], build: (x) => activation.hardSigmoid(x, 0.5), formula: (x) => Math.min(1, Math.max(0, 0.5 * x + 0.5)) },
  { op: 'HardSwish', inputs: [avoiding([4, 4], [-3, 3], -4, 4)], build: activation.hardSwish, formula: (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)) },
  { op: 'ThresholdedRelu', inputs: [avoiding([4, 4], [0.5])], build: (x) => activation.thresholdedRelu(x, 0.5), formula: (x) => (x > 0.5 ? x : 0) },
  { op: 'Clip', inputs: [avoiding([4, 4], [-0.5, 0.7])], build: (x) => activation.clip(x, -0.5, 0.7), formula: (x) => Math.min(0.7, Math.max(-0.5, x)) },
  { op: 'Clip', form: 'below alone', inputs: [avoiding([4, 4], [-0.5])], build: (x) => activation.clip(x, -0.5), formula: (x) => Math.max(-0.5, x) },
  { op: 'Clip', form: 'above alone', inputs: [avoiding([4, 4], [0.7])], build: (x) => activation.clip(x, undefined, 0.7), formula: (x) => Math.min(0.7, x) },
  { op: 'Clip', form: 'moving limits', inputs: [avoiding([4, 4], [-0.5, 0.7]), uniform([], -0.5, -0.5), uniform([], 0.7, 0.7)], build: node('Clip') },
  { op: 'Softmax', inputs: [uniform([2, 4])], build: (x) => activation.softmax(x), example: { inputs: [[0, 0, 0, Math.log(5), 1, 1, 1, 1]], output: [0.125, 0.125, 0.125, 0.625, 0.25, 0.25, 0.25, 0.25] }, },
  { op: 'Softmax', form: 'inner axis', inputs: [uniform([2, 3, 2])], build: (x) => activation.softmax(x, 1) },
  { op: 'LogSoftmax', inputs: [uniform([2, 4])], build: (x) => activation.logSoftmax(x), example: { inputs: [[0, 0, 0, Math.log(5), 1, 1, 1, 1]], output: [0.125, 0.125, 0.125, 0.625, 0.25, 0.25, 0.25, 0.25].map(Math.log) }, },
  { op: 'LogSoftmax', form: 'inner axis', inputs: [uniform([2, 3, 2])], build: (x) => activation.logSoftmax(x, 1) },
];

const reduce = (op: string, axes: readonly number[], keep: boolean) =>
  node(op, { axes: ints(axes), keepdims: int(keep ? 1 : 0) });

// biome-ignore format: a row is a line
const REDUCTIONS: readonly Row[] = [
  { op: 'ReduceSum', inputs: [uniform([2, 3, 2])], build: (x) => x.builder.op('ReduceSum', [x, places(x, [-2])], { keepdims: int(0) }), example: { inputs: [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]], output: [6, 9, 24, 27] } },
  { op: 'ReduceMean', inputs: [uniform([2, 3, 2])], build: reduce('ReduceMean', [0, 2], false), example: { inputs: [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]], output: [3.5, 5.5, 7.5] } },
  { op: 'ReduceMax', inputs: [distinct([2, 3, 2])], build: reduce('ReduceMax', [1], true) },
  { op: 'ReduceMin', inputs: [distinct([2, 3, 2])], build: reduce('ReduceMin', [0, 2], false) },
  { op: 'ReduceProd', inputs: [uniform([2, 3, 2], 0.5, 1.5)], build: reduce('ReduceProd', [1], false) },
  { op: 'ReduceL1', inputs: [avoiding([2, 3, 2], [0])], build: reduce('ReduceL1', [1], false) },
  { op: 'ReduceL2', inputs: [uniform([2, 3, 2])], build: reduce('ReduceL2', [1], false) },
  { op: 'ReduceSumSquare', inputs: [uniform([2, 3, 2])], build: reduce('ReduceSumSquare', [1], false) },
  { op: 'ReduceLogSum', inputs: [uniform([2, 3, 2], 0.5, 1.5)], build: reduce('ReduceLogSum', [1], false) },
  { op: 'ReduceLogSumExp', inputs: [uniform([2, 3, 2])], build: reduce('ReduceLogSumExp', [1], true) },
];

// biome-ignore format: a row is a line
const SHAPES: readonly Row[] = [
  { op: 'Reshape', inputs: [uniform(cells)], build: (x) => shape.reshape(x, [3, 2]), formula: (x) => x },
  { op: 'Flatten', inputs: [uniform([2, 3, 2])], build: (x) => shape.flatten(x), formula: (x) => x },
  { op: 'Squeeze', inputs: [uniform([2, 1, 3, 1])], build: (x) => shape.squeeze(x, [1, -1]), formula: (x) => x },
  { op: 'Unsqueeze', inputs: [uniform(cells)], build: (x) => shape.unsqueeze(x, [0, -1]), formula: (x) => x },
  { op: 'Transpose', inputs: [uniform([2, 3, 2])], build: (x) => shape.transpose(x, [2, 0, 1]), example: { inputs: [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]], output: [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11] } },
  { op: 'Expand', inputs: [uniform([2, 1])], build: (x) => shape.expand(x, [2, 2, 3]), example: { inputs: [[1, 2]], output: [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2] } },
  { op: 'Identity', inputs: [uniform(cells)], build: node('Identity'), formula: (x) => x },
  { op: 'Dropout', inputs: [uniform(cells)], build: node('Dropout'), formula: (x) => x },
  { op: 'Cast', form: 'through float64', inputs: [uniform(cells)], build: (x) => cast(cast(x, 'float64'), 'float32'), formula: (x) => x },
];

const zeroToEleven = Array.from({ length: 12 }, (_, i) => i);

// biome-ignore format: a row is a line
const INDEXING: readonly Row[] = [
  { op: 'Slice', inputs: [uniform([3, 4])], build: (x) => indexing.slice(x, { starts: [1, -3], ends: [3, 4], axes: [0, 1] }), example: { inputs: [zeroToEleven], output: [5, 6, 7, 9, 10, 11] } },
  { op: 'Slice', form: 'with steps', inputs: [uniform([3, 7])], build: (x) => indexing.slice(x, { starts: [0, 1], ends: [3, 7], axes: [0, 1], steps: [2, 3] }) },
  { op: 'Slice', form: 'backwards', inputs: [uniform([3, 4])], build: (x) => indexing.slice(x, { starts: [3], ends: [-9], axes: [1], steps: [-2] }), example: { inputs: [zeroToEleven], output: [3, 1, 7, 5, 11, 9] } },
  { op: 'Slice', form: 'flip', inputs: [uniform([3, 4])], build: (x) => indexing.flip(x, 0), example: { inputs: [zeroToEleven], output: [8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3] } },
  { op: 'Concat', inputs: [uniform([2, 1]), uniform([2, 2])], build: (a, b) => indexing.concat([a, b, a], 1), example: { inputs: [[1, 2], [3, 4, 5, 6]], output: [1, 3, 4, 1, 2, 5, 6, 2] }, },
  {
    op: 'Split',
    inputs: [uniform([2, 5])],
    build: (x) => {
      const [a, , c] = indexing.split(x, [2, 1, 2], 1) as [Value, Value, Value];
      return arithmetic.mul(a, c);
    },
    example: { inputs: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]], output: [4, 10, 54, 70] },
  },
  { op: 'Pad', inputs: [uniform(cells)], build: (x) => padding.pad(x, [0, 1, 1, 2], { value: 7 }), example: { inputs: [[1, 2, 3, 4, 5, 6]], output: [7, 1, 2, 3, 7, 7, 7, 4, 5, 6, 7, 7, 7, 7, 7, 7, 7, 7] } },
  { op: 'Pad', form: 'cropping', inputs: [uniform([3, 4])], build: (x) => padding.pad(x, [-1, 1, 0, -2]), example: { inputs: [zeroToEleven], output: [0, 4, 5, 0, 8, 9] } },
  { op: 'Pad', form: 'a moving value', inputs: [uniform([3, 4]), uniform([])], build: (x, value) => x.builder.op('Pad', [x, places(x, [1, -1, 0, 2]), value]) },
  { op: 'Pad', form: 'reflect', inputs: [uniform([3, 4])], build: (x) => padding.pad(x, [1, 3, 2, 2], { mode: 'reflect' }) },
  { op: 'Pad', form: 'reflect in a row', inputs: [uniform([3])], build: (x) => padding.pad(x, [2, 1], { mode: 'reflect' }), example: { inputs: [[1, 2, 3]], output: [3, 2, 1, 2, 3, 2] } },
  { op: 'Pad', form: 'edge', inputs: [uniform([3, 4])], build: (x) => padding.pad(x, [1, 3, 2, 0], { mode: 'edge' }) },
  { op: 'Gather', form: 'repeated places', inputs: [uniform([3, 4])], build: (x) => indexing.gather(x, [3, 0, -1], 1), example: { inputs: [zeroToEleven], output: [3, 0, 3, 7, 4, 7, 11, 8, 11] } },
  { op: 'Gather', form: 'a table of places', inputs: [uniform([2, 4, 2])], build: (x) => indexing.gather(x, places(x, [3, 0, 1, 3], [2, 2]), 1) },
  { op: 'Gather', form: 'first axis', inputs: [uniform([4, 3])], build: (x) => indexing.gather(x, [2, 2, 0], 0) },
  { op: 'Gather', form: 'one place', inputs: [uniform([3, 4])], build: (x) => indexing.gather(x, places(x, [-2], []), 0), example: { inputs: [zeroToEleven], output: [4, 5, 6, 7] } },
  { op: 'Gather', form: 'even steps back', inputs: [uniform([3, 4])], build: (x) => indexing.gather(x, [3, 1], 1), example: { inputs: [zeroToEleven], output: [3, 1, 7, 5, 11, 9] } },
  { op: 'Tile', inputs: [uniform(cells)], build: (x) => padding.tile(x, [2, 3]) },
  { op: 'Trilu', inputs: [uniform([3, 3])], build: node('Trilu', { upper: int(0) }), example: { inputs: [[1, 2, 3, 4, 5, 6, 7, 8, 9]], output: [1, 0, 0, 4, 5, 0, 7, 8, 9] } },
  { op: 'CumSum', inputs: [uniform(cells)], build: (x) => indexing.cumSum(x, 1), example: { inputs: [[1, 2, 3, 4, 5, 6]], output: [1, 3, 6, 4, 9, 15] } },
  { op: 'CumSum', form: 'exclusive, reverse', inputs: [uniform(cells)], build: (x) => indexing.cumSum(x, 1, { exclusive: true, reverse: true }), example: { inputs: [[1, 2, 3, 4, 5, 6]], output: [5, 3, 0, 11, 6, 0] } },
];

// biome-ignore format: a row is a line
const SELECTIONS: readonly Row[] = [
  { op: 'GatherElements', inputs: [uniform([3, 2])], build: (x) => selection.gatherElements(x, places(x, [0, 2, 2, -1], [2, 2]), 0), example: { inputs: [[0, 1, 2, 3, 4, 5]], output: [0, 5, 4, 5] } },
  { op: 'GatherND', inputs: [uniform([2, 3, 2])], build: (x) => selection.gatherNd(x, places(x, [0, 2, 1, 0, 0, 2], [3, 2])), example: { inputs: [zeroToEleven], output: [4, 5, 6, 7, 4, 5] } },
  { op: 'GatherND', form: 'batch', inputs: [uniform([2, 3, 2])], build: (x) => x.builder.op('GatherND', [x, places(x, [2, 0, 1, 1], [2, 2, 1])], { batch_dims: int(1) }), example: { inputs: [zeroToEleven], output: [4, 5, 0, 1, 8, 9, 8, 9] } },
  { op: 'ScatterElements', inputs: [uniform([3, 2]), uniform([2, 2])], build: (x, u) => selection.scatterElements(x, places(x, [0, 2, 2, 1], [2, 2]), u, 0), example: { inputs: [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]], output: [6, 1, 2, 9, 8, 7] }, },
  {
    op: 'ScatterElements',
    form: 'add',
    inputs: [uniform([3, 2]), uniform([2, 2])],
    build: (x, u) => selection.scatterElements(x, places(x, [2, 0, 2, 1], [2, 2]), u, 0, 'add'),
    example: {
      inputs: [
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8, 9],
      ],
      output: [0, 8, 2, 12, 18, 5],
    },
  },
  { op: 'ScatterND', inputs: [uniform([3, 2]), uniform([2, 2])], build: (x, u) => selection.scatterNd(x, places(x, [2, 0], [2, 1]), u), example: { inputs: [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]], output: [8, 9, 2, 3, 6, 7] }, },
  { op: 'ScatterND', form: 'add', inputs: [uniform([3, 2]), uniform([3, 2])], build: (x, u) => selection.scatterNd(x, places(x, [2, 0, 2], [3, 1]), u, 'add'), example: { inputs: [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]], output: [8, 10, 2, 3, 20, 23] }, },
  { op: 'TopK', inputs: [distinct([2, 4])], build: (x) => selection.topK(x, 2).values, example: { inputs: [[1, 4, 2, 3, 8, 5, 6, 7]], output: [4, 3, 8, 7] } },
];

// biome-ignore format: a row is a line
const MATRICES: readonly Row[] = [
  { op: 'MatMul', inputs: [uniform([2, 3]), uniform([3, 2])], build: matMul, example: { inputs: [[1, 2, 3, 4, 5, 6], [1, 0, 0, 1, 1, 1]], output: [4, 5, 10, 11] }, },
  { op: 'MatMul', form: 'a batch by one matrix', inputs: [uniform([2, 2, 3]), uniform([3, 2])], build: matMul },
  { op: 'MatMul', form: 'broadcast batches', inputs: [uniform([2, 1, 2, 3]), uniform([3, 3, 2])], build: matMul },
  { op: 'MatMul', form: 'vectors', inputs: [uniform([3]), uniform([3])], build: matMul },
  { op: 'MatMul', form: 'vector by matrices', inputs: [uniform([3]), uniform([2, 3, 2])], build: matMul },
  { op: 'MatMul', form: 'matrices by vector', inputs: [uniform([2, 2, 3]), uniform([3])], build: matMul },
  { op: 'Gemm', inputs: [uniform([2, 3]), uniform([3, 4]), uniform([4])], build: (a, b, bias) => gemm(a, b, { bias }) },
  { op: 'Gemm', form: 'transA, alpha, beta', inputs: [uniform([3, 2]), uniform([3, 4]), uniform([2, 1])], build: (a, b, bias) => gemm(a, b, { bias, transA: true, alpha: 0.5, beta: -2 }) },
  { op: 'Gemm', form: 'transB, scalar bias', inputs: [uniform([2, 3]), uniform([4, 3]), uniform([])], build: (a, b, bias) => gemm(a, b, { bias, transB: true, alpha: 2 }) },
  { op: 'Gemm', form: 'transA, transB, no bias', inputs: [uniform([3, 2]), uniform([4, 3])], build: (a, b) => gemm(a, b, { transA: true, transB: true }) },
  { op: 'Einsum', form: 'attention', inputs: [uniform([2, 3, 4]), uniform([2, 5, 4])], build: (a, b) => einsum('bid,bjd->bij', a, b) },
  { op: 'Einsum', form: 'three operands, a sum over an axis of one alone', inputs: [uniform([2, 3]), uniform([3, 4]), uniform([4, 2])], build: (a, b, c) => einsum(' bi , ij, jk -> bj', a, b, c) },
  { op: 'Einsum', form: 'a hidden axis, broadcast', inputs: [uniform([2, 1, 3]), uniform([1, 4, 3])], build: (a, b) => einsum('...c,...c->...c', a, b) },
  { op: 'Einsum', form: 'no right side', inputs: [uniform([2, 3]), uniform([3, 2])], build: (a, b) => einsum('zi,ia', a, b), example: { inputs: [[1, 2, 3, 4, 5, 6], [1, 0, 0, 1, 1, 1]], output: [4, 10, 5, 11] } },
  { op: 'Einsum', form: 'to a scalar', inputs: [uniform([2, 3]), uniform([2, 3])], build: (a, b) => einsum('ij,ij->', a, b), example: { inputs: [[1, 2, 3, 4, 5, 6], [1, 0, 2, 0, 0, 1]], output: [13] } },
  { op: 'Einsum', form: 'one operand', inputs: [uniform([2, 3, 2])], build: (x) => einsum('nij->jn', x), example: { inputs: [zeroToEleven], output: [6, 24, 9, 27] } },
];

// biome-ignore format: a row is a line
const CONVOLUTIONS: readonly Row[] = [
  { op: 'Conv', inputs: [uniform([1, 1, 3, 3]), uniform([1, 1, 2, 2])], build: (x, w) => conv(x, w), example: { inputs: [[0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4]], output: [27, 37, 57, 67] }, },
  { op: 'Conv', form: 'bias, pads', inputs: [uniform(image), uniform([4, 3, 3, 3]), uniform([4])], build: (x, w, bias) => conv(x, w, { bias, pads: [1, 1, 1, 1] }) },
  { op: 'Conv', form: 'stride, asymmetric pads', inputs: [uniform(image), uniform([2, 3, 3, 2])], build: (x, w) => conv(x, w, { strides: [2, 3], pads: [1, 0, 0, 1] }) },
  { op: 'Conv', form: 'stride that leaves places over', inputs: [uniform([1, 2, 6, 6]), uniform([2, 2, 3, 3])], build: (x, w) => conv(x, w, { strides: [2, 2] }) },
  { op: 'Conv', form: 'dilation', inputs: [uniform([1, 2, 7, 6]), uniform([2, 2, 3, 2])], build: (x, w) => conv(x, w, { dilations: [2, 3], pads: [1, 1, 2, 0] }) },
  { op: 'Conv', form: 'dilation and stride', inputs: [uniform([1, 2, 8, 7]), uniform([2, 2, 3, 2])], build: (x, w) => conv(x, w, { dilations: [2, 1], strides: [2, 2], pads: [2, 1, 1, 0] }) },
  { op: 'Conv', form: 'groups', inputs: [uniform([2, 4, 4, 4]), uniform([6, 2, 3, 3])], build: (x, w) => conv(x, w, { groups: 2, pads: [1, 1, 1, 1] }) },
  { op: 'Conv', form: 'groups and stride', inputs: [uniform([2, 4, 5, 6]), uniform([6, 2, 3, 3])], build: (x, w) => conv(x, w, { groups: 2, strides: [2, 2], pads: [1, 1, 1, 1] }) },
  { op: 'Conv', form: 'depthwise', inputs: [uniform([2, 3, 4, 4]), uniform([3, 1, 3, 3])], build: (x, w) => conv(x, w, { groups: 3, pads: [1, 1, 1, 1] }) },
  { op: 'Conv', form: 'depthwise, stride, even extents', inputs: [uniform([2, 3, 6, 6]), uniform([3, 1, 3, 3])], build: (x, w) => conv(x, w, { groups: 3, strides: [2, 2], pads: [1, 1, 1, 1] }) },
  { op: 'Conv', form: 'depthwise, stride 1x1 kernel', inputs: [uniform([1, 3, 5, 5]), uniform([3, 1, 1, 1])], build: (x, w) => conv(x, w, { groups: 3, strides: [2, 2] }) },
  { op: 'Conv', form: 'pads greater than the kernel', inputs: [uniform([1, 2, 3, 3]), uniform([2, 2, 1, 1])], build: (x, w) => conv(x, w, { pads: [1, 1, 1, 2] }) },
  { op: 'Conv', form: 'pointwise with a stride', inputs: [uniform([1, 2, 5, 4]), uniform([3, 2, 1, 1])], build: (x, w) => conv(x, w, { strides: [2, 2] }) },
  { op: 'Conv', form: 'same_upper', inputs: [uniform([1, 2, 5, 4]), uniform([3, 2, 2, 3])], build: node('Conv', { auto_pad: string('SAME_UPPER'), strides: ints([2, 2]) }) },
  { op: 'ConvTranspose', inputs: [uniform([1, 1, 2, 2]), uniform([1, 1, 2, 2])], build: (x, w) => convTranspose(x, w), example: { inputs: [[1, 2, 3, 4], [1, 2, 3, 4]], output: [1, 4, 4, 6, 20, 16, 9, 24, 16] }, },
  { op: 'ConvTranspose', form: 'bias, stride, output padding', inputs: [uniform([2, 2, 3, 2]), uniform([2, 3, 3, 3]), uniform([3])], build: (x, w, bias) => convTranspose(x, w, { bias, strides: [2, 2], pads: [1, 1, 1, 1], outputPadding: [1, 1] }) },
  { op: 'ConvTranspose', form: 'kernel 4, stride 2', inputs: [uniform([2, 2, 3, 2]), uniform([2, 3, 4, 4])], build: (x, w) => convTranspose(x, w, { strides: [2, 2], pads: [1, 1, 1, 1] }) },
  { op: 'ConvTranspose', form: 'dilation, asymmetric pads', inputs: [uniform([1, 2, 4, 3]), uniform([2, 3, 3, 2])], build: (x, w) => convTranspose(x, w, { dilations: [1, 2], pads: [1, 0, 0, 1] }) },
  { op: 'ConvTranspose', form: 'groups', inputs: [uniform([1, 4, 3, 3]), uniform([4, 2, 3, 3])], build: (x, w) => convTranspose(x, w, { groups: 2, strides: [2, 1], pads: [1, 1, 1, 1] }) },
  { op: 'ConvTranspose', form: 'same_upper', inputs: [uniform([1, 2, 3, 3]), uniform([2, 2, 3, 3])], build: node('ConvTranspose', { auto_pad: string('SAME_UPPER'), strides: ints([2, 2]) }) },
];

// biome-ignore format: a row is a line
const NORMALISATIONS: readonly Row[] = [
  {
    op: 'BatchNormalization',
    form: 'inference',
    inputs: [uniform([2, 3, 2, 2]), uniform([3]), uniform([3]), uniform([3]), uniform([3], 0.5, 1.5)],
    build: (x, scale, bias, mean, variance) => normalisation.normaliseChannels(x, { scale, bias, mean, variance }, 0.1),
  },
  {
    op: 'BatchNormalization',
    form: 'training: the statistics are of x',
    inputs: [uniform([2, 3, 2, 2]), uniform([3]), uniform([3])],
    build: (x, scale, bias) => {
      const mean = reduceMean(x, [0, 2, 3]);
      const variance = arithmetic.sub(reduceMean(arithmetic.square(x), [0, 2, 3]), arithmetic.square(mean));
      return normalisation.normaliseChannels(x, { scale, bias, mean, variance }, 0.1);
    },
  },
  { op: 'InstanceNormalization', inputs: [uniform([2, 3, 3, 2]), uniform([3]), uniform([3])], build: (x, scale, bias) => normalisation.instanceNorm(x, scale, bias, 0.1) },
  { op: 'LayerNormalization', inputs: [uniform([2, 2, 4]), uniform([4]), uniform([4])], build: (x, scale, bias) => normalisation.layerNorm(x, scale, bias, -1, 0.1) },
  { op: 'LayerNormalization', form: 'two axes', inputs: [uniform([3, 2, 3]), uniform([2, 3]), uniform([2, 3])], build: (x, scale, bias) => normalisation.layerNorm(x, scale, bias, 1, 0.1) },
  { op: 'LpNormalization', inputs: [uniform([2, 4], 0.5, 1.5)], build: (x) => normalisation.normaliseL2(x), example: { inputs: [[3, 0, 4, 0, 1, 1, 1, 1]], output: [0.6, 0, 0.8, 0, 0.5, 0.5, 0.5, 0.5] } },
  { op: 'LpNormalization', form: 'inner axis', inputs: [uniform([2, 3, 2], 0.5, 1.5)], build: (x) => normalisation.normaliseL2(x, 1) },
  { op: 'LpNormalization', form: 'by absolute values', inputs: [avoiding([2, 3], [0])], build: node('LpNormalization', { axis: int(-1), p: int(1) }), example: { inputs: [[1, -2, 1, 3, 4, -1]], output: [0.25, -0.5, 0.25, 0.375, 0.5, -0.125] } },
];

const pool = (op: string, attributes: Attributes) => node(op, attributes);
// biome-ignore format: a row is a line
const POOLING: readonly Row[] = [
  { op: 'AveragePool', inputs: [uniform(small)], build: (x) => pooling.averagePool(x, [2, 2]) },
  { op: 'AveragePool', form: 'overlapping', inputs: [uniform(image)], build: (x) => pooling.averagePool(x, [3, 2], { strides: [1, 1] }) },
  { op: 'AveragePool', form: 'stride and pads, not counted', inputs: [uniform(image)], build: (x) => pooling.averagePool(x, [3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }) },
  { op: 'AveragePool', form: 'stride and pads, counted', inputs: [uniform(image)], build: (x) => pooling.averagePool(x, [3, 3], { strides: [2, 2], pads: [1, 0, 1, 1], countIncludePad: true }) },
  { op: 'AveragePool', form: 'what the stride leaves over', inputs: [uniform([1, 1, 7, 8])], build: (x) => pooling.averagePool(x, [2, 2], { strides: [3, 3] }) },
  { op: 'AveragePool', form: 'ceil_mode', inputs: [uniform([1, 2, 6, 5])], build: pool('AveragePool', { kernel_shape: ints([3, 2]), strides: ints([2, 2]), ceil_mode: int(1) }) },
  { op: 'AveragePool', form: 'ceil_mode, pads counted', inputs: [uniform([1, 2, 6, 6])], build: pool('AveragePool', { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]), ceil_mode: int(1), count_include_pad: int(1) }) },
  { op: 'AveragePool', form: 'one axis', inputs: [uniform([1, 2, 6])], build: (x) => pooling.averagePool(x, [3], { strides: [2] }), example: { inputs: [zeroToEleven], output: [1, 3, 7, 9] } },
  { op: 'MaxPool', form: 'side by side', inputs: [distinct(small)], build: (x) => pooling.maxPool(x, [2, 2]) },
  { op: 'MaxPool', form: 'overlapping', inputs: [distinct([1, 2, 5, 5])], build: (x) => pooling.maxPool(x, [3, 3], { strides: [1, 1] }) },
  { op: 'MaxPool', form: 'stride and pads', inputs: [distinct([2, 2, 6, 5])], build: (x) => pooling.maxPool(x, [3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }) },
  { op: 'MaxPool', form: 'ceil_mode', inputs: [distinct([1, 2, 6, 5])], build: pool('MaxPool', { kernel_shape: ints([3, 2]), strides: ints([2, 2]), ceil_mode: int(1) }) },
  { op: 'MaxPool', form: 'dilation', inputs: [distinct([1, 1, 6, 6])], build: pool('MaxPool', { kernel_shape: ints([2, 2]), strides: ints([2, 2]), dilations: ints([2, 1]) }) },
  { op: 'GlobalAveragePool', inputs: [uniform([2, 3, 2, 2])], build: pooling.globalAveragePool },
  { op: 'GlobalMaxPool', inputs: [distinct([2, 3, 2, 2])], build: pooling.globalMaxPool },
];

const resized =
  (mode: string, coordinates: string, sizes: readonly number[], more: Attributes = {}) =>
  (x: Value): Value =>
    x.builder.op('Resize', [x, undefined, undefined, x.builder.constant(int64(sizes))], {
      mode: string(mode),
      coordinate_transformation_mode: string(coordinates),
      ...more,
    });

// biome-ignore format: a row is a line
const RESAMPLING: readonly Row[] = [
  { op: 'Resize', form: 'nearest, doubled', inputs: [uniform([1, 1, 2, 2])], build: (x) => resampling.upsampleNearest(x, 2), example: { inputs: [[1, 2, 3, 4]], output: [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4] } },
  { op: 'Resize', form: 'nearest, doubled by half_pixel', inputs: [uniform(small)], build: resized('nearest', 'half_pixel', [1, 2, 8, 12]) },
  ...['asymmetric', 'half_pixel', 'pytorch_half_pixel', 'align_corners'].flatMap((coordinates): Row[] => [
    ...['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].map(
      (nearest): Row => ({
        op: 'Resize',
        form: `nearest ${nearest}, ${coordinates}`,
        inputs: [uniform(small)],
        build: resized('nearest', coordinates, [1, 2, 7, 3], { nearest_mode: string(nearest) }),
      }),
    ),
    {
      op: 'Resize',
      form: `linear, ${coordinates}`,
      inputs: [uniform(small)],
      build: resized('linear', coordinates, [1, 2, 7, 3]),
    },
    {
      op: 'Resize',
      form: `cubic, ${coordinates}`,
      inputs: [uniform(small)],
      build: resized('cubic', coordinates, [1, 2, 7, 3], { cubic_coeff_a: float(-0.5) }),
    },
  ]),
  { op: 'Resize', form: 'cubic without the outside', inputs: [uniform(small)], build: resized('cubic', 'half_pixel', [1, 2, 7, 3], { exclude_outside: int(1) }) },
  { op: 'Resize', form: 'linear, to one pixel', inputs: [uniform(small)], build: resized('linear', 'pytorch_half_pixel', [1, 2, 1, 1]) },
  { op: 'Resize', form: 'scales that do not come out even', inputs: [uniform([1, 1, 5, 5])], build: (x) => resampling.resize(x, { scales: [1, 1, 1.5, 0.7] }) },
  { op: 'Resize', form: 'nearest, uneven scale that keeps the extent', inputs: [uniform([1, 1, 3, 3])], build: (x) => resampling.resize(x, { scales: [1, 1, 1.3, 1.3], mode: 'nearest', coordinates: 'asymmetric', nearest: 'ceil' }) },
  { op: 'Resize', form: 'channels last', inputs: [uniform([1, 3, 4, 2])], build: resized('linear', 'half_pixel', [1, 6, 8, 2]) },
  {
    op: 'DepthToSpace',
    inputs: [uniform([1, 8, 2, 3])],
    build: (x) => resampling.depthToSpace(x, 2),
    example: {
      inputs: [Array.from({ length: 48 }, (_, i) => i)],
      output: [
        0, 12, 1, 13, 2, 14, 24, 36, 25, 37, 26, 38, 3, 15, 4, 16, 5, 17, 27, 39, 28, 40, 29, 41, 6, 18, 7, 19, 8, 20,
        30, 42, 31, 43, 32, 44, 9, 21, 10, 22, 11, 23, 33, 45, 34, 46, 35, 47,
      ],
    },
  },
  { op: 'DepthToSpace', form: 'CRD', inputs: [uniform([1, 8, 2, 3])], build: (x) => resampling.depthToSpace(x, 2, 'CRD') },
  { op: 'SpaceToDepth', inputs: [uniform([1, 2, 4, 6])], build: (x) => resampling.spaceToDepth(x, 2) },
  { op: 'GridSample', ...warp([-0.6, 0.2, 0.55], (x, grid) => gridSample(x, grid)) },
  { op: 'GridSample', form: 'zeros outside', ...warp([-1.15, 0.1, 1.1], (x, grid) => gridSample(x, grid)) },
  { op: 'GridSample', form: 'zeros outside, aligned corners', ...warp([-1.2, 0.1, 1.15], (x, grid) => gridSample(x, grid, { alignCorners: true })) },
  { op: 'GridSample', form: 'border', ...warp([-1.2, 0.1, 0.6], (x, grid) => gridSample(x, grid, { padding: 'border' })) },
  { op: 'GridSample', form: 'border, aligned corners', ...warp([-1.2, 0.1, 1.15], (x, grid) => gridSample(x, grid, { padding: 'border', alignCorners: true })) },
  { op: 'GridSample', form: 'nearest', ...warp([-1.15, 0.1, 0.6], (x, grid) => gridSample(x, grid, { mode: 'nearest' })), still: [1] },
];

const TABLE: readonly Row[] = [
  ...ARITHMETIC,
  ...ACTIVATIONS,
  ...REDUCTIONS,
  ...SHAPES,
  ...INDEXING,
  ...SELECTIONS,
  ...MATRICES,
  ...CONVOLUTIONS,
  ...NORMALISATIONS,
  ...POOLING,
  ...RESAMPLING,
];

describe('gradients agree with central differences', () => {
  test.for(TABLE.map((row) => [row.form ? `${row.op}: ${row.form}` : row.op, row] as const))('%s', async ([, row]) => {
    const found = await checkGradients(row);
    expect(found.output.shape, 'the inferred shape').toEqual(found.output.inferred);
    for (const [i, agreement] of found.firstOrder.entries()) {
      if (row.still?.includes(i)) expect(agreement.size).toBeLessThan(1e-4);
      else expect(agreement.size, `input ${i} must matter, or the row checks nothing`).toBeGreaterThan(1e-2);
      expect(agreement.error, `first derivative, input ${i}`).toBeLessThan(1e-2);
    }
    for (const [i, agreement] of found.secondOrder.entries()) {
      if (!row.still?.includes(i)) expect(agreement.size, `input ${i} must bend the loss`).toBeGreaterThan(1e-3);
      expect(agreement.error, `second derivative, input ${i}`).toBeLessThan(1e-2);
    }
    if (row.formula) {
      const { formula } = row;
      const [x = [], ...rest] = found.inputs;
      const expected = x.map((value, i) =>
        formula(value, ...rest.map((values) => values[i % values.length] as number)),
      );
      expectClose(found.output.values, expected);
    }
  });

  test.for(
    TABLE.filter((row) => row.example).map((row) => [row.form ? `${row.op}: ${row.form}` : row.op, row] as const),
  )('%s gives the hand-worked result', async ([, row]) => {
    const { example = { inputs: [], output: [] } } = row;
    const inputs = row.inputs.map(({ shape: extents }, i) => ({
      shape: extents,
      values: () => [...(example.inputs[i] ?? [])],
    }));
    const found = await checkGradients({ ...row, inputs });
    expectClose(found.output.values, example.output);
  });

  test('every operator with a gradient has a row', () => {
    const covered = new Set(TABLE.map((row) => row.op));
    const missing = listOperators().filter(({ op, differentiable }) => differentiable && !covered.has(op));
    expect(missing.map(({ op }) => op)).toEqual([]);
  });
});

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of actual.entries()) expect(value).toBeCloseTo(expected[i] as number, 5);
}
