import { expect, test } from 'vitest';
import { smoothStep } from './smooth-step.ts';

test('a step goes from 0 to 1 without a kink', () => {
  expect([-1, 0, 0.5, 1, 2].map((value) => smoothStep(value))).toEqual([0, 0, 0.5, 1, 1]);
  expect([2, 4, 5, 6, 9].map((value) => smoothStep(value, 4, 6))).toEqual([0, 0, 0.5, 1, 1]);
  const slopeAt = (value: number): number => (smoothStep(value + 1e-4) - smoothStep(value - 1e-4)) / 2e-4;
  expect(Math.abs(slopeAt(0)) + Math.abs(slopeAt(1))).toBeLessThan(1e-3);
  expect(slopeAt(0.5)).toBeCloseTo(1.5, 6);
});
