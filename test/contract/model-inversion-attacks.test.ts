import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGenerator } from '../../src/attack/inversion/generator-adapter.ts';
import { FACE_SIZE_PX } from '../../src/attack/inversion/inverse-dcgan.ts';
import {
  allowedAttacks,
  type InvertedClass,
  type ModelInversionOptions,
  type ModelInversionResources,
} from '../../src/attack/inversion/model/attack.ts';
import { MODEL_INVERSION_ATTACKS } from '../../src/attack/inversion/model/attacks.ts';
import { labelOracle } from '../../src/attack/inversion/model/label-oracle.ts';
import { type ClassHead, classCentres, modelTarget } from '../../src/attack/inversion/model/target.ts';
import type { AuditFace } from '../../src/audit/subjects.ts';
import { cropView } from '../../src/encoder/canonical-face.ts';
import type { Encoder } from '../../src/encoder/encoder.ts';
import { fromPlanar } from '../../src/image/tensor.ts';
import { cosineSimilarityOr } from '../../src/metric/similarity.ts';
import { CapabilityError, InputError } from '../../src/util/errors.ts';
import { Random } from '../../src/util/random.ts';
import { largestDifference } from '../fixtures/evaluate.ts';
import { madePeople, TINY_LATENT, tinyEncoder, tinyGenerator } from '../fixtures/inversion.ts';
import { tinyClassifier } from '../fixtures/model-inversion.ts';

const PEOPLE = 12;
const PHOTOS = 4;
/** Those of the people that are attacked. */
const CLASSES = [0, 1, 2, 3, 4, 5];
const NUMBERS = 3 * FACE_SIZE_PX ** 2;

/** Small, for a latent of eight numbers. */
const EFFORT = { draws: 160, candidates: 4, iterations: 60, views: 4, maxQueries: 300, threads: 1 } as const;

/** Smaller, where it does not matter whether a person is found. */
const LEAST_EFFORT = { ...EFFORT, draws: 96, candidates: 2, iterations: 5, views: 2, maxQueries: 70 } as const;

const generator = tinyGenerator();
const opened: Encoder[] = [];
let judge: { readonly encoder: Encoder; readonly centres: readonly Float32Array[] };
/** A classifier and a recogniser that were trained on the people's photos; and a classifier whose photos all bore other people's names. */
let leaking: Readonly<Record<'logits' | 'centres', ModelInversionResources>>;
let shuffled: ModelInversionResources;
let recogniser: Encoder;

async function seenBy(encoder: Encoder, faces: readonly Float32Array[]): Promise<Float32Array[]> {
  const images = faces.flatMap((face) => fromPlanar(face, { widthPx: FACE_SIZE_PX, heightPx: FACE_SIZE_PX }));
  return encoder.embed(images.map((image) => cropView(image, encoder.view)));
}

async function centresHead(encoder: Encoder, people: readonly AuditFace[], labels: readonly number[]) {
  const embeddings = await encoder.embed(people.map(({ image }) => cropView(image, encoder.view)));
  return { kind: 'centres', centres: classCentres(embeddings, labels, PEOPLE) } as const;
}

/** Both kinds of access to a model. */
function resourcesOf(model: Encoder, head: ClassHead): ModelInversionResources {
  opened.push(model);
  const target = modelTarget(model, head);
  if (!target) throw new CapabilityError('the tiny model has no weights');
  return { generator, target, oracle: labelOracle(model, head) };
}

/**
 * How many of the twelve people an encoder that had no part finds more like the first face of a class than its own person: 0 is found, 5.5 is chance.
 * Mean over the classes; the mean of six ranks by chance has a deviation of 1.4.
 */
