import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EvasionOptions, EvasionTask } from '../../src/attack/evasion/attack.ts';
import { EVASION_ATTACKS } from '../../src/attack/evasion/attacks.ts';
import { type Goal, reaches, towards } from '../../src/attack/evasion/goal.ts';
import { type Norm, sizeOfPerturbation, steepestDirection } from '../../src/attack/evasion/perturbation.ts';
import type { Encoder } from '../../src/encoder/encoder.ts';
import { openSimilarityGradient, type SimilarityGradient } from '../../src/encoder/similarity-gradient.ts';
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

/** More than one batch of four, the last one not full. */
const FACES = 6;
/** Of 255. */
const EPSILON = 8 / 255;

interface World {
  readonly encoder: Encoder;
  readonly gradient: SimilarityGradient;
  readonly task: (goal: Goal) => EvasionTask;
}

const worlds = new Map<string, World>();

beforeAll(async () => {
  for (const [name, encoder] of [
    ['linear', await tinyEncoder({ seed: 'evaded' })],
    ['convolutional', await convolutionalEncoder()],
  ] as const) {
    const random = new Random('evaded faces');
    const gradient = await openSimilarityGradient([encoder], { sizePx: SMALL_FACE_PX, batchSize: 4, threads: 1 });
    const face = () => smallFace(random);
    const faces = Array.from({ length: FACES }, face);
    const seen = async (images: readonly Float32Array[]) => embedSmallFaces(encoder, images);
    // To dodge: the same person, photographed a little differently. To impersonate: somebody else.
    const same = await seen(faces.map((one) => one.map((value) => value + 0.02 * random.normal())));
    const others = await seen(Array.from({ length: FACES }, face));
    worlds.set(name, {
      encoder,
      gradient,
      task: (goal) => ({ goal, faces, references: (goal === 'dodge' ? same : others).map((one) => [one]) }),
    });
  }
});

afterAll(async () => {
  for (const { encoder, gradient } of worlds.values()) await Promise.all([encoder.close(), gradient.close()]);
});

const options = (norm: Norm, seed = 1): EvasionOptions => ({ norm, random: new Random(seed) });

/** Mean similarity to the references. */
async function similarity({ gradient }: World, task: EvasionTask, faces: readonly Float32Array[]): Promise<number> {
  const seen = await gradient.see(faces, task.references);
  return seen.reduce((sum, { similarities }) => sum + (similarities[0] as number) / seen.length, 0);
}

/** Random noise of the budget's size, for comparison. */
function noisy(task: EvasionTask, norm: Norm): Float32Array[] {
  const random = new Random('noise');
  return task.faces.map((face) => {
    const direction = steepestDirection(random.normals(SMALL_FACE_NUMBERS), norm);
    return face.map((value, i) => Math.min(1, Math.max(0, value + EPSILON * (direction[i] as number))));
  });
}

const isEqual = (a: readonly Float32Array[], b: readonly Float32Array[]): boolean =>
  a.every((face, i) => largestDifference(face, b[i] as Float32Array) === 0);

/** Attacks in which something is random. */
const RANDOM = new Set(['PGD', 'DI-MIM', 'LGC-MIM']);

