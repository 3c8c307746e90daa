import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Goal, reaches, towards } from '../../src/attack/evasion/goal.ts';
import type { PhysicalOptions, PhysicalTask, WornResult } from '../../src/attack/evasion/physical/physical-attack.ts';
import { PHYSICAL_ATTACKS, patchAttack } from '../../src/attack/evasion/physical/physical-attacks.ts';
import type { Encoder } from '../../src/encoder/encoder.ts';
import { encoderFromGraph } from '../../src/encoder/onnx-encoder.ts';
import { openSimilarityGradient, type SimilarityGradient } from '../../src/encoder/similarity-gradient.ts';
import { GraphBuilder, type Value } from '../../src/graph/builder.ts';
import { type Graph, withFreeBatch } from '../../src/graph/graph.ts';
import { sub } from '../../src/graph/ops/arithmetic.ts';
import { float32 } from '../../src/graph/tensor.ts';
import { toPlanar } from '../../src/image/tensor.ts';
import { CapabilityError, InputError, InterruptedError, ShapeError } from '../../src/util/errors.ts';
import type { ProgressEvent } from '../../src/util/progress.ts';
import { Random } from '../../src/util/random.ts';
import { largestDifference } from '../fixtures/evaluate.ts';
import { convolutionalEncoder, embedSmallFaces, SMALL_FACE_PX, smallFace } from '../fixtures/evasion.ts';
import { tinyEncoder } from '../fixtures/inversion.ts';

const FACES = 2;
/** Similarity gained beyond the controls, in the same views. */
const LEAST_GAIN = 0.02;

const GOALS: readonly Goal[] = ['dodge', 'impersonate'];

interface World {
  readonly encoder: Encoder;
  readonly gradient: SimilarityGradient;
  readonly task: (goal: Goal) => PhysicalTask;
}

const worlds = new Map<string, World>();

