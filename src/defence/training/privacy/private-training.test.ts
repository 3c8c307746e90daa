import { describe, expect, test } from 'vitest';
import { CipherStream } from '../../../util/cipher-stream.ts';
import { InputError } from '../../../util/errors.ts';
import { privacyLoss } from './accountant.ts';
import { drawPrivateStep, placesFor, planPrivateTraining } from './private-training.ts';

describe('a private training', () => {
  const goal = { examples: 2000, batchSize: 64, steps: 500, epsilon: 8, delta: 1e-5 } as const;

  test('is planned within its epsilon, and not far below', () => {
    const plan = planPrivateTraining(goal);
    expect(plan.loss.delta).toBe(1e-5);
    expect(plan.loss.epsilon).toBeLessThanOrEqual(8);
    expect(plan.loss.epsilon).toBeGreaterThan(7.95);
    const again = privacyLoss({ ...plan, steps: 500, delta: 0.99e-5 });
    expect(again.epsilon).toBe(plan.loss.epsilon);
  });

  test.each([
    // scipy.stats.binom.isf(probability, examples, rate): the least number exceeded with at most that probability.
    [2000, 0.032, 1e-3, 90],
    [2000, 0.032, 1e-12, 126],
    [100, 0.5, 1e-6, 73],
    [10, 1, 0.5, 10],
  ])('of %d examples at rate %d overflows with %d at most in %d places', (examples, rate, probability, places) => {
    expect(placesFor(examples, rate, probability)).toBe(places);
  });

  test('draws every example by itself with the same probability, whoever else is drawn', () => {
    const plan = { ...planPrivateTraining(goal), places: 200 };
    const secret = new Uint8Array(32).fill(7);
    const counts = new Float64Array(2000);
    const sizes = Array.from({ length: 300 }, (_, step) => {
      const { examples, feeds } = drawPrivateStep(
        plan,
        2000,
        new Map([['w', [3]]]),
        new CipherStream(secret, `${step}`),
      );
      for (const one of examples) counts[one] = (counts[one] as number) + 1;
      expect(Array.from(feeds.count?.data ?? [], Number)).toEqual([examples.length]);
      expect(feeds['noise/w']?.shape).toEqual([3]);
      return examples.length;
    });
    const mean = sizes.reduce((a, b) => a + b, 0) / 300;
    const variance = sizes.reduce((sum, size) => sum + (size - mean) ** 2, 0) / 299;
    // Binomial: mean 64, variance 62; five standard errors.
    expect(Math.abs(mean - 64)).toBeLessThan(2.3);
    expect(Math.abs(variance - 62)).toBeLessThan(26);
    expect(Math.max(...counts)).toBeLessThan(9.6 + 6 * 3.1);
  });

  test('keeps to its places where more are drawn', () => {
    const plan = { ...planPrivateTraining(goal), places: 10 };
    const { examples } = drawPrivateStep(plan, 2000, new Map(), new CipherStream(new Uint8Array(32), 'overflow'));
    expect(examples).toHaveLength(10);
    expect(new Set(examples).size).toBe(10);
  });

  test('of greater batches than there are examples is refused', () => {
    expect(() => planPrivateTraining({ ...goal, batchSize: 4000 })).toThrow(InputError);
  });
});
