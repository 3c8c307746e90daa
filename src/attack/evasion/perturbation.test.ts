import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Norm, project, sizeOfPerturbation, steepestDirection } from './perturbation.ts';

const NORMS: readonly Norm[] = ['linf', 'l2'];
const pixels = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });

describe('sizeOfPerturbation', () => {
  test('by hand: changes of 0.3, 0.4, 0 and 0', () => {
    const clean = Float32Array.of(0.5, 0.5, 0.5, 0.5);
    const changed = Float32Array.of(0.8, 0.1, 0.5, 0.5);
    expect(sizeOfPerturbation(changed, clean, 'linf')).toBeCloseTo(0.4, 6);
    // Root of (0.09 + 0.16) / 4.
    expect(sizeOfPerturbation(changed, clean, 'l2')).toBeCloseTo(0.25, 6);
  });
});

describe('steepestDirection', () => {
  test('is the sign, or the gradient at root mean square 1', () => {
    const gradient = Float32Array.of(3, 0, -4, 0);
    expect([...steepestDirection(gradient, 'linf')]).toEqual([1, 0, -1, 0]);
    // Norm 5 over root 4 is a root mean square of 2.5.
    const direction = steepestDirection(gradient, 'l2');
    for (const [i, wanted] of [1.2, 0, -1.6, 0].entries()) expect(direction[i]).toBeCloseTo(wanted, 6);
  });

  test.each(NORMS)('in %s nothing comes of a gradient of zeros', (norm) => {
    expect([...steepestDirection(new Float32Array(3), norm)]).toEqual([0, 0, 0]);
  });
});

describe('project', () => {
  test.each(NORMS)('in %s it keeps the budget and the range, whatever was done to a face', (norm) => {
    fc.assert(
      fc.property(
        pixels,
        fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 30, maxLength: 30 }),
        fc.float({ min: 0, max: Math.fround(0.3), noNaN: true }),
        (from, changes, epsilon) => {
          const clean = Float32Array.from(from);
          const face = clean.map((value, i) => value + (changes[i] ?? 0));
          project(face, clean, epsilon, norm);
          expect(sizeOfPerturbation(face, clean, norm)).toBeLessThanOrEqual(epsilon + 1e-6);
          expect(face.every((value) => value >= 0 && value <= 1)).toBe(true);
        },
      ),
    );
  });

  test.each(NORMS)('in %s a budget of nothing gives the clean face back, changed or not', (norm) => {
    const clean = Float32Array.of(0.2, 0.5);
    for (const face of [clean.slice(), Float32Array.of(0.9, 0.1)]) {
      project(face, clean, 0, norm);
      expect([...face]).toEqual([...clean]);
    }
  });

  test.each(NORMS)('in %s it leaves alone what is within', (norm) => {
    const clean = Float32Array.of(0.2, 0.5, 0.9);
    const face = Float32Array.of(0.21, 0.48, 0.9);
    const before = [...face];
    project(face, clean, 0.05, norm);
    for (const [i, value] of face.entries()) expect(value).toBeCloseTo(before[i] as number, 6);
  });
});