async function meanRank(results: readonly InvertedClass[]): Promise<number> {
  let ranks = 0;
  for (const { label, faces } of results) {
    const [embedding] = await seenBy(judge.encoder, faces.slice(0, 1));
    const likeness = judge.centres.map((centre) => cosineSimilarityOr(-1, embedding ?? new Float32Array(1), centre));
    ranks += likeness.filter((value) => value > (likeness[label] as number)).length;
  }
  return ranks / results.length;
}

const isEqual = (a: readonly InvertedClass[], b: readonly InvertedClass[]): boolean =>
  a.every(({ faces }, i) =>
    faces.every((face, k) => largestDifference(face, b[i]?.faces[k] ?? new Float32Array(NUMBERS)) === 0),
  );

beforeAll(async () => {
  const people = await madePeople('members', PEOPLE, PHOTOS);
  const labels = people.map((_, i) => Math.floor(i / PHOTOS));
  // Shuffled at random, one class in three would keep a photo of its person.
  const wrong = labels.map((label, i) => (label + 1 + 2 * (i % PHOTOS)) % PEOPLE);
  const judging = await tinyEncoder({ seed: 'judge' });
  opened.push(judging);
  judge = { encoder: judging, ...(await centresHead(judging, people, labels)) };
  recogniser = await tinyEncoder({ seed: 'recogniser' });
  leaking = {
    logits: resourcesOf(await tinyClassifier('leaking', people, labels), { kind: 'logits' }),
    centres: resourcesOf(recogniser, await centresHead(recogniser, people, labels)),
  };
  shuffled = resourcesOf(await tinyClassifier('shuffled', people, wrong), { kind: 'logits' });
});

afterAll(async () => {
  for (const encoder of opened) await encoder.close();
});

