import { describe, expect, test } from 'vitest';
import type { SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import type { EvasionTask } from './attack.ts';
import { bisectBudget } from './bisection.ts';

/** A face of one pixel at 0; its similarity to the reference falls by one for each `reach` that it is moved. */
const world = (reaches: readonly number[]): { task: EvasionTask; gradient: SimilarityGradient } => ({
  task: {
    goal: 'dodge',
    faces: reaches.map(() => new Float32Array(1)),
    references: reaches.map((reach) => [Float32Array.of(reach)]),
  },
  gradient: {
    sizePx: 1,
    queries: 0,
    see: async (faces, references) =>
      faces.map(([pixel = 0], i) => ({
        similarities: [1 - pixel / (references[i]?.[0]?.[0] ?? 1)],
        gradient: new Float32Array(1),
      })),
    close: async () => undefined,
  },
});

const options = { norm: 'linf', thresholds: [{ similarity: 0 }] } as const;
const moved = async (_: EvasionTask, epsilons: readonly number[]): Promise<Float32Array[]> =>
  epsilons.map((epsilon) => Float32Array.of(epsilon));

describe('bisectBudget', () => {
  test('finds the smallest budget of each face to 3 %, from above', async () => {
    const smallest = [0.1, 0.4, 1.7, 8, 40].map((levels) => levels / 255);
    const { task, gradient } = world(smallest);
    const found = await bisectBudget(task, gradient, options, moved);
    for (const [i, wanted] of smallest.entries()) {
      const ratio = (found[i]?.size ?? 0) / wanted;
      expect(ratio).toBeGreaterThan(1);
      expect(ratio).toBeLessThan(1.035);
    }
  });

  test('finds none where 64 grey levels do not suffice, and hands only open faces on', async () => {
    const { task, gradient } = world([40 / 255, 200 / 255]);
    const sizes: number[] = [];
    const found = await bisectBudget(task, gradient, options, (part, epsilons) => {
      sizes.push(part.faces.length);
      return moved(part, epsilons);
    });
    expect(found.map((one) => one !== undefined)).toEqual([true, false]);
    // Seven doublings from one level on, up to 64; five halvings of 32 to 64.
    expect(sizes).toEqual([2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1]);
  });
});
