import { Matrix, SVD } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../util/random.ts';
import { type MixEquation, type MixSolution, solveMixes } from './mix-system.ts';

/** The same by singular values: an image is determined where no null vector moves it. */
function bySingularValues(equations: readonly MixEquation[], count: number): Pick<MixSolution, 'rank' | 'determined'> {
  // Padded with zero rows: as many right singular vectors as there are images.
  const matrix = Matrix.zeros(Math.max(count, equations.length), count);
  equations.forEach(({ images, weights }, row) => {
    images.forEach((image, i) => {
      matrix.set(row, image, weights[i] as number);
    });
  });
  const { diagonal, rightSingularVectors } = new SVD(matrix);
  const free = diagonal.flatMap((value, i) => (value < 1e-9 ? [i] : []));
  const determined = Array.from({ length: count }, (_, image) =>
    free.every((column) => Math.abs(rightSingularVectors.get(image, column)) < 1e-7),
  );
  return { rank: count - free.length, determined };
}

/** Mixes of two to four images each, by weights that have nothing to do with each other. */
function randomMixes(count: number, mixes: number, seed: number): MixEquation[] {
  const random = new Random(seed);
  const all = Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: mixes }, () => {
    const images = random.sample(all, 2 + random.integer(3));
    const drawn = images.map(() => 0.1 + random.uniform());
    const sum = drawn.reduce((a, b) => a + b, 0);
    return { images, weights: drawn.map((value) => value / sum) };
  });
}

const mix = (images: readonly number[], weights: readonly number[]): MixEquation => ({ images, weights });

describe('a system of mixes', () => {
  test.each([
    ['an image alone', [mix([0], [1])], [true]],
    ['one mix of two', [mix([0, 1], [0.5, 0.5])], [false, false]],
    ['two mixes of the same two', [mix([0, 1], [0.5, 0.5]), mix([0, 1], [0.6, 0.4])], [true, true]],
    ['the same mix twice', [mix([0, 1], [0.6, 0.4]), mix([1, 0], [0.4, 0.6])], [false, false]],
    [
      'a ring of equal weights',
      [mix([0, 1], [0.5, 0.5]), mix([1, 2], [0.5, 0.5]), mix([2, 3], [0.5, 0.5]), mix([3, 0], [0.5, 0.5])],
      [false, false, false, false],
    ],
    ['an odd ring', [mix([0, 1], [0.5, 0.5]), mix([1, 2], [0.5, 0.5]), mix([2, 0], [0.5, 0.5])], [true, true, true]],
    [
      'proportions again, in a mix of one more',
      [mix([0, 1], [0.5, 0.5]), mix([0, 1, 2], [0.25, 0.25, 0.5])],
      [false, false, true],
    ],
    [
      'a known one that opens the next',
      [mix([0], [1]), mix([0, 1], [0.3, 0.7]), mix([1, 2, 3], [0.2, 0.3, 0.5])],
      [true, true, false, false],
    ],
    [
      'weights as float32 has them',
      [
        mix([0, 1], [Math.fround(0.55), Math.fround(0.45)]),
        mix([0, 1, 2], [Math.fround(0.11), Math.fround(0.09), Math.fround(0.8)]),
      ],
      [false, false, true],
    ],
  ])('of %s is solved as by hand', (_, equations, determined) => {
    expect(solveMixes(equations, determined.length).determined).toEqual(determined);
  });

  test.each([
    [12, 6],
    [12, 11],
    [12, 12],
    [25, 20],
    [25, 60],
    [40, 34],
  ])('of %d images in %d random mixes is solved as by singular values, and by its structure alike', (count, mixes) => {
    for (let seed = 0; seed < 5; seed++) {
      const equations = randomMixes(count, mixes, seed);
      const wanted = bySingularValues(equations, count);
      expect(solveMixes(equations, count)).toEqual({ ...wanted, judgedByStructure: 0 });
      const byStructure = solveMixes(equations, count, { greatestPart: 1 });
      expect({ rank: byStructure.rank, determined: byStructure.determined }).toEqual(wanted);
      expect(byStructure.judgedByStructure).toBeGreaterThan(0);
    }
  });

  test('with a part too great for elimination is judged by its structure, and says so', () => {
    const ring = Array.from({ length: 4000 }, (_, i) => mix([i, (i + 1) % 4000], [0.5 + i / 1e4, 0.5 - i / 1e4]));
    const outside = [mix([4000, 4001], [0.5, 0.5])];
    const { rank, determined, judgedByStructure } = solveMixes([...ring, ...outside], 4002);
    expect({ rank, judgedByStructure }).toEqual({ rank: 4001, judgedByStructure: 4000 });
    expect(determined.filter(Boolean)).toHaveLength(4000);
    expect(determined.slice(4000)).toEqual([false, false]);
    expect(solveMixes(ring.slice(1), 4000).determined).not.toContain(true);
  });
});
