import { describe, expect, test } from 'vitest';
import { Random } from '../../../util/random.ts';
import { nonPrintability, PRINTABLE_COLOURS, type TextureTerm, totalVariation } from './texture-terms.ts';

const SIZE = 6;
const random = new Random('texture');
const texture = Float32Array.from({ length: 3 * SIZE ** 2 }, () => random.uniform());
const mask = Float32Array.from({ length: SIZE ** 2 }, (_, i) => (i % SIZE < 2 ? 0 : random.uniform()));

const plain = ([red, green, blue]: readonly [number, number, number]): Float32Array =>
  Float32Array.from({ length: 3 * SIZE ** 2 }, (_, i) => [red, green, blue][Math.floor(i / SIZE ** 2)] as number);

describe.for<[string, (texture: Float32Array) => TextureTerm]>([
  ['totalVariation', (one) => totalVariation(one, mask, SIZE)],
  ['nonPrintability', (one) => nonPrintability(one, mask)],
])('%s', ([, term]) => {
  test('has the gradient that central differences show, and none outside the region', () => {
    const { gradient } = term(texture);
    const step = 1e-4;
    for (let i = 0; i < texture.length; i++) {
      const at = (sign: number) => term(texture.map((value, k) => (k === i ? value + sign * step : value))).value;
      expect(Math.abs((at(1) - at(-1)) / (2 * step) - (gradient[i] as number))).toBeLessThan(2e-3);
      if (mask[i % SIZE ** 2] === 0) expect(gradient[i]).toBeCloseTo(0, 12);
    }
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.01);
  });
});

test('total variation is zero for one colour, and the height of the step for a straight edge', () => {
  const whole = new Float32Array(SIZE ** 2).fill(1);
  expect(totalVariation(plain([0.2, 0.9, 0.4]), whole, SIZE).value).toBeCloseTo(0, 6);
  const edge = plain([0, 0, 0]).map((_, i) => (i % SIZE >= 3 ? 0.5 : 0));
  // One of six columns has a step of 0.5, in each of three channels.
  expect(totalVariation(edge, whole, SIZE).value).toBeCloseTo((3 * 0.5) / SIZE, 1);
});

test('printable are paper, inks and their halftones; pure blue of a screen is not', () => {
  const whole = new Float32Array(SIZE ** 2).fill(1);
  const of = (red: number, green: number, blue: number) => nonPrintability(plain([red, green, blue]), whole).value;
  expect(PRINTABLE_COLOURS).toHaveLength(64);
  expect(of(1, 1, 1)).toBeCloseTo(0, 6);
  expect(of(0, 158 / 255, 224 / 255)).toBeCloseTo(0, 6);
  // A third of the paper under cyan, and nothing else.
  expect(of(2 / 3, (2 + 158 / 255) / 3, (2 + 224 / 255) / 3)).toBeCloseTo(0, 6);
  expect(of(0, 0, 1)).toBeGreaterThan(0.4);
});
