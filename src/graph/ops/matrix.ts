import type { Value } from '../builder.ts';
import { float, int } from '../graph.ts';
import type { NodeContext, Operator } from '../operator.ts';
import { sizeOf } from '../tensor.ts';
import { broadcastShapes, mul } from './arithmetic.ts';
import { sumTo } from './reduction.ts';
import { reshape, transpose } from './shape.ts';

/** Matrix product over the last two axes, the others broadcast (NumPy's matmul). */
export const matMul = (a: Value, b: Value): Value => a.builder.op('MatMul', [a, b]);

/** Options of {@link gemm}. */
export interface GemmOptions {
  readonly bias?: Value | undefined;
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly alpha?: number;
  readonly beta?: number;
}

/** alpha * A' B' + beta * bias, for matrices. */
export function gemm(a: Value, b: Value, options: GemmOptions = {}): Value {
  const { bias, transA = false, transB = false, alpha = 1, beta = 1 } = options;
  return a.builder.op('Gemm', bias ? [a, b, bias] : [a, b], {
    transA: int(transA ? 1 : 0),
    transB: int(transB ? 1 : 0),
    alpha: float(alpha),
    beta: float(beta),
  });
}

/** The last two axes exchanged. */
export function transposeMatrix(x: Value): Value {
  const axes = Array.from({ length: x.rank }, (_, axis) => axis);
  const last = axes.pop() as number;
  axes.splice(-1, 0, last);
  return transpose(x, axes);
}

export const operators = {
  MatMul: {
    infer: (node) => {
      const [a, b] = promoted(node);
      if (a.at(-1) !== b.at(-2)) throw node.error('the inner extents differ');
      const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
      const rows = node.input(0).rank === 1 ? [] : [a.at(-2) as number];
      const columns = node.input(1).rank === 1 ? [] : [b.at(-1) as number];
      return [{ dtype: node.input(0).dtype, shape: [...batch, ...rows, ...columns] }];
    },
    gradient: ({ node, grad, needs }) => {
      const [aShape, bShape] = promoted(node);
      const a = reshape(node.input(0), aShape);
      const b = reshape(node.input(1), bShape);
      const batch = broadcastShapes(aShape.slice(0, -2), bShape.slice(0, -2));
      const dy = reshape(grad, [...batch, aShape.at(-2) as number, bShape.at(-1) as number]);
      return [
        needs(0) ? reshape(sumTo(matMul(dy, transposeMatrix(b)), aShape), node.input(0).shape) : undefined,
        needs(1) ? reshape(weightGradient(a, dy, bShape), node.input(1).shape) : undefined,
      ];
    },
  },

  Gemm: {
    infer: (node) => {
      const a = matrixShape(node, 0, node.int('transA', 0) !== 0);
      const b = matrixShape(node, 1, node.int('transB', 0) !== 0);
      if (a[1] !== b[0]) throw node.error('the inner extents differ');
      return [{ dtype: node.input(0).dtype, shape: [a[0], b[1]] }];
    },
    gradient: ({ node, grad, needs }) => {
      const [a, b, c] = [node.input(0), node.input(1), node.inputs[2]];
      const transA = node.int('transA', 0) !== 0;
      const transB = node.int('transB', 0) !== 0;
      const alpha = node.float('alpha', 1);
      const beta = node.float('beta', 1);
      const toA = () =>
        transA ? gemm(b, grad, { transA: transB, transB: true, alpha }) : gemm(grad, b, { transB: !transB, alpha });
      const toB = () =>
        transB ? gemm(grad, a, { transA: true, transB: transA, alpha }) : gemm(a, grad, { transA: !transA, alpha });
      const toC = (bias: Value) => sumTo(beta === 1 ? grad : mul(grad, beta), bias.shape);
      return [needs(0) ? toA() : undefined, needs(1) ? toB() : undefined, c && needs(2) ? toC(c) : undefined];
    },
  },
} satisfies Record<string, Operator>;

/** Shapes of both operands with vectors made matrices. */
function promoted(node: NodeContext): [readonly number[], readonly number[]] {
  const a = node.input(0).shape;
  const b = node.input(1).shape;
  return [a.length === 1 ? [1, ...a] : a, b.length === 1 ? [...b, 1] : b];
}

/** aT dy; where b is a plain matrix, the batch axes of a and dy are rows of one product: no batch of small products to sum. */
function weightGradient(a: Value, dy: Value, bShape: readonly number[]): Value {
  if (bShape.length > 2) return sumTo(matMul(transposeMatrix(a), dy), bShape);
  const rows = (x: Value): Value => reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) as number]);
  return gemm(rows(a), rows(dy), { transA: true });
}

function matrixShape(node: NodeContext, index: number, transposed: boolean): [number, number] {
  const { shape } = node.input(index);
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined)
    throw node.error(`input ${index} is no matrix`);
  return transposed ? [columns, rows] : [rows, columns];
}
