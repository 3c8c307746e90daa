import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { InputError, ShapeError } from '../util/errors.ts';

/** Mean and covariance of a set of features. */
interface Moments {
  readonly mean: readonly number[];
  /** [n,D]: the rows less their mean, by the root of n - 1; their products are the covariance. */
  readonly rows: Matrix;
}

/**
 * Fréchet distance between two sets of features, each taken for a normal distribution: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)); 0 for the same set. With the features of Inception-v3
 * it is called FID; with others the network has to be named. It is biased upwards for few rows, so that only figures of equally many compare.
 *
 * Cost: one eigenvalue decomposition as large as the smaller set, or two of [D,D] where both sets are larger than that: under a second for 128, about 10 s for 512.
 *
 * Source: Dowson and Landau 1982; Heusel et al., NeurIPS 2017, equation 6.
 *
 * @throws InputError where a set has fewer than two rows, or a number is not finite; ShapeError where lengths differ.
 */
export function frechetDistance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  if (a[0]?.length !== b[0]?.length) {
    throw new ShapeError(`features of ${a[0]?.length ?? 0} and ${b[0]?.length ?? 0} numbers cannot be compared`);
  }
  const [first, second] = [moments(a), moments(b)];
  const apart = first.mean.reduce((sum, value, i) => sum + (value - (second.mean[i] as number)) ** 2, 0);
  const spread = squaresOf(first.rows) + squaresOf(second.rows);
  // Rounding must not bring the distance of a set to itself below 0.
  return Math.max(0, apart + spread - 2 * traceOfRoot(first.rows, second.rows));
}

/** tr((A'A B'B)^(1/2)). The product has the eigenvalues of (AB')'(AB'), which is as large as the sets, and of S B'B S where S is the root of A'A; both are symmetric. */
function traceOfRoot(a: Matrix, b: Matrix): number {
  if (Math.min(a.rows, b.rows) <= a.columns) {
    const [fewer, more] = a.rows < b.rows ? [a, b] : [b, a];
    const products = fewer.mmul(more.transpose());
    return sumOfRoots(products.mmul(products.transpose()));
  }
  const covariance = a.transpose().mmul(a);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  const scaled = b.mmul(eigenvectorMatrix.clone().mulRowVector(realEigenvalues.map(rootOf)));
  return sumOfRoots(scaled.transpose().mmul(scaled));
}

const sumOfRoots = (symmetric: Matrix): number =>
  new EigenvalueDecomposition(symmetric, { assumeSymmetric: true }).realEigenvalues
    .map(rootOf)
    .reduce((sum, root) => sum + root, 0);

/** What is on the diagonal of the covariance, in sum. */
const squaresOf = (rows: Matrix): number => rows.norm('frobenius') ** 2;

/** Rounding leaves a little below 0 where there is nothing. */
const rootOf = (eigenvalue: number): number => Math.sqrt(Math.max(0, eigenvalue));

function moments(rows: readonly Float32Array[]): Moments {
  const size = rows[0]?.length ?? 0;
  if (rows.length < 2 || size === 0) throw new InputError(`${rows.length} rows have no covariance`);
  const mean = new Array<number>(size).fill(0);
  for (const row of rows) {
    if (row.length !== size) throw new ShapeError(`a row of ${row.length} numbers among rows of ${size}`);
    if (!row.every(Number.isFinite)) throw new InputError('a feature is not a finite number');
    row.forEach((value, i) => {
      mean[i] = (mean[i] as number) + value / rows.length;
    });
  }
  const centred = new Matrix(rows.map((row) => Array.from(row, (value, i) => value - (mean[i] as number))));
  return { mean, rows: centred.div(Math.sqrt(rows.length - 1)) };
}
