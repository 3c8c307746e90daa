import { describe, expect, test } from 'vitest';
import { evaluate, largestDifference } from '../../../../test/fixtures/evaluate.ts';
import { float32 } from '../../../graph/tensor.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { parseMasking } from './kinds.ts';
import { drawPartners, drawParts, LARGEST_PART, mixRows, padParts, partnerMatrix } from './mix.ts';

const PEOPLE = [4, 7, 1, 4, 9, 2, 7, 3, 5, 6];

describe('a mix', () => {
  test.each([2, 3, 4, 5, 6])('of %i: parts of sum 1, none above 0.65', (count) => {
    const random = new Random(count);
    for (let i = 0; i < 500; i++) {
      const parts = drawParts(count, random, { power: 1 + (i % 2) });
      expect(parts).toHaveLength(count);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 12);
      expect(Math.max(...parts)).toBeLessThanOrEqual(LARGEST_PART);
      expect(Math.min(...parts)).toBeGreaterThan(0);
    }
  });

  test('of two is drawn by the law of |N(0,1)|: its part u / (u + v) below 0.65 lies as atan has it', () => {
    const random = new Random(1);
    const parts = Array.from({ length: 20_000 }, () => drawParts(2, random)[0] as number);
    // P(u / (u + v) <= p) = (2 / pi) atan(p / (1 - p)), cut at 0.35 and 0.65.
    const law = (p: number): number => Math.atan(p / (1 - p));
    const expected = (law(0.45) - law(0.35)) / (law(0.65) - law(0.35));
    expect(Math.abs(parts.filter((part) => part <= 0.45).length / parts.length - expected)).toBeLessThan(0.015);
  });

  test('of one is the face itself', () => {
    expect(drawParts(1, new Random(1))).toEqual([1]);
  });

  test('has the own face first, and each partner is another person', () => {
    for (let seed = 0; seed < 50; seed++) {
      drawPartners(PEOPLE, 6, new Random(seed)).forEach((rows, row) => {
        expect(rows[0]).toBe(row);
        expect(rows).toHaveLength(6);
        expect(new Set(rows.map((one) => PEOPLE[one])).size).toBe(6);
      });
    }
  });

  test('needs enough people', () => {
    expect(() => drawPartners([1, 1, 2, 2, 1], 3, new Random(1))).toThrow(InputError);
  });

  test('is the weighted sum of its rows', async () => {
    const random = new Random(3);
    const [rows, slots, size] = [4, 3, 2 * 2 * 3];
    const masked = random.normals(rows * size);
    const partners = drawPartners([0, 1, 2, 3], slots, random);
    const parts = partners.map((_, row) => padParts(drawParts(row === 0 ? 2 : 3, random), slots));
    const { mixed } = await evaluate(
      {
        masked: float32(masked, [rows, 2, 2, 3]),
        parts: float32(parts.flat(), [rows, slots]),
        partners: float32(partnerMatrix(partners, slots), [rows, slots, rows]),
      },
      (inputs) => ({ mixed: mixRows(inputs.masked, inputs.parts, inputs.partners) }),
    );
    const expected = partners.flatMap((others, row) =>
      Array.from({ length: size }, (_, i) =>
        others.reduce((sum, other, slot) => sum + (parts[row]?.[slot] ?? 0) * (masked[other * size + i] ?? 0), 0),
      ),
    );
    expect(largestDifference(mixed ?? [], expected)).toBeLessThan(1e-6);
  });
});

describe('a masking', () => {
  test.each([
    ['fixed:4', { front: 'frequency', mix: { kind: 'fixed', count: 4 } }],
    ['none', { front: 'pixels', mix: { kind: 'fixed', count: 1 } }],
    ['instahide', { front: 'pixels', mix: { kind: 'fixed', count: 4 }, signs: true }],
    ['noise:8.5', { front: 'pixels', noise: { on: 'pixels', deviation: 8.5 / 255 } }],
    ['dct-noise', { front: 'frequency', noise: { on: 'channels', deviation: 1 } }],
    ['channels:12', { front: 'frequency', channelsDrawn: 12 }],
    ['dp-sgd:4', { front: 'pixels', epsilon: 4 }],
  ])('%s', (text, expected) => {
    expect(parseMasking(text)).toMatchObject({ name: text, ...expected });
  });

  test.each(['', 'fixed', 'fixed:7', 'fixed:2.5', 'none:1', 'noise:0', 'noise', 'channels:0', 'toString', 'dp-sgd'])(
    '"%s" is none',
    (text) => {
      expect(() => parseMasking(text)).toThrow(InputError);
    },
  );
});
