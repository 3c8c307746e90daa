import { describe, expect, it } from 'vitest';
import { halfToNumber, numberToHalf } from './tensor.ts';

describe('numberToHalf', () => {
  it('takes every half back to its bits', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfToNumber(bits);
      if (!Number.isNaN(value)) expect(numberToHalf(value)).toBe(bits);
    }
    expect(halfToNumber(numberToHalf(Number.NaN))).toBeNaN();
  });

  // By IEEE 754-2019, 4.3.1: to the nearest, ties to even; beyond the greatest by half a step and more is infinite.
  it.each([
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    [1 + 2 ** -11 + 2 ** -30, 1 + 2 ** -10],
    [2 - 2 ** -12, 2],
    [2 ** -25, 0],
    [1.5 * 2 ** -24, 2 ** -23],
    [65519, 65504],
    [65520, Number.POSITIVE_INFINITY],
    [-1e9, Number.NEGATIVE_INFINITY],
  ])('makes %f %f', (value, expected) => {
    expect(halfToNumber(numberToHalf(value))).toBe(expected);
  });
});
