import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import { InputError } from '../../util/errors.ts';
import { type EmbeddingScale, embeddingScale } from './pairs.ts';

/**
 * A linear map from one encoder's embeddings to another's, so that an inverter that was trained for the second inverts the first.
 *
 * y = mean(to) + W (x - mean(from)): both sides are centred.
 */
export interface Adapter {
  readonly from: EmbeddingScale;
  readonly to: EmbeddingScale;
  /** [from, to], in the centred and scaled units of both sides. */
  readonly weights: Float64Array;
  /** The ridge that held-out pairs preferred, in units of one pair. */
  readonly ridge: number;
  /** Mean cosine similarity (centred) between mapped and true embeddings of held-out pairs: how well the two spaces correspond. */
  readonly heldOutSimilarity: number;
  readonly pairs: number;
}

/** Ridges that are tried; in scaled units an embedding's squared norm is 1, so these are numbers of pairs. */
const RIDGES = [0.003, 0.03, 0.3, 3] as const;

/** Fewer pairs say nothing about a space of a hundred dimensions. */
const FEWEST_PAIRS = 10;

/**
 * Learns the map by ridge regression; every fifth pair is held out to choose the ridge, then all are used. Source: Idiap's adapter (reference/inversion.md).
 *
 * Cost: under a second for 256 pairs, some seconds for 1,000.
 *
 * @param from - the encoder under attack: one embedding per image.
 * @param to - the encoder whose inverter is at hand: embeddings of the same images, in the same order.
 * @throws InputError for fewer than 10 pairs.
 */
export function fitAdapter(from: readonly Float32Array[], to: readonly Float32Array[]): Adapter {
  if (from.length !== to.length || from.length < FEWEST_PAIRS) {
    throw new InputError(
      `an adapter needs at least ${FEWEST_PAIRS} pairs of embeddings, got ${Math.min(from.length, to.length)}`,
      {
        hint: 'give more images that both encoders can see',
      },
    );
  }
  const scales = { from: embeddingScale(from), to: embeddingScale(to) };
  const x = scaled(from, scales.from);
  const y = scaled(to, scales.to);
  const isHeldOut = (_: unknown, i: number): boolean => i % 5 === 4;
  const isKept = (_: unknown, i: number): boolean => i % 5 !== 4;
  const [xKept, yKept] = [new Matrix(x.filter(isKept)), new Matrix(y.filter(isKept))];
  const [xHeld, yHeld] = [x.filter(isHeldOut), y.filter(isHeldOut)];
  const product = gram(xKept);
  let best: { readonly ridge: number; readonly similarity: number } | undefined;
  for (const ridge of RIDGES) {
    const mapped = new Matrix(xHeld).mmul(solve(xKept, yKept, ridge, product));
    const similarity = mean(
      yHeld.map((row, i) => cosineSimilarityOr(0, Float32Array.from(row), Float32Array.from(mapped.getRow(i)))),
    );
    if (!best || similarity > best.similarity) best = { ridge, similarity };
  }
  const { ridge, similarity } = best as NonNullable<typeof best>;
  const all = new Matrix(x);
  const weights = solve(all, new Matrix(y), ridge, gram(all));
  return {
    ...scales,
    weights: Float64Array.from(weights.to1DArray()),
    ridge,
    heldOutSimilarity: similarity,
    pairs: from.length,
  };
}

/**
 * The embedding as the other side would have it, about.
 *
 * @param options.fullNorm - brings it to the other side's usual norm: the regression shrinks what it is unsure of, and an inverter has seen embeddings of full length only.
 */
export function adaptEmbedding(
  adapter: Adapter,
  embedding: Float32Array,
  options: { readonly fullNorm: boolean },
): Float32Array {
  const { from, to, weights } = adapter;
  const [inputs, outputs] = [from.mean.length, to.mean.length];
  const mapped = new Float64Array(outputs);
  for (let i = 0; i < inputs; i++) {
    const value = ((embedding[i] as number) - (from.mean[i] as number)) * from.factor;
    for (let j = 0; j < outputs; j++) mapped[j] = (mapped[j] as number) + value * (weights[i * outputs + j] as number);
  }
  const norm = Math.hypot(...mapped);
  const stretch = (options.fullNorm && norm > 0 ? 1 / norm : 1) / (to.factor || 1);
  return Float32Array.from(mapped, (value, j) => (to.mean[j] as number) + value * stretch);
}

/** X Xt where there are fewer pairs than dimensions, else Xt X: the smaller system. */
function gram(x: Matrix): Matrix {
  return x.rows < x.columns ? x.mmul(x.transpose()) : x.transpose().mmul(x);
}

function solve(x: Matrix, y: Matrix, ridge: number, product: Matrix): Matrix {
  const system = product.clone();
  for (let i = 0; i < system.rows; i++) system.set(i, i, system.get(i, i) + ridge);
  const factor = new CholeskyDecomposition(system);
  return x.rows < x.columns ? x.transpose().mmul(factor.solve(y)) : factor.solve(x.transpose().mmul(y));
}

function scaled(embeddings: readonly Float32Array[], { mean: centre, factor }: EmbeddingScale): number[][] {
  return embeddings.map((embedding) => Array.from(embedding, (value, i) => (value - (centre[i] as number)) * factor));
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
