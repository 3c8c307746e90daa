import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError, ShapeError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { compareAll } from './score-set.ts';
import { cosineSimilarity, cosineSimilarityOr, normalise, normaliseOrZero, similarityMatrix } from './similarity.ts';

describe('cosineSimilarity', () => {
  it('is the cosine of the angle', () => {
    expect(cosineSimilarity(Float32Array.of(1, 0), Float32Array.of(1, Math.sqrt(3)))).toBeCloseTo(0.5, 7);
    expect(cosineSimilarity(Float32Array.of(3, 4, 0, 0, 1), Float32Array.of(-6, -8, 0, 0, -2))).toBe(-1);
    expect(cosineSimilarity(Float32Array.of(0, 2), Float32Array.of(5, 0))).toBe(0);
  });

  it('stays in -1..1 and does not change with scale', () => {
    const embedding = fc.array(fc.float({ min: 0.125, max: 10, noNaN: true }), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(embedding, embedding, fc.integer({ min: 1, max: 1000 }), (a, b, scale) => {
        const once = cosineSimilarity(Float32Array.from(a), Float32Array.from(b));
        const scaled = cosineSimilarity(
          Float32Array.from(a, (value) => value * scale),
          Float32Array.from(b),
        );
        expect(Math.abs(once)).toBeLessThanOrEqual(1);
        expect(scaled).toBeCloseTo(once, 5);
      }),
    );
  });

  it('refuses embeddings without a direction and of different lengths', () => {
    expect(() => cosineSimilarity(Float32Array.of(0, 0), Float32Array.of(1, 0))).toThrow(InputError);
    expect(() => cosineSimilarity(Float32Array.of(1, Number.NaN), Float32Array.of(1, 0))).toThrow(InputError);
    expect(() => cosineSimilarity(Float32Array.of(1), Float32Array.of(1, 0))).toThrow(ShapeError);
  });
});

describe('cosineSimilarityOr', () => {
  const [zeros, ones] = [new Float32Array(3), new Float32Array(3).fill(1)];

  it('gives the stand-in for zeros alone', () => {
    expect(cosineSimilarityOr(-1, zeros, ones)).toBe(-1);
    expect(cosineSimilarityOr(-1, ones, zeros)).toBe(-1);
    expect(cosineSimilarityOr(-1, ones, ones)).toBeCloseTo(1, 6);
  });

  it('still refuses a number that is not finite', () => {
    expect(() => cosineSimilarityOr(-1, ones, Float32Array.of(1, Number.NaN, 1))).toThrow(InputError);
  });
});

describe('similarityMatrix', () => {
  it('holds the cosine of each row with each column', () => {
    const random = new Random(1);
    const rows = Array.from({ length: 3 }, () => random.normals(7));
    const columns = Array.from({ length: 5 }, () => random.normals(7));
    const matrix = similarityMatrix(rows, columns);
    expect(matrix.map((row) => row.length)).toEqual([5, 5, 5]);
    rows.forEach((row, i) => {
      columns.forEach((column, j) => {
        expect(matrix[i]?.[j]).toBeCloseTo(cosineSimilarity(row, column), 6);
      });
    });
  });

  it('refuses rows and columns of different lengths', () => {
    expect(() => similarityMatrix([Float32Array.of(1)], [Float32Array.of(1, 0)])).toThrow(ShapeError);
    expect(() => similarityMatrix([Float32Array.of(1), Float32Array.of(1, 2)], [Float32Array.of(1)])).toThrow(
      ShapeError,
    );
  });
});

describe('normalise', () => {
  it('gives length 1 and leaves its input alone', () => {
    const embedding = Float32Array.of(3, 0, 4);
    expect([...normalise(embedding)]).toEqual([Math.fround(0.6), 0, Math.fround(0.8)]);
    expect([...embedding]).toEqual([3, 0, 4]);
  });
});

describe('compareAll', () => {
  it('tells genuine from impostor comparisons and compares each pair once', () => {
    const embeddings = [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(2, 0), Float32Array.of(0, 3)];
    const { genuine, impostors } = compareAll(embeddings, ['a', 'b', 'a', 'c']);
    expect([...genuine]).toEqual([1]);
    expect([...impostors]).toEqual([0, 0, 0, 1, 0]);
  });

  it('needs a person for each embedding', () => {
    expect(() => compareAll([Float32Array.of(1)], [])).toThrow(InputError);
  });
});

it('normaliseOrZero gives length 1, and zeros as they are, as a copy', () => {
  const zeros = new Float32Array(3);
  expect([...normaliseOrZero(Float32Array.of(3, 0, -4))].map((value) => value.toFixed(6))).toEqual([
    '0.600000',
    '0.000000',
    '-0.800000',
  ]);
  expect(normaliseOrZero(zeros)).toEqual(zeros);
  expect(normaliseOrZero(zeros)).not.toBe(zeros);
  expect(() => normaliseOrZero(Float32Array.of(Number.NaN))).toThrow(InputError);
});
