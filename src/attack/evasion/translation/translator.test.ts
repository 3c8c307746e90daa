import { beforeAll, describe, expect, test } from 'vitest';
import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { readGraph, writeGraph } from '../../../graph/onnx-file.ts';
import { readCheckpoint, writeCheckpoint } from '../../../nn/checkpoint.ts';
import type { Weights } from '../../../nn/parameters.ts';
import type { TrainingState } from '../../../nn/training.ts';
import { InputError, ModelFileError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { scoreTranslation } from './score.ts';
import {
  isHeldOut,
  openTranslator,
  TRANSLATED_PX,
  type TranslatorOptions,
  trainTranslator,
  translatorGraph,
} from './translator.ts';

const NUMBERS = 3 * TRANSLATED_PX ** 2;

/** Faces whose upper half has one grey and whose lower half another, with a little noise. */
const faces = (upper: number, lower: number): Float32Array[] => {
  const random = new Random(`${upper} over ${lower}`);
  return Array.from({ length: 4 }, () =>
    Float32Array.from({ length: NUMBERS }, (_, i) => (isUpper(i) ? upper : lower) + 0.05 * (random.uniform() - 0.5)),
  );
};

const isUpper = (i: number): boolean => i % TRANSLATED_PX ** 2 < TRANSLATED_PX ** 2 / 2;

const [DARK_OVER_LIGHT, LIGHT_OVER_DARK] = [faces(0.3, 0.7), faces(0.7, 0.3)];

const run = (options: Partial<TranslatorOptions> = {}): Promise<Weights> =>
  trainTranslator(DARK_OVER_LIGHT, LIGHT_OVER_DARK, {
    steps: 24,
    learningRate: 2e-3,
    seed: 1,
    threads: 1,
    widths: { translator: 2, critic: 2 },
    ...options,
  });

const bytesOf = (weights: Weights): string[] =>
  Array.from(weights, ([name, { data }]) => `${name} ${Buffer.from(data.buffer).toString('base64')}`);

const figures: Readonly<Record<string, number>>[] = [];
const states: TrainingState[] = [];
let trained: Weights;

beforeAll(async () => {
  trained = await run({
    onProgress: (event) => void (event.figures && figures.push(event.figures)),
    checkpointSteps: 22,
    onCheckpoint: async (state) => void states.push(state),
  });
});

describe('trainTranslator', () => {
  test('weighs what the critics say, the way there and back, and the faces that are the other person’s already', () => {
    // It begins as the identity, which loses nothing.
    expect(figures[0]).toMatchObject({ cycle: 0, identity: 0 });
    expect(figures.at(-1)?.cycle).toBeGreaterThan(0);
    expect(figures.at(-1)?.identity).toBeGreaterThan(0);
    for (const { loss = 0, adversarial = 0, cycle = 0, identity = 0 } of figures) {
      expect(loss).toBeCloseTo(adversarial + 10 * cycle + 5 * identity, 4);
    }
    // The critics learn, although only their own loss wants them to.
    expect(figures.at(-1)?.critic).toBeLessThan(0.8 * (figures[0]?.critic ?? 0));
  });

  test('a resumed training gives the same weights to the last bit', async () => {
    const resume = readCheckpoint(writeCheckpoint(states[0] as TrainingState));
    expect(resume.step).toBe(22);
    expect(bytesOf(await run({ resume }))).toEqual(bytesOf(trained));
  });

  test('refuses to learn from nobody', async () => {
    await expect(trainTranslator([], LIGHT_OVER_DARK, { steps: 1, seed: 1 })).rejects.toThrow(InputError);
  });
});

describe('openTranslator', () => {
  test('reads back what was written, and gives changed faces within 0..1', async () => {
    const graph = readGraph(writeGraph(translatorGraph(trained, { from: 'ann' })));
    expect(graph.metadata).toMatchObject({ kind: 'translator', from: 'ann' });
    const translator = await openTranslator(graph, { threads: 1 });
    const face = DARK_OVER_LIGHT[0] as Float32Array;
    const [made] = await translator.translate([face]);
    await translator.close();
    expect(made).toHaveLength(NUMBERS);
    expect(made).not.toEqual(face);
    expect(made?.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test('refuses other models', async () => {
    const builder = new GraphBuilder('other');
    builder.output('face_to', builder.input('face', [1]) satisfies Value);
    await expect(openTranslator(builder.build())).rejects.toThrow(ModelFileError);
  });
});

describe('isHeldOut', () => {
  test('keeps about a fifth', () => {
    const held = Array.from({ length: 2000 }, (_, i) => isHeldOut(`Ann_${i}.jpg`)).filter(Boolean).length;
    expect(held / 2000).toBeGreaterThan(0.17);
    expect(held / 2000).toBeLessThan(0.23);
  });
});

describe('scoreTranslation', () => {
  const at = (degrees: number): Float32Array =>
    Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));

  test('counts who passes as whom, and never compares a photo with itself', () => {
    const rates = scoreTranslation(
      {
        from: [at(0), at(10)],
        translated: [at(80), at(40)],
        fromReferences: [at(0), at(10)],
        toReferences: [at(90), at(100), at(170)],
      },
      // 30 degrees or nearer.
      { similarity: Math.cos((30.5 * Math.PI) / 180) },
      new Random(1),
    );
    expect(
      rates.map(({ comparisons, passed }) => [comparisons, Number((comparisons * passed.value).toFixed(6))]),
    ).toEqual([
      // 80 degrees passes as 90 and 100; 40 as nobody.
      [6, 2],
      // 80 against 10, and 40 against 0: neither. Their own photos are left out.
      [2, 0],
      [6, 0],
      [2, 2],
      // 90 and 100 pass as each other, from both sides.
      [6, 2],
    ]);
  });
});
