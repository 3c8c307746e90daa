import { InputError, ShapeError } from '../util/errors.ts';

/** The nearest of some rows, and how far it is. */
export interface Neighbour {
  readonly index: number;
  /** Euclidean. */
  readonly distance: number;
}

/**
 * The nearest reference of each row by Euclidean distance, such as the training image that lies nearest to a reconstruction (of which a copy has distance 0).
 *
 * Cost: rows * references * size multiply-adds on one thread, about 1e9 of them a second.
 *
 * @throws InputError where there is no reference; ShapeError where lengths differ.
 */
export function nearestNeighbours(
  rows: readonly Float32Array[],
  references: readonly Float32Array[],
): readonly Neighbour[] {
  if (references.length === 0) throw new InputError('there is nothing that could be nearest');
  return rows.map((row) => {
    let nearest: Neighbour = { index: -1, distance: Number.POSITIVE_INFINITY };
    references.forEach((reference, index) => {
      const distance = euclideanDistance(row, reference);
      if (distance < nearest.distance) nearest = { index, distance };
    });
    return nearest;
  });
}

/**
 * Distance of each row to the k-th nearest of the others, itself not counted.
 *
 * @throws InputError where there are not more than k rows.
 */
export function neighbourRadii(rows: readonly Float32Array[], k: number): Float64Array {
  if (!Number.isInteger(k) || k < 1 || rows.length <= k) {
    throw new InputError(`of ${rows.length} rows none has ${k} neighbours`, { hint: 'give more of them' });
  }
  const distances = rows.map(() => new Float64Array(rows.length));
  rows.forEach((row, i) => {
    for (let j = i + 1; j < rows.length; j++) {
      const distance = euclideanDistance(row, rows[j] as Float32Array);
      (distances[i] as Float64Array)[j] = distance;
      (distances[j] as Float64Array)[i] = distance;
    }
  });
  // The first of the sorted distances is the row's own, 0.
  return Float64Array.from(distances, (own) => own.sort()[k] as number);
}

/** Euclidean distance. @throws ShapeError where lengths differ. */
export function euclideanDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new ShapeError(`rows of ${a.length} and ${b.length} numbers have no distance`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return Math.sqrt(sum);
}