describe.for(MODEL_INVERSION_ATTACKS.map((attack) => [attack.name, attack] as const))('%s', ([name, attack]) => {
  const invert = (
    options: Partial<ModelInversionOptions> = {},
    resources: ModelInversionResources = leaking.logits,
    classes: readonly number[] = CLASSES,
  ): Promise<InvertedClass[]> =>
    attack.invert(classes, resources, { ...LEAST_EFFORT, random: new Random(1), ...options });

  test.for(['logits', 'centres'] as const)('finds the people of a model of %s that gives them away', async (kind) => {
    const results = await invert(EFFORT, leaking[kind]);
    expect(results.map(({ label }) => label)).toEqual(CLASSES);
    for (const { faces } of results) {
      expect(faces).toHaveLength(1);
      expect(faces[0]).toHaveLength(NUMBERS);
      expect(faces[0]?.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
    expect(await meanRank(results)).toBeLessThan(2);
  });

  test('is judged at chance on a model that was trained with the wrong names', async () => {
    expect(await meanRank(await invert(EFFORT, shuffled))).toBeGreaterThan(3);
  });

  test('gives as many faces of a class as are wanted, all different, and none for no class', async () => {
    const [result] = await invert({ facesPerClass: 3 }, leaking.logits, [4]);
    expect(result?.label).toBe(4);
    expect(result?.faces).toHaveLength(3);
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      expect(largestDifference(result?.faces[a] ?? [], result?.faces[b] ?? [])).toBeGreaterThan(0);
    }
    expect(await invert({}, leaking.logits, [])).toEqual([]);
  });

  test('the same seed gives the same faces, another seed others', async () => {
    const run = (seed: number) => invert({ random: new Random(seed) }, leaking.logits, [2, 7]);
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(isEqual(again, first)).toBe(true);
    expect(isEqual(other, first)).toBe(false);
  });

  test('needs what its access says, and nothing else', async () => {
    const { target, oracle } = leaking.logits;
    const enough = { generator, ...(attack.access === 'white-box' ? target && { target } : oracle && { oracle }) };
    const lacking = { generator, ...(attack.access === 'white-box' ? oracle && { oracle } : target && { target }) };
    expect(allowedAttacks(MODEL_INVERSION_ATTACKS, enough)).toContain(attack);
    expect(isEqual(await invert({}, enough, [3]), await invert({}, leaking.logits, [3]))).toBe(true);
    expect(allowedAttacks(MODEL_INVERSION_ATTACKS, lacking)).not.toContain(attack);
    const failure: unknown = await invert({}, lacking).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CapabilityError);
    expect(String(failure)).toContain(name);
    expect(attack.description).toMatch(/\.$/);
  });

  test('refuses a class that the model does not have, and one that is named twice', async () => {
    await expect(invert({}, leaking.logits, [PEOPLE])).rejects.toThrow(InputError);
    await expect(invert({}, leaking.logits, [1, 1])).rejects.toThrow(InputError);
  });

  test('tells how far it is, and stops on request', async () => {
    const stages = new Map<string, number[]>();
    const onProgress: ModelInversionOptions['onProgress'] = ({ stage, done, total }) =>
      stages.set(stage, [...(stages.get(stage) ?? []), done / total]);
    await invert({ onProgress }, leaking.logits, [0, 1]);
    expect(stages.size).toBeGreaterThan(0);
    for (const shares of stages.values()) expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    const stopped = invert({ signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
  });

  if (attack.access === 'white-box') {
    test('optimising makes the model surer than the starts, and asks nothing', async () => {
      const before = recogniser.queries;
      const mean = (results: InvertedClass[]) =>
        results.reduce((sum, { confidences }) => sum + (confidences?.[0] ?? 0) / results.length, 0);
      const starts = await invert({ iterations: 0, draws: 16 }, leaking.centres);
      const optimised = await invert({ iterations: 40, draws: 16 }, leaking.centres);
      expect(mean(optimised)).toBeGreaterThan(mean(starts) + 0.05);
      expect(recogniser.queries).toBe(before);
    });
  } else {
    test('every query is counted, the budget is kept, and what it gives has the label', async () => {
      const oracle = leaking.centres.oracle;
      const before = oracle?.queries ?? 0;
      const answered = recogniser.queries;
      const results = await invert({ draws: EFFORT.draws }, leaking.centres);
      for (const { queries } of results) {
        expect(queries).toBeGreaterThan(0);
        expect(queries).toBeLessThanOrEqual(LEAST_EFFORT.maxQueries);
      }
      const spent = (oracle?.queries ?? 0) - before;
      expect(recogniser.queries - answered).toBe(spent);
      const walking = results.reduce((sum, { queries = 0 }) => sum + queries, 0);
      expect(spent - walking).toBeLessThanOrEqual(EFFORT.draws);
      expect(await oracle?.ask(results.map(({ faces }) => faces[0] as Float32Array))).toEqual(CLASSES);
    });

    test('a class that no drawn face has is given up, and said so', async () => {
      const nobody = { classCount: 2, queries: 0, ask: async (faces: readonly Float32Array[]) => faces.map(() => 0) };
      expect(await invert({ draws: 64 }, { generator, oracle: nobody }, [1])).toEqual([
        { label: 1, faces: [], queries: 0 },
      ]);
    });
  }
});

test('names are unique, and nothing is allowed without access', () => {
  expect(new Set(MODEL_INVERSION_ATTACKS.map(({ name }) => name)).size).toBe(MODEL_INVERSION_ATTACKS.length);
  expect(allowedAttacks(MODEL_INVERSION_ATTACKS, leaking.logits)).toEqual([...MODEL_INVERSION_ATTACKS]);
  expect(allowedAttacks(MODEL_INVERSION_ATTACKS, { generator })).toEqual([]);
});

test('faces that owe nothing to the model are at chance', async () => {
  const random = new Random('nobody');
  const made = await openGenerator(generator, { threads: 1 });
  const faces = await made.generate(CLASSES.map(() => random.normals(TINY_LATENT)));
  await made.close();
  expect(await meanRank(CLASSES.map((label) => ({ label, faces: [faces[label] as Float32Array] })))).toBeGreaterThan(3);
});
