import { InputError, ShapeError } from '../util/errors.ts';

/**
 * Cosine similarity of two embeddings: -1..1, higher is more alike.
 *
 * @throws ShapeError where the lengths differ; InputError where one of them has no direction.
 */
export function cosineSimilarity(a: Float32Array, b: Float32Array): number {
  requireSameLength(a, b);
  return clampCosine(dot(a, b) / (lengthOf(a) * lengthOf(b)));
}

/**
 * {@link cosineSimilarity}, and `ofZeros` where an embedding is all zeros: an encoder may give that to a face that it cannot make out.
 *
 * @throws ShapeError where the lengths differ; InputError for a number that is not finite.
 */
export function cosineSimilarityOr(ofZeros: number, a: Float32Array, b: Float32Array): number {
  const isZero = (value: number): boolean => value === 0;
  return a.every(isZero) || b.every(isZero) ? ofZeros : cosineSimilarity(a, b);
}

/**
 * The embedding scaled to Euclidean length 1, as a copy.
 *
 * @throws InputError where it has no direction (all zeros, or a number that is not finite).
 */
export function normalise(embedding: Float32Array): Float32Array {
  const scale = 1 / lengthOf(embedding);
  return embedding.map((value) => value * scale);
}

/** {@link normalise}, and zeros as they are: an encoder may give that to a face that it cannot make out. @throws InputError for a number that is not finite. */
export const normaliseOrZero = (embedding: Float32Array): Float32Array =>
  embedding.every((value) => value === 0) ? embedding.slice() : normalise(embedding);

/**
 * Cosine similarities of every row with every column: result[i][j] belongs to rows[i] and columns[j]; -1..1, higher is more alike.
 *
 * Costs rows * columns * size multiply-adds on one thread, about 1e9 of them a second.
 *
 * @throws ShapeError where lengths differ; InputError where an embedding has no direction.
 */
export function similarityMatrix(rows: readonly Float32Array[], columns: readonly Float32Array[]): Float32Array[] {
  const unitColumns = columns.map(normalise);
  for (const column of unitColumns) if (rows[0] !== undefined) requireSameLength(rows[0], column);
  return rows.map((row) => {
    if (rows[0] !== undefined) requireSameLength(rows[0], row);
    return similaritiesTo(normalise(row), unitColumns);
  });
}

/**
 * Cosine similarities of one embedding with many, all of them already of length 1; -1..1, higher is more alike.
 *
 * @param from - index of the first of `others` to compare with; the result has others.length - from numbers.
 */
export function similaritiesTo(unit: Float32Array, others: readonly Float32Array[], from = 0): Float32Array {
  const out = new Float32Array(Math.max(0, others.length - from));
  for (let j = 0; j < out.length; j++) out[j] = clampCosine(dot(unit, others[from + j] ?? unit));
  return out;
}

/** Four sums side by side, so that the processor need not wait for each addition. */
function dot(a: Float32Array, b: Float32Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = a.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    s0 += (a[i] as number) * (b[i] as number);
    s1 += (a[i + 1] as number) * (b[i + 1] as number);
    s2 += (a[i + 2] as number) * (b[i + 2] as number);
    s3 += (a[i + 3] as number) * (b[i + 3] as number);
  }
  for (let i = whole; i < a.length; i++) s0 += (a[i] as number) * (b[i] as number);
  return s0 + s1 + (s2 + s3);
}

function lengthOf(embedding: Float32Array): number {
  const length = Math.sqrt(dot(embedding, embedding));
  if (length > 0 && Number.isFinite(length)) return length;
  throw new InputError('an embedding has no direction: it is all zeros, or holds a number that is not finite', {
    hint: 'check that the encoder gets its pixels in the range and layout that it was trained on',
  });
}

function requireSameLength(a: Float32Array, b: Float32Array): void {
  if (a.length !== b.length)
    throw new ShapeError(`embeddings of ${a.length} and ${b.length} numbers cannot be compared`);
}

/** Rounding can leave -1..1 by an ulp. */
function clampCosine(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
