import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { abs, add, sub } from '../../../graph/ops/arithmetic.ts';
import { gemm } from '../../../graph/ops/matrix.ts';
import { flatten } from '../../../graph/ops/shape.ts';
import { float32, joinRows, type Tensor, toNumbers } from '../../../graph/tensor.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { throwIfAborted } from '../../../util/progress.ts';
import { Random } from '../../../util/random.ts';
import { type MaskedShape, requireMaskedShape } from '../../masked-shape.ts';
import { openRowFunction } from '../attribute/row-function.ts';
import { centredRows, meanRow, meanSimilarity, partPairs } from './held-out.ts';
import type { LinkageStudent, MaskedFace } from './student.ts';

/** Ridges that are tried; a pair's squared norm is 1 on average, so that these are numbers of pairs. */
const RIDGES = [0.01, 0.1, 1] as const;

/** The regression is solved in the pairs' own products, which grow with their square: of more pairs this many are drawn. */
const MOST_PAIRS = 1024;

/** What the regression looks at: the numbers themselves, or what they are without their sign, which is all that random signs leave (InstaHide). */
const SIGHTS = ['values', 'magnitudes'] as const;

type Sight = (typeof SIGHTS)[number];

const SEEN: readonly (readonly Sight[])[] = [['values'], ['magnitudes'], ['values', 'magnitudes']];

/**
 * Ridge regression of templates on masked faces, and on their magnitudes: what is tried is chosen on held-out people of the attacker's, then all pairs are used.
 *
 * Cost: some seconds for 1,000 pairs of [36,14,14].
 *
 * Sources: Hoerl and Kennard 1970; magnitudes against random signs: Carlini et al., "Is private learning possible with instance encoding?", S&P 2021.
 */
export const ridgeStudent: LinkageStudent = {
  name: 'ridge regression',
  description: 'A linear map from the masked numbers and their magnitudes, in closed form.',
  train: async (given, options) => {
    requireMaskedShape(
      given.map(({ masked }) => masked),
      options.shape,
    );
    const pairs = new Random(options.seed).fork('ridge').sample(given, MOST_PAIRS);
    const { kept, heldOut } = partPairs(pairs, options.seed);
    const [learnt, asked] = [await products(kept, kept, options), await products(heldOut, kept, options)];
    const mean = meanRow(templates(kept));
    const targets = matrixOf(centredRows(templates(kept), mean));
    const wanted = centredRows(templates(heldOut), mean);
    let best: { readonly similarity: number; readonly sights: readonly Sight[]; readonly ridge: number } | undefined;
    for (const sights of SEEN) {
      for (const ridge of RIDGES) {
        throwIfAborted(options);
        const predicted = total(asked, sights).mmul(solve(total(learnt, sights), targets, ridge));
        const similarity = meanSimilarity(rowsOf(predicted), wanted);
        if (!best || similarity > best.similarity) best = { similarity, sights, ridge };
      }
    }
    const { sights, ridge } = best as NonNullable<typeof best>;
    const all = await products(pairs, pairs, options);
    const centred = matrixOf(centredRows(templates(pairs), meanRow(templates(pairs))));
    const parts = rowsOf(solve(total(all, sights), centred, ridge));
    return openRowFunction(await studentGraph(pairs, parts, { ...options, sights }), options);
  },
};

const templates = (pairs: readonly MaskedFace[]): Float32Array[] => pairs.map(({ template }) => template);

/** What a sight sees of masked faces, about its mean over `of`, and with squared norm 1 on average there. */
interface SeenPairs {
  readonly mean: Float32Array;
  readonly factor: number;
  readonly rows: readonly Float32Array[];
}

const look = (pairs: readonly MaskedFace[], sight: Sight): Float32Array[] =>
  pairs.map(({ masked }) => (sight === 'values' ? masked : masked.map(Math.abs)));