describe.for(EVASION_ATTACKS.map((attack) => [attack.name, attack] as const))('%s', ([name, attack]) => {
  describe.for(['linear', 'convolutional'])('on the %s encoder', (kind) => {
    const world = (): World => worlds.get(kind) as World;

    test.for(
      attack.perturb
        ? attack.norms.flatMap((norm) => (['dodge', 'impersonate'] as const).map((goal) => [norm, goal] as const))
        : [],
    )('%s, %s: keeps the budget and the range, and does more than noise of that size', async ([norm, goal]) => {
      const task = world().task(goal);
      const faces = await attack.perturb?.(
        task,
        task.faces.map(() => EPSILON),
        world(),
        options(norm),
      );
      expect(faces).toHaveLength(FACES);
      for (const [i, face] of (faces ?? []).entries()) {
        expect(sizeOfPerturbation(face, task.faces[i] as Float32Array, norm)).toBeLessThanOrEqual(EPSILON + 1e-6);
        expect(face.every((value) => value >= 0 && value <= 1)).toBe(true);
      }
      const [clean, noise, reached] = [
        await similarity(world(), task, task.faces),
        await similarity(world(), task, noisy(task, norm)),
        await similarity(world(), task, faces ?? []),
      ];
      expect(towards(goal) * (reached - clean)).toBeGreaterThan(4 * Math.abs(noise - clean));
    });

    test.for(attack.norms)(
      '%s: the smallest perturbation succeeds, and half of it would not, for most',
      async (norm) => {
        const task = world().task('impersonate');
        // Half way from where they are to what cannot be missed.
        const before = await world().gradient.see(task.faces, task.references);
        const level = 0.5 + 0.5 * (before.reduce((sum, { similarities: [one = 0] }) => sum + one, 0) / FACES);
        const found = await attack.smallest(task, world(), { ...options(norm), thresholds: [{ similarity: level }] });
        const succeeded = found.flatMap((one, i) => (one ? [{ ...one, i }] : []));
        expect(succeeded.length).toBeGreaterThanOrEqual(FACES - 1);
        for (const { face, size, i } of succeeded) {
          const [seen] = await world().gradient.see([face], [task.references[i] as Float32Array[]]);
          expect(reaches('impersonate', seen?.similarities[0] ?? 0, { similarity: level })).toBe(true);
          expect(size).toBeCloseTo(sizeOfPerturbation(face, task.faces[i] as Float32Array, norm), 6);
        }
        const halves = succeeded.map(({ face, i }) => {
          const clean = task.faces[i] as Float32Array;
          return { i, face: clean.map((value, k) => (value + (face[k] as number)) / 2) };
        });
        const seen = await world().gradient.see(
          halves.map(({ face }) => face),
          halves.map(({ i }) => task.references[i] as Float32Array[]),
        );
        const stillSucceed = halves.filter(({ i }, k) => {
          const wasFar = (before[i]?.similarities[0] as number) < level;
          return wasFar && reaches('impersonate', seen[k]?.similarities[0] ?? 0, { similarity: level });
        });
        expect(stillSucceed.length).toBeLessThanOrEqual(1);
      },
    );
  });

  test('the same seed gives the same faces, another seed others where anything is random', async () => {
    const { perturb } = attack;
    if (!perturb) return;
    const world = worlds.get('linear') as World;
    const task = world.task('dodge');
    const run = (seed: number) =>
      perturb(
        task,
        task.faces.map(() => EPSILON),
        world,
        options('linf', seed),
      );
    const first = await run(1);
    expect(isEqual(await run(1), first)).toBe(true);
    expect(isEqual(await run(2), first)).toBe(!RANDOM.has(name));
  });

  test('tells of itself, and what it needs', async () => {
    expect(attack.description).toMatch(/\.$/);
    const world = worlds.get('linear') as World;
    const task = world.task('dodge');
    const smallest = { ...options('l2'), thresholds: [{ similarity: 0 }] };
    await expect(attack.smallest(task, {}, smallest)).rejects.toThrow(CapabilityError);
    const foreign = (['linf', 'l2'] as const).find((norm) => !attack.norms.includes(norm));
    if (foreign)
      await expect(attack.smallest(task, world, { ...smallest, norm: foreign })).rejects.toThrow(/knows no norm/);
  });

  test('stops on request', async () => {
    const world = worlds.get('linear') as World;
    const stopped = { ...options('l2'), thresholds: [{ similarity: 0 }], signal: AbortSignal.abort() };
    await expect(attack.smallest(world.task('dodge'), world, stopped)).rejects.toThrow(InterruptedError);
  });
});

test('names are unique', () => {
  expect(new Set(EVASION_ATTACKS.map(({ name }) => name)).size).toBe(EVASION_ATTACKS.length);
});
