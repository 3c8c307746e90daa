import { describe, expect, it } from 'vitest';
import { InputError, ShapeError } from '../util/errors.ts';
import { nearestNeighbours, neighbourRadii } from './nearest-neighbour.ts';
import { prdc } from './prdc.ts';

/** The rows that the numbers below were made of in numpy, in float32. */
function rows(count: number, size: number, { phase = 0, scale = 1, shift = 0 }): Float32Array[] {
  return Array.from({ length: count }, (_, i) =>
    Float32Array.from(
      { length: size },
      (_, j) => scale * Math.sin(1.3 * i * (j + 1) + phase + 0.7 * j * j) + (shift * j) / size,
    ),
  );
}

const REAL = rows(30, 5, { phase: 0.2 });
const GENERATED = rows(24, 5, { phase: 1.1, scale: 1.3, shift: 0.4 });

const points = (...places: number[]): Float32Array[] => places.map((place) => Float32Array.of(place));

describe('prdc', () => {
  // From numpy 2.4, the authors' code (clovaai/generative-evaluation-prdc) written out.
  it.each([
    [3, { precision: 0.7916666666666666, recall: 1, density: 0.638888888888889, coverage: 0.8 }],
    [5, { precision: 1, recall: 1, density: 0.625, coverage: 0.9666666666666667 }],
  ])('agrees with numpy for k = %i', (neighbours, wanted) => {
    const found = prdc(REAL, GENERATED, { neighbours });
    for (const [name, value] of Object.entries(wanted)) expect(found[name as keyof typeof found]).toBeCloseTo(value, 9);
  });

  it('is what a hand finds on a line', () => {
    // Real at 0, 1, 3 with k = 1: radii 1, 1, 2. Generated at 0.5, 2.5, 10: radii 2, 2, 7.5.
    // Within real neighbourhoods: 0.5 of 0 and 1; 2.5 of 3 alone; 10 of none. Within generated ones: 0 of 0.5; 1 of 0.5 and 2.5; 3 of 2.5 and of 10.
    expect(prdc(points(0, 1, 3), points(0.5, 2.5, 10), { neighbours: 1 })).toEqual({
      precision: 2 / 3,
      recall: 1,
      density: 1,
      coverage: 1,
    });
    // All generated on one spot far away: nothing is reached.
    expect(prdc(points(0, 1, 3), points(50, 51, 52), { neighbours: 1 })).toEqual({
      precision: 0,
      recall: 0,
      density: 0,
      coverage: 0,
    });
  });

  it('tells a generator that repeats one face from one that does not', () => {
    const one = GENERATED.map((_, i) => (REAL[4] as Float32Array).map((value) => value + 1e-3 * i));
    const repeating = prdc(REAL, one);
    expect(repeating.precision).toBe(1);
    expect(repeating.coverage).toBeLessThan(0.3);
    expect(repeating.recall).toBeLessThan(0.1);
  });

  it('refuses sets that have no such neighbours', () => {
    expect(() => prdc(points(0, 1, 2), points(0, 1, 2, 3))).toThrow(InputError);
    expect(() => prdc(REAL, points(0, 1, 2, 3))).toThrow(ShapeError);
    expect(() => prdc(REAL, GENERATED, { neighbours: 0 })).toThrow(InputError);
  });
});

describe('nearest neighbours', () => {
  it('agree with numpy', () => {
    const nearest = nearestNeighbours(GENERATED, REAL).slice(0, 3);
    expect(nearest.map(({ index }) => index)).toEqual([5, 6, 7]);
    // From numpy 2.4.
    [1.0235153148942449, 0.7478314859015937, 1.0834553208327535].forEach((distance, i) => {
      expect(nearest[i]?.distance).toBeCloseTo(distance, 7);
    });
  });

  it('know a copy, and do not count a row as its own neighbour', () => {
    expect(nearestNeighbours([REAL[7] as Float32Array], REAL)).toEqual([{ index: 7, distance: 0 }]);
    expect([...neighbourRadii(points(0, 1, 3, 7), 2)]).toEqual([3, 2, 3, 6]);
    expect(() => nearestNeighbours(REAL, [])).toThrow(InputError);
  });
});
