import { expect, test } from 'vitest';
import { Random } from '../../util/random.ts';
import { evolutionaryAttack } from './evolutionary.ts';
import type { DecisionOracle } from './oracle.ts';
import { sizeOfPerturbation } from './perturbation.ts';

/** A system that accepts faces whose mean is above a half: the boundary is a plane. */
function brightOracle(sizePx: number): DecisionOracle {
  let queries = 0;
  return {
    sizePx,
    get queries() {
      return queries;
    },
    ask: async (faces) => {
      queries += faces.length;
      return faces.map((face) => face.reduce((sum, value) => sum + value, 0) > 0.5 * face.length);
    },
  };
}

test.each([16, 112])(
  'comes near the boundary at %i px, where changes are enlarged, within its queries',
  async (sizePx) => {
    const numbers = 3 * sizePx ** 2;
    const random = new Random('faces');
    const face = Float32Array.from({ length: numbers }, () => 0.3 + 0.2 * random.uniform());
    const reached = face.map((value) => value + 0.4 * random.uniform() + 0.1);
    const task = { goal: 'impersonate', face, reached, threshold: { similarity: 0 } } as const;
    const before = sizeOfPerturbation(reached, face, 'l2');
    const {
      face: found,
      queries,
      succeeded,
    } = await evolutionaryAttack(task, brightOracle(sizePx), {
      epsilon: 0.02,
      maxQueries: 400,
      random: new Random(1),
    });
    expect(queries).toBe(400);
    expect(succeeded).toBe(false);
    // The plane is 0.1 away from the face: nothing can be nearer, and what is found is not much further.
    const after = sizeOfPerturbation(found, face, 'l2');
    expect(after).toBeGreaterThan(0.09);
    expect(after).toBeLessThan(0.6 * before);
  },
);
