import { describe, expect, test } from 'vitest';
import { Random } from '../../util/random.ts';
import { dot, linearDiscriminant } from './linear-discriminant.ts';
import { fitNullSpaceProjection } from './null-space-projection.ts';

/** Embeddings of 12 numbers that tell an attribute along two directions. */
function embeddings(count: number, seed: string): { readonly vectors: Float32Array[]; readonly labels: boolean[] } {
  const random = new Random(seed);
  const labels = Array.from({ length: count }, () => random.uniform() < 0.3);
  const vectors = labels.map((label) => {
    const vector = random.normals(12);
    vector[0] = (vector[0] as number) + (label ? 2 : 0);
    vector[5] = (vector[5] as number) - (label ? 1.5 : 0);
    return vector;
  });
  return { vectors, labels };
}

describe('linear discriminant', () => {
  test('in the plane, by hand', () => {
    // Class scatters diag(1, 4) and diag(1, 4) about (0, 0) and (2, 4): the direction of (2/1, 4/4), but for the ridge.
    const about = (x: number, y: number): Float32Array[] =>
      [
        [-1, -2],
        [-1, 2],
        [1, -2],
        [1, 2],
      ].map(([a = 0, b = 0]) => Float32Array.from([x + a, y + b]));
    const vectors = [...about(0, 0), ...about(2, 4)];
    const found = linearDiscriminant({ vectors, labels: vectors.map((_, i) => i >= 4) }) ?? [];
    expect((found[0] as number) / (found[1] as number)).toBeCloseTo(2, 1);
    expect(dot(found, found)).toBeCloseTo(1, 12);
  });

  test('solves its equations, against elimination', () => {
    const { vectors, labels } = embeddings(300, 'solve');
    const found = linearDiscriminant({ vectors, labels });
    expect(found).toBeDefined();
    const expected = byElimination(vectors, labels);
    expect(dot(found ?? [], expected)).toBeCloseTo(1, 8);
  });

  test('one mean has no direction', () => {
    const vectors = [1, -1, 1, -1].map((x) => Float32Array.from([x, 0]));
    expect(linearDiscriminant({ vectors, labels: [true, true, false, false] })).toBeUndefined();
  });
});

describe('null-space projection', () => {
  const fitted = embeddings(600, 'fitted');
  const judged = embeddings(600, 'judged');
  const projection = fitNullSpaceProjection(fitted, { directions: 5 });

  test('takes out as many orthonormal directions as it is told', () => {
    const { directions } = projection;
    expect(directions).toHaveLength(5);
    directions.forEach((a, i) => {
      directions.forEach((b, j) => {
        expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 10);
      });
    });
  });

  test('what is projected has nothing along the directions, and twice is once', () => {
    const [vector = new Float32Array()] = judged.vectors;
    const once = projection.apply(vector);
    for (const direction of projection.directions) expect(dot(direction, once)).toBeCloseTo(0, 5);
    projection.apply(once).forEach((value, j) => {
      expect(value).toBeCloseTo(once[j] as number, 5);
    });
  });

  test('on other people, the mean difference that told the attribute is gone', () => {
    const gap = (vectors: readonly Float32Array[]): number => {
      const mean = (label: boolean, j: number): number => {
        const own = vectors.filter((_, i) => judged.labels[i] === label);
        return own.reduce((sum, vector) => sum + (vector[j] as number), 0) / own.length;
      };
      return Math.hypot(...Array.from({ length: 12 }, (_, j) => mean(true, j) - mean(false, j)));
    };
    expect(gap(judged.vectors)).toBeGreaterThan(2.2);
    expect(gap(judged.vectors.map(projection.apply))).toBeLessThan(0.6);
  });

  test('takes out nothing where both classes have one mean', () => {
    const vectors = [1, -1, 1, -1].map((x) => Float32Array.from([x, 0]));
    expect(fitNullSpaceProjection({ vectors, labels: [true, true, false, false] }).directions).toHaveLength(0);
  });
});

/** The same discriminant by Gauss's elimination, with the scatter as a matrix. */
function byElimination(vectors: readonly Float32Array[], labels: readonly boolean[]): number[] {
  const size = 12;
  const of = (wanted: boolean): Float32Array[] => vectors.filter((_, i) => labels[i] === wanted);
  const mean = (own: readonly Float32Array[]): number[] =>
    Array.from({ length: size }, (_, j) => own.reduce((sum, vector) => sum + (vector[j] as number), 0) / own.length);
  const means = [mean(of(false)), mean(of(true))];
  const matrix = Array.from({ length: size }, (_, r) =>
    Array.from({ length: size }, (_column, c) =>
      [false, true].reduce((sum, wanted, k) => {
        const own = of(wanted);
        const products = own.map(
          (vector) => ((vector[r] as number) - (means[k]?.[r] ?? 0)) * ((vector[c] as number) - (means[k]?.[c] ?? 0)),
        );
        return sum + products.reduce((total, value) => total + value, 0) / own.length / 2;
      }, 0),
    ),
  );
  const trace = matrix.reduce((sum, row, i) => sum + (row[i] as number), 0);
  const rows = matrix.map((row, i) => [
    ...row.map((value, j) => value + (i === j ? (1e-2 * trace) / size : 0)),
    (means[1]?.[i] ?? 0) - (means[0]?.[i] ?? 0),
  ]);
  rows.forEach((pivot, i) => {
    const scale = pivot[i] as number;
    pivot.forEach((value, j) => {
      pivot[j] = value / scale;
    });
    rows.forEach((row, k) => {
      if (k === i) return;
      const factor = row[i] as number;
      row.forEach((value, j) => {
        row[j] = value - factor * (pivot[j] as number);
      });
    });
  });
  const solution = rows.map((row) => row[size] as number);
  const length = Math.hypot(...solution);
  return solution.map((value) => value / length);
}