function seen(pairs: readonly MaskedFace[], of: readonly MaskedFace[], sight: Sight): SeenPairs {
  const reference = look(of, sight);
  const mean = meanRow(reference);
  let squares = 0;
  for (const row of centredRows(reference, mean)) for (const value of row) squares += value ** 2;
  const factor = squares > 0 ? Math.sqrt(of.length / squares) : 0;
  const rows = centredRows(look(pairs, sight), mean).map((row) => row.map((value) => value * factor));
  return { mean, factor, rows };
}

/** For each sight the products of every row of `pairs` with every one of `of`. */
async function products(
  pairs: readonly MaskedFace[],
  of: readonly MaskedFace[],
  options: SessionOptions,
): Promise<Readonly<Record<Sight, Matrix>>> {
  const each = async (sight: Sight): Promise<Matrix> =>
    multiplied(seen(pairs, of, sight).rows, seen(of, of, sight).rows, { ...options, transB: true });
  return { values: await each('values'), magnitudes: await each('magnitudes') };
}

/** A B', or A' B, of matrices that are given by their rows. */
async function multiplied(
  a: readonly Float32Array[],
  b: readonly Float32Array[],
  options: SessionOptions & { readonly transA?: boolean; readonly transB?: boolean },
): Promise<Matrix> {
  const { transA = false, transB = false, ...session } = options;
  const shapes = { a: [a.length, a[0]?.length ?? 0], b: [b.length, b[0]?.length ?? 0] };
  const builder = new GraphBuilder('products');
  const product = gemm(builder.input('a', shapes.a), builder.input('b', shapes.b), { transA, transB });
  builder.output('product', product);
  const opened = await createSession(builder.build(), session);
  const found = await opened.run({ a: float32(joinRows(a), shapes.a), b: float32(joinRows(b), shapes.b) });
  await opened.release();
  const [rows, columns] = product.shape as [number, number];
  return Matrix.from1DArray(rows, columns, toNumbers(found.product as Tensor));
}

function total(matrices: Readonly<Record<Sight, Matrix>>, sights: readonly Sight[]): Matrix {
  const [first, ...others] = sights.map((sight) => matrices[sight]) as [Matrix, ...Matrix[]];
  return others.reduce((sum, matrix) => sum.add(matrix), first.clone());
}

function solve(gram: Matrix, targets: Matrix, ridge: number): Matrix {
  return new CholeskyDecomposition(gram.clone().add(Matrix.eye(gram.rows).mul(ridge))).solve(targets);
}

/** The student as a model: input `masked` [N,C,h,w], output `template` [N,D]. @param parts - how much each pair counts, for each of the D numbers. */
async function studentGraph(
  pairs: readonly MaskedFace[],
  parts: readonly Float32Array[],
  options: SessionOptions & { readonly shape: MaskedShape; readonly sights: readonly Sight[] },
): Promise<Graph> {
  const builder = new GraphBuilder('ridge_student');
  const masked = flatten(builder.input('masked', [1, ...options.shape]));
  const terms: Value[] = [];
  for (const sight of options.sights) {
    const { mean, factor, rows } = seen(pairs, pairs, sight);
    const weights = (await multiplied(rows, parts, { ...options, transA: true })).mul(factor);
    const shape = [weights.rows, weights.columns];
    const centre = builder.constant(float32(mean, [1, mean.length]), `mean_${sight}`);
    const numbers = sub(sight === 'values' ? masked : abs(masked), centre);
    terms.push(gemm(numbers, builder.constant(float32(Float32Array.from(weights.to1DArray()), shape), sight)));
  }
  builder.output(
    'template',
    terms.reduce((sum, term) => add(sum, term)),
  );
  return withFreeBatch(builder.build());
}

const matrixOf = (rows: readonly Float32Array[]): Matrix => new Matrix(rows.map((row) => Array.from(row)));

const rowsOf = (matrix: Matrix): Float32Array[] => matrix.to2DArray().map((row) => Float32Array.from(row));
