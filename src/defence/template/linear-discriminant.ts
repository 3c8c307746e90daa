import { InputError, ShapeError } from '../../util/errors.ts';

/** Vectors, and to which of two classes each belongs. */
export interface LabelledVectors {
  /** [D] each. */
  readonly vectors: readonly Float32Array[];
  readonly labels: readonly boolean[];
}

/** Weight of the identity beside the scatter, as a share of the scatter's mean diagonal. */
const RIDGE = 1e-2;

/** Steps of the conjugate gradient: the scatter of embeddings has few large directions. */
const STEPS = 60;

/**
 * Fisher's linear discriminant, of length 1: the direction w that solves (S + r I) w = m1 - m0, where S is the mean of the two classes' scatters (each counts as much as the other) and m their means.
 * Undefined where the classes have one mean.
 *
 * Solved by conjugate gradients, so that S [D,D] is never made: each step costs two passes over the vectors.
 *
 * Sources: Fisher, The use of multiple measurements in taxonomic problems (1936); Hestenes and Stiefel, J. Res. NBS 49 (1952).
 *
 * @throws InputError where a class is empty; ShapeError where lengths differ.
 */
export function linearDiscriminant({ vectors, labels }: LabelledVectors): Float64Array | undefined {
  const size = vectors[0]?.length ?? 0;
  if (vectors.length !== labels.length || vectors.some(({ length }) => length !== size))
    throw new ShapeError(`${vectors.length} vectors and ${labels.length} labels make no classes`);
  const counts = [labels.filter((label) => !label).length, labels.filter((label) => label).length] as const;
  if (counts[0] === 0 || counts[1] === 0) throw new InputError('a discriminant needs two classes');
  const classes = labels.map(Number);
  const means = classMeans(vectors, classes, counts, size);
  const difference = means[1].map((value, j) => value - (means[0][j] as number));
  if (norm(difference) < 1e-9) return undefined;
  const rows = vectors.map((vector, i) => {
    const mean = means[classes[i] as 0 | 1];
    const scale = Math.sqrt(1 / (2 * counts[classes[i] as 0 | 1]));
    return Float64Array.from(vector, (value, j) => scale * (value - (mean[j] as number)));
  });
  const trace = rows.reduce((sum, row) => sum + dot(row, row), 0);
  const ridge = (RIDGE * trace) / size + 1e-12;
  const solved = conjugateGradient((w) => scatterTimes(rows, w, ridge), difference);
  const length = norm(solved);
  return length > 0 ? solved.map((value) => value / length) : undefined;
}

function classMeans(
  vectors: readonly Float32Array[],
  classes: readonly number[],
  counts: readonly [number, number],
  size: number,
): readonly [Float64Array, Float64Array] {
  const means = [new Float64Array(size), new Float64Array(size)] as const;
  vectors.forEach((vector, i) => {
    const own = classes[i] as 0 | 1;
    const mean = means[own];
    for (let j = 0; j < size; j++) mean[j] = (mean[j] as number) + (vector[j] as number) / counts[own];
  });
  return means;
}

function scatterTimes(rows: readonly Float64Array[], w: Float64Array, ridge: number): Float64Array {
  const out = w.map((value) => ridge * value);
  for (const row of rows) {
    const along = dot(row, w);
    for (let j = 0; j < out.length; j++) out[j] = (out[j] as number) + along * (row[j] as number);
  }
  return out;
}

function conjugateGradient(times: (w: Float64Array) => Float64Array, target: Float64Array): Float64Array {
  const solution = new Float64Array(target.length);
  let residual = target.slice();
  let direction = target.slice();
  let energy = dot(residual, residual);
  const enough = 1e-12 * energy;
  for (let step = 0; step < STEPS && energy > enough; step++) {
    const image = times(direction);
    const length = energy / dot(direction, image);
    for (let j = 0; j < solution.length; j++) solution[j] = (solution[j] as number) + length * (direction[j] as number);
    residual = residual.map((value, j) => value - length * (image[j] as number));
    const next = dot(residual, residual);
    direction = residual.map((value, j) => value + (next / energy) * (direction[j] as number));
    energy = next;
  }
  return solution;
}

/** Sum of products. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] as number) * (b[j] as number);
  return sum;
}

const norm = (vector: Float64Array): number => Math.sqrt(dot(vector, vector));
