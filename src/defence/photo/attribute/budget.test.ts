import { describe, expect, test } from 'vitest';
import { type Match, strongestWithin } from './budget.ts';

/** Encoders whose similarity falls with a power of the strength. */
const encoders =
  (
    ...those: readonly { readonly id: string; readonly drop: number; readonly power: number; readonly limit: number }[]
  ) =>
  async (strength: number): Promise<Match[]> =>
    those.map(({ id, drop, power, limit }) => ({
      encoder: id,
      after: 'as-it-is',
      similarity: 1 - drop * strength ** power,
      limit,
    }));

describe('the strongest change within the budget', () => {
  test('is the whole of it where every match holds, and nothing is held back', async () => {
    const found = await strongestWithin(encoders({ id: 'a', drop: 0.1, power: 2, limit: 0.9 }));
    expect(found).toMatchObject({ strength: 1, bound: undefined });
  });

  test.each([1, 1.5, 2, 3, 4])('is found where similarity falls with the power %s of it', async (power) => {
    const [drop, limit] = [0.4, 0.95];
    const { strength, matches, bound } = await strongestWithin(encoders({ id: 'a', drop, power, limit }));
    const right = ((1 - limit) / drop) ** (1 / power);
    expect(bound).toBe('a');
    expect(matches[0]?.similarity).toBeGreaterThanOrEqual(limit);
    expect(strength).toBeLessThanOrEqual(right);
    expect(strength).toBeGreaterThan(right - 0.08);
  });

  test('is bound by the strictest encoder', async () => {
    const found = await strongestWithin(
      encoders({ id: 'lenient', drop: 0.3, power: 2, limit: 0.6 }, { id: 'strict', drop: 0.1, power: 2, limit: 0.975 }),
    );
    expect(found.bound).toBe('strict');
    expect(found.strength).toBeGreaterThan(0.44);
    expect(found.strength).toBeLessThanOrEqual(0.5);
    expect(found.matches.every(({ similarity, limit }) => similarity >= limit)).toBe(true);
  });

  test('was measured and holds even where similarity does not fall steadily', async () => {
    const similarityAt = (strength: number): number => (strength > 0.3 && strength < 0.5 ? 0.5 : 1 - 0.3 * strength);
    const { strength } = await strongestWithin(async (s) => [
      { encoder: 'a', after: 'as-it-is', similarity: similarityAt(s), limit: 0.8 },
    ]);
    expect(similarityAt(strength)).toBeGreaterThanOrEqual(0.8);
  });

  test('is none where even a slight change breaks a match', async () => {
    const found = await strongestWithin(encoders({ id: 'a', drop: 0.5, power: 0.2, limit: 0.99 }));
    expect(found).toMatchObject({ strength: 0, bound: 'a', matches: [{ similarity: 1 }] });
  });

  test('takes at most six measurements', async () => {
    let asked = 0;
    const measure = encoders({ id: 'a', drop: 0.4, power: 4, limit: 0.99 });
    await strongestWithin((strength) => {
      asked++;
      return measure(strength);
    });
    expect(asked).toBeLessThanOrEqual(6);
  });
});
