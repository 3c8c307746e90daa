import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { sub } from '../../../graph/ops/arithmetic.ts';
import { gemm } from '../../../graph/ops/matrix.ts';
import { float32, type Tensor, toNumbers } from '../../../graph/tensor.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';

/** Rows whose products are taken at once. */
const BLOCK = 1024;

/** A linear rule for each attribute: log-odds = (features - mean) weights + bias. */
export interface LinearDiscriminant {
  /** [F] */
  readonly mean: Float32Array;
  /** [F,A] */
  readonly weights: Float32Array;
  /** [A] */
  readonly bias: Float32Array;
}

/**
 * Fisher's linear discriminant of each attribute with a regularised covariance, in closed form, as the regression of labels on features gives it; its projection becomes log-odds under two normal distributions of equal spread.
 *
 * Sources: Fisher 1936; Friedman, Regularized Discriminant Analysis (1989); Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, exercise 4.2 (regression gives the same direction).
 *
 * @param features - [N] rows of F numbers.
 * @param labels - [N] rows of A.
 * @param options.ridge - added to the covariance's diagonal, as a share of its mean.
 */
export async function fitDiscriminant(
  features: readonly Float32Array[],
  labels: readonly (readonly boolean[])[],
  options: SessionOptions & { readonly ridge: number },
): Promise<LinearDiscriminant> {
  const count = features.length;
  const mean = meanOf(features);
  const priors = meanOf(labels.map((row) => Float32Array.from(row, Number)));
  const centred = features.map((row) => row.map((value, i) => value - (mean[i] as number)));
  const targets = labels.map((row) => Float32Array.from(row, (label, a) => Number(label) - (priors[a] as number)));
  const covariance = await crossProducts(centred, centred, options);
  const towards = await crossProducts(centred, targets, options);
  const ridge = Math.max((options.ridge * covariance.trace()) / mean.length, 1e-9);
  const solution = new CholeskyDecomposition(covariance.add(Matrix.eye(mean.length).mul(ridge))).solve(towards);
  // On the line that a solution w spans the classes' means lie w't / (N p q) apart, and the variance within a class is what the whole has less what that distance makes.
  const weights = new Float32Array(mean.length * priors.length);
  const bias = new Float32Array(priors.length);
  const spread = covariance.mmul(solution);
  priors.forEach((prior, a) => {
    const w = solution.getColumn(a);
    const both = prior * (1 - prior);
    const apart = both > 0 ? dot(w, towards.getColumn(a)) / (count * both) : 0;
    const within = dot(w, spread.getColumn(a)) / count - both * apart ** 2;
    const slope = within > 1e-12 ? apart / within : 0;
    w.forEach((value, i) => {
      weights[i * priors.length + a] = slope * value;
    });
    // The classes' means are at (1 - p) d and -p d of the common mean.
    const smoothed = (prior * count + 0.5) / (count + 1);
    bias[a] = Math.log(smoothed / (1 - smoothed)) - slope * apart * (0.5 - prior);
  });
  return { mean, weights, bias };
}

/** Features [N,F] -> log-odds [N,A]. */
export function discriminate(features: Value, { mean, weights, bias }: LinearDiscriminant): Value {
  const { builder } = features;
  const constant = (data: Float32Array, shape: readonly number[], name: string): Value =>
    builder.constant(float32(data, shape), name);
  const centred = sub(features, constant(mean, [1, mean.length], 'mean_features'));
  return gemm(centred, constant(weights, [mean.length, bias.length], 'weights'), {
    bias: constant(bias, [bias.length], 'bias'),
  });
}

/** A' B of two matrices given by their rows, [N,F] and [N,G]: [F,G]. */
async function crossProducts(
  a: readonly Float32Array[],
  b: readonly Float32Array[],
  options: SessionOptions,
): Promise<Matrix> {
  const [rows, columns] = [a[0]?.length ?? 0, b[0]?.length ?? 0];
  const builder = new GraphBuilder('cross_products');
  const product = gemm(builder.input('a', [BLOCK, rows]), builder.input('b', [BLOCK, columns]), { transA: true });
  builder.output('product', product);
  const session = await createSession(builder.build(), options);
  const total = new Float64Array(rows * columns);
  try {
    for (let start = 0; start < a.length; start += BLOCK) {
      const { product: part } = await session.run({
        a: float32(block(a, start), [BLOCK, rows]),
        b: float32(block(b, start), [BLOCK, columns]),
      });
      toNumbers(part as Tensor).forEach((value, i) => {
        total[i] = (total[i] as number) + value;
      });
    }
  } finally {
    await session.release();
  }
  return Matrix.from1DArray(rows, columns, total);
}

/** Rows from `start` on behind one another, and zeros where there are no more. */
function block(matrix: readonly Float32Array[], start: number): Float32Array {
  const width = matrix[0]?.length ?? 0;
  const out = new Float32Array(BLOCK * width);
  matrix.slice(start, start + BLOCK).forEach((row, i) => {
    out.set(row, i * width);
  });
  return out;
}

function meanOf(rows: readonly Float32Array[]): Float32Array {
  const sums = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) {
    row.forEach((value, i) => {
      sums[i] = (sums[i] as number) + value;
    });
  }
  return Float32Array.from(sums, (sum) => sum / rows.length);
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
