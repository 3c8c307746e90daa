import { describe, expect, it } from 'vitest';
import { InputError, ShapeError } from '../util/errors.ts';
import { frechetDistance } from './frechet-distance.ts';

/** The rows that the numbers below were made of in numpy, in float32. */
function rows(count: number, { phase = 0, scale = 1, shift = 0 }): Float32Array[] {
  return Array.from({ length: count }, (_, i) =>
    Float32Array.from(
      { length: 5 },
      (_, j) => scale * Math.sin(1.3 * i * (j + 1) + phase + 0.7 * j * j) + (shift * j) / 5,
    ),
  );
}

const A = rows(30, { phase: 0.2 });
const B = rows(24, { phase: 1.1, scale: 1.3, shift: 0.4 });

describe('frechetDistance', () => {
  it('agrees with scipy', () => {
    // scipy 1.17: |m1 - m2|^2 + tr(S1 + S2 - 2 sqrtm(S1 S2).real), covariances by numpy.cov.
    expect(frechetDistance(A, B)).toBeCloseTo(0.6679418211191067, 6);
    expect(frechetDistance(B, A)).toBeCloseTo(0.6679418211191067, 6);
  });

  it('agrees with scipy where there are fewer rows than numbers', () => {
    expect(frechetDistance(A, rows(4, { phase: 0.5 }))).toBeCloseTo(1.5116377321324217, 5);
  });

  it('agrees with scipy where features are longer than both sets are large', () => {
    // Each number 200 times, by the root of that: distances stay as they are.
    const long = (short: readonly Float32Array[]): Float32Array[] =>
      short.map((row) => Float32Array.from({ length: 1000 }, (_, j) => (row[j % 5] as number) / Math.sqrt(200)));
    expect(frechetDistance(long(A), long(B))).toBeCloseTo(0.6679418211191067, 6);
  });

  it('is what a hand finds in one dimension: the squared differences of means and of deviations', () => {
    const line = (...values: number[]): Float32Array[] => values.map((value) => Float32Array.of(value));
    // Means 0 and 10, deviations 1 and 2.
    expect(frechetDistance(line(-1, 0, 1), line(8, 10, 12))).toBeCloseTo(100 + 1, 9);
  });

  it('is 0 for the same set', () => {
    expect(frechetDistance(A, [...A].reverse())).toBeCloseTo(0, 6);
  });

  it('refuses what has no covariance', () => {
    expect(() => frechetDistance(A, A.slice(0, 1))).toThrow(InputError);
    expect(() => frechetDistance(A, [new Float32Array(4), new Float32Array(4)])).toThrow(ShapeError);
    expect(() => frechetDistance(A, [new Float32Array(5), Float32Array.of(0, 0, Number.NaN, 0, 0)])).toThrow(
      InputError,
    );
  });
});
