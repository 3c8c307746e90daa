import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Goal } from '../../src/attack/evasion/goal.ts';
import { decisionOracle, similarityOracle } from '../../src/attack/evasion/oracle.ts';
import { sizeOfPerturbation, steepestDirection } from '../../src/attack/evasion/perturbation.ts';
import type { QueryAttack, QueryOptions, QueryTask } from '../../src/attack/evasion/query-attack.ts';
import { QUERY_ATTACKS } from '../../src/attack/evasion/query-attacks.ts';
import type { Encoder } from '../../src/encoder/encoder.ts';
import { cosineSimilarity } from '../../src/metric/similarity.ts';
import { CapabilityError, InterruptedError } from '../../src/util/errors.ts';
import { Random } from '../../src/util/random.ts';
import { largestDifference } from '../fixtures/evaluate.ts';
import {
  convolutionalEncoder,
  embedSmallFaces,
  SMALL_FACE_NUMBERS,
  SMALL_FACE_PX,
  smallFace,
} from '../fixtures/evasion.ts';
import { tinyEncoder } from '../fixtures/inversion.ts';

const PEOPLE = 4;
const QUERIES = 3000;
const GOALS: readonly Goal[] = ['dodge', 'impersonate'];

/** A person's face, and how it is compared: half way between what it is and what the goal asks for. */
interface Case {
  readonly task: QueryTask;
  readonly reference: Float32Array;
}

interface World {
  readonly encoder: Encoder;
  readonly cases: (goal: Goal) => readonly Case[];
}

const worlds = new Map<string, World>();

beforeAll(async () => {
  for (const [name, encoder] of [
    ['linear', await tinyEncoder({ seed: 'asked' })],
    ['convolutional', await convolutionalEncoder()],
  ] as const) {
    const random = new Random('asked faces');
    const faces = Array.from({ length: PEOPLE }, () => smallFace(random));
    const others = Array.from({ length: PEOPLE }, () => smallFace(random));
    const [own, foreign] = [await embedSmallFaces(encoder, faces), await embedSmallFaces(encoder, others)];
    worlds.set(name, {
      encoder,
      cases: (goal) =>
        faces.map((face, i) => {
          const reference = (goal === 'dodge' ? own : foreign)[i] as Float32Array;
          const level = 0.5 + 0.5 * cosineSimilarity(own[i] as Float32Array, foreign[i] as Float32Array);
          return {
            reference,
            task: { goal, face, reached: others[i] as Float32Array, threshold: { similarity: level } },
          };
        }),
    });
  }
});

afterAll(async () => {
  for (const { encoder } of worlds.values()) await encoder.close();
});

/** The most that a face may be changed by: what takes the white-box attacks far less. */
const epsilonOf = ({ norm }: QueryAttack): number => (norm === 'linf' ? 24 : 32) / 255;

const run = (
  attack: QueryAttack,
  { encoder }: World,
  { task, reference }: Case,
  more: Partial<QueryOptions> = {},
): ReturnType<QueryAttack['breach']> => {
  const oracle = similarityOracle(encoder, reference, SMALL_FACE_PX);
  const options = { epsilon: epsilonOf(attack), maxQueries: QUERIES, random: new Random(1), ...more };
  return attack.breach(
    task,
    attack.needs === 'similarity'
      ? { kind: 'similarity', oracle }
      : { kind: 'decision', oracle: decisionOracle(oracle, task.threshold) },
    options,
  );
};

/** Whether the encoder, asked afresh, is fooled by a face. */
async function isFooled({ encoder }: World, { task, reference }: Case, face: Float32Array): Promise<boolean> {
  const [similarity = 0] = await similarityOracle(encoder, reference, SMALL_FACE_PX).ask([face]);
  return task.goal === 'impersonate' ? similarity >= task.threshold.similarity : similarity < task.threshold.similarity;
}

describe.for(QUERY_ATTACKS.map((attack) => [attack.name, attack] as const))('%s', ([, attack]) => {
  test.for(['linear', 'convolutional'].flatMap((kind) => GOALS.map((goal) => [kind, goal] as const)))(
    'on the %s encoder, to %s: fools it within both budgets, where noise of that size does not',
    async ([kind, goal]) => {
      const world = worlds.get(kind) as World;
      const cases = world.cases(goal);
      let fooled = 0;
      let fooledByNoise = 0;
      for (const one of cases) {
        const { face, succeeded, queries } = await run(attack, world, one);
        expect(face.every((value) => value >= 0 && value <= 1)).toBe(true);
        expect(queries).toBeLessThanOrEqual(QUERIES);
        if (succeeded) {
          fooled++;
          expect(sizeOfPerturbation(face, one.task.face, attack.norm)).toBeLessThanOrEqual(epsilonOf(attack) + 1e-6);
          expect(await isFooled(world, one, face)).toBe(true);
        }
        const noise = steepestDirection(new Random(2).normals(SMALL_FACE_NUMBERS), attack.norm);
        const noisy = one.task.face.map((value, i) => value + epsilonOf(attack) * (noise[i] as number));
        if (await isFooled(world, one, noisy)) fooledByNoise++;
      }
      expect(fooled).toBeGreaterThanOrEqual(PEOPLE - 1);
      expect(fooledByNoise).toBeLessThanOrEqual(1);
    },
  );

  test('counts every query that the system gets, and stops at the budget', async () => {
    const world = worlds.get('linear') as World;
    const [one] = world.cases('impersonate') as [Case];
    const before = world.encoder.queries;
    const { queries } = await run(attack, world, one, { epsilon: 0.1 / 255, maxQueries: 137 });
    expect(world.encoder.queries - before).toBe(queries);
    expect(queries).toBeGreaterThan(137 / 2);
    expect(queries).toBeLessThanOrEqual(137);
  });

  test('the same seed gives the same face, another seed another', async () => {
    const world = worlds.get('linear') as World;
    const [one] = world.cases('impersonate') as [Case];
    const face = async (seed: number) =>
      (await run(attack, world, one, { epsilon: 1 / 255, maxQueries: 400, random: new Random(seed) })).face;
    const first = await face(1);
    expect(largestDifference(await face(1), first)).toBe(0);
    expect(largestDifference(await face(2), first)).toBeGreaterThan(0);
  });

  test('tells of itself, refuses less than it needs, and stops on request', async () => {
    expect(attack.description).toMatch(/\.$/);
    const world = worlds.get('linear') as World;
    const [one] = world.cases('dodge') as [Case];
    await expect(run(attack, world, one, { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError);
    if (attack.needs === 'decision') return;
    const oracle = decisionOracle(similarityOracle(world.encoder, one.reference, SMALL_FACE_PX), one.task.threshold);
    const options = { epsilon: 0.1, maxQueries: 10, random: new Random(1) };
    await expect(attack.breach(one.task, { kind: 'decision', oracle }, options)).rejects.toThrow(CapabilityError);
  });
});

test('names are unique', () => {
  expect(new Set(QUERY_ATTACKS.map(({ name }) => name)).size).toBe(QUERY_ATTACKS.length);
});
