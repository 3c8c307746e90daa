import { beforeAll, describe, expect, test } from 'vitest';
import { encoderFromGraph } from '../../../encoder/onnx-encoder.ts';
import type { Image } from '../../../image/image.ts';
import { cosineSimilarity } from '../../../metric/similarity.ts';
import type { Weights } from '../../../nn/parameters.ts';
import type { TrainingState } from '../../../nn/training.ts';
import { CipherStream } from '../../../util/cipher-stream.ts';
import { CapabilityError, InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { parseFront } from './front.ts';
import { parseMasking } from './kinds.ts';
import type { MaskedPerson } from './masked-batch.ts';
import { type MaskedTrainingOptions, maskedEncoderGraph, trainMaskedEncoder } from './masked-training.ts';
import type { MixRecord } from './mix-log.ts';
import { STRATEGY_DEFAULTS } from './strategy.ts';

const SIZE = 32;

/** People who are a pattern of stripes each, under noise: block frequencies tell them. */
function person(index: number): MaskedPerson {
  const random = new Random(`person ${index}`);
  const weights = Array.from({ length: 6 }, () => 30 * random.normal());
  const faces = Array.from({ length: 3 }, (): Image => {
    const data = new Uint8ClampedArray(3 * SIZE ** 2);
    for (let i = 0; i < SIZE ** 2; i++) {
      const [y, x] = [Math.floor(i / SIZE), i % SIZE];
      const grey = weights.reduce(
        (sum, weight, u) => sum + weight * Math.cos(((u + 1) * (2 * (u % 2 ? x : y) + 1) * Math.PI) / 16),
        128,
      );
      for (let c = 0; c < 3; c++) data[3 * i + c] = grey + 6 * random.normal();
    }
    return { widthPx: SIZE, heightPx: SIZE, data: new Uint8Array(data.buffer) };
  });
  return { person: `p${index}`, faces, ids: faces.map((_, i) => `p${index}/${i}`), heldOut: faces.slice(0, 1) };
}
const PEOPLE = Array.from({ length: 8 }, (_, i) => person(i));

const options = (masking: string, steps: number, more: Partial<MaskedTrainingOptions> = {}): MaskedTrainingOptions => ({
  masking: parseMasking(masking),
  form: { sizePx: SIZE, width: 0.0625, embeddingSize: 8, norm: 'batch' },
  frequencies: 12,
  steps,
  batchSize: 8,
  learningRate: 5e-3,
  scale: 8,
  margin: 0.1,
  augmentations: [],
  strategy: STRATEGY_DEFAULTS,
  seed: 1,
  threads: 1,
  ...more,
});

describe('training on masked faces', () => {
  test('lowers the loss of mixes, and gives an encoder that tells faces apart that are not mixed', async () => {
    const losses: number[] = [];
    const training = options('fixed:2', 40, {
      averageSteps: 0,
      onProgress: ({ figures }) => losses.push(...(figures?.loss === undefined ? [] : [figures.loss])),
    });
    const { weights, front } = await trainMaskedEncoder(PEOPLE, training);
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(losses.slice(-10))).toBeLessThan(0.8 * mean(losses.slice(0, 10)));
    const graph = maskedEncoderGraph(weights, { ...training, front });
    expect(parseFront(graph.metadata.front ?? '')).toEqual(front);
    const encoder = await encoderFromGraph({
      id: 'masked',
      hash: 'masked',
      graph,
      view: { box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: SIZE, heightPx: SIZE },
      embeddingSize: 8,
      threads: 1,
    });
    const embeddings = await encoder.embed(PEOPLE.flatMap(({ faces }) => faces.slice(0, 2)));
    await encoder.close();
    const similarity = (a: number, b: number): number =>
      cosineSimilarity(embeddings[a] as Float32Array, embeddings[b] as Float32Array);
    const genuine = PEOPLE.map((_, i) => similarity(2 * i, 2 * i + 1));
    const impostor = PEOPLE.map((_, i) => similarity(2 * i, (2 * i + 2) % 16));
    expect(mean(genuine)).toBeGreaterThan(mean(impostor) + 0.3);
  });

  describe('adaptively', () => {
    const states: TrainingState[] = [];
    const done: number[] = [];
    const [whole, rest]: [MixRecord[], MixRecord[]] = [[], []];
    // Two steps of the recogniser, one of the strategy network; a checkpoint after each.
    const training = options('adaptive', 4, {
      strategy: { ...STRATEGY_DEFAULTS, every: 2, constraint: { accuracy: 0.9, rate: 0.1 } },
      augmentations: ['shift', 'noise'],
      checkpointSteps: 1,
    });
    let undisturbed: Weights;

    beforeAll(async () => {
      const trained = await trainMaskedEncoder(PEOPLE, {
        ...training,
        onCheckpoint: async (state) => {
          states.push(state);
        },
        onMix: (mix) => whole.push(mix),
        onProgress: ({ figures, done: step }) => {
          if (figures) done.push(step);
        },
      });
      undisturbed = trained.weights;
    }, 60_000);

    test('moves one network in each turn, while the other stands still to the last bit', () => {
      expect(states.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
      for (let turn = 1; turn < states.length; turn++) {
        const moved = changed(states[turn - 1], states[turn]);
        const isStrategy = turn % 3 === 2;
        expect(moved.length).toBeGreaterThan(3);
        expect(moved.filter((name) => /(^|\/)strategy\./.test(name) !== isStrategy)).toEqual([]);
      }
    });

    test('counts the recogniser’s steps', () => {
      expect(done).toEqual([1, 2, 3, 4]);
    });

    test('mixes every face once in each turn, half of them in the strategy network’s, with other people', () => {
      expect(whole).toHaveLength(4 * 8 + 2 * 4);
      for (const { image, partners, weights } of whole) {
        expect(weights).toHaveLength(partners.length + 1);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
        expect(new Set([image, ...partners].map((id) => id.split('/')[0])).size).toBe(weights.length);
      }
    });

    test('ends at the same weights and mixes when resumed between its turns', async () => {
      const resume = states[3];
      expect(resume?.step).toBe(4);
      const resumed = await trainMaskedEncoder(PEOPLE, {
        ...training,
        ...(resume ? { resume } : {}),
        onMix: (mix) => rest.push(mix),
      });
      expect(new Map(resumed.weights)).toEqual(new Map(undisturbed));
      expect(rest).toEqual(whole.filter(({ step }) => step >= 4));
    }, 60_000);
  });

  test('privately, says what it kept', async () => {
    const form = { sizePx: SIZE, width: 0.0625, embeddingSize: 8, norm: 'group' } as const;
    const draws = (label: string) => new CipherStream(new Uint8Array(32), label);
    const { privacy } = await trainMaskedEncoder(PEOPLE, options('dp-sgd:5', 1, { form, draws }));
    expect(privacy?.loss.epsilon).toBeLessThanOrEqual(5);
    expect(privacy?.loss.epsilon).toBeGreaterThan(4);
    await expect(async () => trainMaskedEncoder(PEOPLE, options('dp-sgd:5', 1, { form }))).rejects.toThrow(
      CapabilityError,
    );
  }, 30_000);

  test.each([
    { what: 'too few people', people: PEOPLE.slice(0, 5), batchSize: 8 },
    { what: 'too small a batch', people: PEOPLE, batchSize: 5 },
  ])('refuses $what for its mixes', async ({ people, batchSize }) => {
    await expect(async () => trainMaskedEncoder(people, options('random', 1, { batchSize }))).rejects.toThrow(
      InputError,
    );
  });
});

test('drawing more channels than the front keeps is refused', async () => {
  await expect(async () => trainMaskedEncoder(PEOPLE, options('channels:13', 1))).rejects.toThrow(
    /more than the 12 channels/,
  );
});

/** Names of the tensors that differ. */
function changed(before: TrainingState | undefined, after: TrainingState | undefined): string[] {
  return [...(after?.tensors ?? [])].flatMap(([name, tensor]) => {
    const old = before?.tensors.get(name)?.data;
    return old && Array.from(tensor.data, Number).every((value, i) => value === Number(old[i])) ? [] : [name];
  });
}