beforeAll(async () => {
  for (const [name, encoder] of [
    ['linear', await tinyEncoder({ seed: 'worn' })],
    ['convolutional', await centredEncoder(await convolutionalEncoder())],
  ] as const) {
    const random = new Random('worn faces');
    const gradient = await openSimilarityGradient([encoder], { sizePx: SMALL_FACE_PX, batchSize: 4, threads: 1 });
    const faces = Array.from({ length: FACES }, () => smallFace(random));
    const same = await embedSmallFaces(
      encoder,
      faces.map((one) => one.map((value) => value + 0.02 * random.normal())),
    );
    const others = await embedSmallFaces(
      encoder,
      faces.map(() => smallFace(random)),
    );
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

/** The encoder with the mean of its embeddings taken off: to the bare one all pictures are alike, and what covers a small region is next to nothing. */
async function centredEncoder(bare: Encoder): Promise<Encoder> {
  const { graph, view, embeddingSize } = bare;
  const random = new Random('centre');
  const embeddings = await embedSmallFaces(
    bare,
    Array.from({ length: 32 }, () => smallFace(random)),
  );
  await bare.close();
  const mean = Float32Array.from({ length: embeddingSize }, (_, i) =>
    embeddings.reduce((sum, one) => sum + (one[i] as number) / embeddings.length, 0),
  );
  const builder = new GraphBuilder('centred');
  const face = builder.input('face', [1, 3, SMALL_FACE_PX, SMALL_FACE_PX]);
  const { embedding } = builder.import(graph as Graph, { inputs: { face } });
  builder.output('embedding', sub(embedding as Value, builder.constant(float32(mean, [1, embeddingSize]))));
  const centred = withFreeBatch(builder.build());
  return encoderFromGraph({ id: 'centred', hash: 'centred', graph: centred, view, embeddingSize, threads: 1 });
}

const options = (more: Partial<PhysicalOptions> & { readonly seed?: number } = {}): PhysicalOptions => ({
  random: new Random(more.seed ?? 1),
  thresholds: [{ similarity: 0.5 }],
  iterations: 25,
  views: 4,
  heldOutViews: 8,
  ...more,
});

const mean = (worn: readonly WornResult[]): number => {
  const all = worn.flatMap(({ similarities }) => similarities.map(([similarity = Number.NaN]) => similarity));
  return all.reduce((sum, one) => sum + one, 0) / all.length;
};

const ATTACKS = [...PHYSICAL_ATTACKS, patchAttack({ disc: { x: 40, y: 80, radius: 20 } })];

describe.for(ATTACKS.map((attack) => [attack.name, attack] as const))('%s', ([name, attack]) => {
  test.for(['linear', 'convolutional'].flatMap((kind) => GOALS.map((goal) => [kind, goal] as const)))(
    'on the %s encoder, to %s: changes its region alone, and does more than what is not adversarial',
    async ([kind, goal]) => {
      const { task, ...world } = worlds.get(kind) as World;
      const results = await attack.simulate(task(goal), world, options());
      expect(results).toHaveLength(FACES);
      const mask = attack.region(SMALL_FACE_PX);
      for (const [i, { face }] of results.entries()) {
        const bare = task(goal).faces[i] as Float32Array;
        const changed = face.map((value, k) =>
          mask[k % SMALL_FACE_PX ** 2] === 0 ? Math.abs(value - (bare[k] as number)) : 0,
        );
        expect(Math.max(...changed)).toBe(0);
        expect(largestDifference(face, bare)).toBeGreaterThan(0.02);
        expect(face.every((value) => value >= 0 && value <= 1)).toBe(true);
        if (name === 'make-up') expect(largestDifference(face, bare)).toBeLessThanOrEqual(40 / 255 + 1e-6);
      }
      const reached = mean(results);
      const controls = [
        mean(results.map((one) => one.controls.plain)),
        mean(results.map((one) => one.controls.random)),
      ];
      for (const control of controls) expect(towards(goal) * (reached - control)).toBeGreaterThan(LEAST_GAIN);
    },
  );

  test('success is the share of held-out views that reach the goal, as the encoder sees them', async () => {
    const world = worlds.get('linear') as World;
    const task = world.task('dodge');
    const probing = await attack.simulate(task, world, options({ iterations: 4 }));
    // Where some views succeed and others do not.
    const threshold = { similarity: mean(probing) };
    const results = await attack.simulate(task, world, options({ iterations: 4, thresholds: [threshold] }));
    for (const [i, { views, similarities, successShare, controls }] of results.entries()) {
      expect(views).toHaveLength(8);
      expect(controls.plain.views).toHaveLength(8);
      const seen = await world.gradient.see(
        views.map((view) => toPlanar([view])),
        views.map(() => task.references[i] as Float32Array[]),
      );
      expect(similarities.map(([one]) => one)).toEqual(seen.map(({ similarities: [one] }) => one));
      const successes = seen.filter(({ similarities: [one = 1] }) => reaches('dodge', one, threshold)).length;
      expect(successShare).toBe(successes / 8);
    }
  });

  test('the same seed gives the same, another seed another', async () => {
    const world = worlds.get('convolutional') as World;
    const run = (seed: number) => attack.simulate(world.task('impersonate'), world, options({ seed, iterations: 4 }));
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again).toEqual(first);
    for (let i = 0; i < FACES; i++) {
      expect(other[i]?.face).not.toEqual(first[i]?.face);
      expect(other[i]?.views).not.toEqual(first[i]?.views);
    }
  });

  test('the number of held-out views does not change what is worn, nor do the faces beside', async () => {
    const world = worlds.get('convolutional') as World;
    const { goal, faces, references } = world.task('dodge');
    const [all] = await attack.simulate({ goal, faces, references }, world, options({ iterations: 4 }));
    const [alone] = await attack.simulate(
      { goal, faces: faces.slice(0, 1), references: references.slice(0, 1) },
      world,
      options({ iterations: 4, heldOutViews: 2 }),
    );
    expect(alone?.face).toEqual(all?.face);
  });

  test('a universal texture is one for all photos of the wearer', async () => {
    const world = worlds.get('linear') as World;
    const task = world.task('dodge');
    const results = await attack.simulate(task, world, options({ isUniversal: true, iterations: 40 }));
    expect(results).toHaveLength(FACES);
    const mask = attack.region(SMALL_FACE_PX);
    const full = mask.indexOf(1);
    if (full >= 0 && name !== 'make-up') {
      expect(new Set(results.map(({ face }) => face[full])).size).toBe(1);
    }
    expect(mean(results)).toBeLessThan(mean(results.map((one) => one.controls.random)) - 0.01);
  });

  test('tells of itself, how far it is, and stops on request', async () => {
    expect(attack.description).toMatch(/\.$/);
    const world = worlds.get('linear') as World;
    const events: ProgressEvent[] = [];
    const stop = new AbortController();
    const running = attack.simulate(
      world.task('dodge'),
      world,
      options({
        signal: stop.signal,
        onProgress: (event) => {
          events.push(event);
          if (events.length === 3) stop.abort();
        },
      }),
    );
    await expect(running).rejects.toThrow(InterruptedError);
    expect(events.map(({ done, total }) => [done, total])).toEqual([1, 2, 3].map((done) => [done, 25 * FACES]));
  });

  test('refuses what it cannot do', async () => {
    const world = worlds.get('linear') as World;
    const task = world.task('dodge');
    const run = (more: Partial<PhysicalTask>, how: Partial<PhysicalOptions> = {}) =>
      attack.simulate({ ...task, ...more }, world, options(how));
    await expect(attack.simulate(task, {}, options())).rejects.toThrow(CapabilityError);
    await expect(run({}, { iterations: 0 })).rejects.toThrow(InputError);
    await expect(run({}, { views: 1.5 })).rejects.toThrow(InputError);
    await expect(run({}, { thresholds: [] })).rejects.toThrow(InputError);
    await expect(run({ references: [] })).rejects.toThrow(ShapeError);
    await expect(run({ faces: task.faces.map((face) => face.slice(1)) })).rejects.toThrow(ShapeError);
    await expect(run({ meshes: task.faces.map(() => undefined).slice(1) })).rejects.toThrow(ShapeError);
  });

  test('no face, no result', async () => {
    const world = worlds.get('linear') as World;
    expect(await attack.simulate({ goal: 'dodge', faces: [], references: [] }, world, options())).toEqual([]);
  });
});

test('names are unique', () => {
  expect(new Set(PHYSICAL_ATTACKS.map(({ name }) => name)).size).toBe(PHYSICAL_ATTACKS.length);
});
