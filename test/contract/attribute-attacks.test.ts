import { describe, expect, test } from 'vitest';
import type { AttributeAttack, AttributeExamples } from '../../src/attack/inference/attribute/attack.ts';
import { ATTRIBUTE_ATTACKS } from '../../src/attack/inference/attribute/attacks.ts';
import { PORTRAIT_PX } from '../../src/face/portrait.ts';
import { InputError, InterruptedError, ShapeError } from '../../src/util/errors.ts';
import { Random } from '../../src/util/random.ts';

const EMBEDDING_SIZE = 24;

/** Where an attribute is written into embeddings and portraits; the second attribute is written nowhere. */
const PLANTED = 0;
const ABSENT = 1;

/** Steps that are enough for what is planted here, where an attack learns in steps. */
const STEPS: Readonly<Record<string, number>> = { logistic: 120, perceptron: 120, cnn: 12, residual: 12 };

/** An embedding of any length with the attribute along one of its directions, among noise. */
function embedding(random: Random, present: boolean): Float32Array {
  const length = 1 + 4 * random.uniform();
  const values = random.normals(EMBEDDING_SIZE);
  values[3] = (values[3] as number) + (present ? 3 : -3);
  return values.map((value) => length * value);
}

/** A portrait of noise with a bar across the eyes where the attribute is there. */
function portrait(random: Random, present: boolean): Float32Array {
  const values = random.normals(3 * PORTRAIT_PX ** 2, 0.08).map((value) => Math.min(1, Math.max(0, 0.5 + value)));
  if (!present) return values;
  for (const channel of [0, 1, 2]) {
    const start = channel * PORTRAIT_PX ** 2;
    values.fill(0.05, start + 20 * PORTRAIT_PX, start + 30 * PORTRAIT_PX);
  }
  return values;
}

function people(attack: AttributeAttack, seed: string, count: number): AttributeExamples {
  const random = new Random(seed);
  const labels = Array.from({ length: count }, (_, i) => [i % 3 === 0, random.uniform() < 0.5]);
  const make = attack.sees === 'embedding' ? embedding : portrait;
  return { inputs: labels.map(([present = false]) => make(random, present)), labels };
}

/** The share of pairs of a face with and one without the attribute where the first is scored higher. */
function auc(scores: readonly Float32Array[], { labels }: AttributeExamples, attribute: number): number {
  const of = (label: boolean) =>
    scores.flatMap((row, i) => (labels[i]?.[attribute] === label ? [row[attribute] as number] : []));
  const [present, absent] = [of(true), of(false)];
  const inOrder = present.flatMap((a) => absent.map((b): number => (a > b ? 1 : a === b ? 0.5 : 0)));
  return inOrder.reduce((sum, value) => sum + value, 0) / inOrder.length;
}

async function scoresOf(
  attack: AttributeAttack,
  examples: AttributeExamples,
  inputs: readonly Float32Array[],
  options: { readonly seed: number; readonly steps?: number },
): Promise<Float32Array[]> {
  const model = await attack.train(examples, { threads: 1, ...options });
  const scores = await model.score(inputs);
  await model.close();
  return scores;
}

describe.each(ATTRIBUTE_ATTACKS.map((attack) => [attack.id, attack] as const))('%s', (id, attack) => {
  const examples = people(attack, 'known people', attack.sees === 'embedding' ? 400 : 24);
  const others = people(attack, 'other people', attack.sees === 'embedding' ? 400 : 40);
  const steps = STEPS[id] === undefined ? {} : { steps: STEPS[id] };

  test('reads what is planted, and is at chance where there is nothing', async () => {
    const scores = await scoresOf(attack, examples, others.inputs, { seed: 1, ...steps });
    expect(scores.map((row) => row.length)).toEqual(others.labels.map(() => 2));
    expect(auc(scores, others, PLANTED)).toBeGreaterThan(0.95);
    // Three deviations of the AUC of random scores on so many faces.
    const deviation = Math.sqrt((others.labels.length + 1) / (12 * (others.labels.length / 2) ** 2));
    expect(Math.abs(auc(scores, others, ABSENT) - 0.5)).toBeLessThan(3 * deviation);
  }, 120_000);

  test('the same seed gives the same scores, another input another score', async () => {
    const few = { inputs: examples.inputs.slice(0, 12), labels: examples.labels.slice(0, 12) };
    const options = { seed: 7, ...(steps.steps === undefined ? {} : { steps: 2 }) };
    const [first, second] = [
      await scoresOf(attack, few, others.inputs.slice(0, 5), options),
      await scoresOf(attack, few, others.inputs.slice(0, 5), options),
    ];
    expect(second).toEqual(first);
    expect(new Set(first.map((row) => row[PLANTED])).size).toBeGreaterThan(1);
    expect(first.flatMap((row) => [...row]).every(Number.isFinite)).toBe(true);
  }, 120_000);

  test('refuses examples that do not fit together', async () => {
    const train = (given: AttributeExamples) => attack.train(given, { seed: 1, threads: 1, steps: 1 });
    const [input] = examples.inputs as [Float32Array];
    await expect(train({ inputs: [], labels: [] })).rejects.toThrow(InputError);
    await expect(train({ inputs: [input], labels: [[true], [false]] })).rejects.toThrow(ShapeError);
    await expect(train({ inputs: [input, input.slice(1)], labels: [[true], [false]] })).rejects.toThrow(ShapeError);
    await expect(train({ inputs: [input, input], labels: [[true], [false, true]] })).rejects.toThrow(ShapeError);
  });

  test('gives finite figures for an attribute that everybody has', async () => {
    const everybody = { inputs: examples.inputs.slice(0, 6), labels: examples.labels.slice(0, 6).map(() => [true]) };
    const scores = await scoresOf(attack, everybody, others.inputs.slice(0, 3), { seed: 1, steps: 1 });
    expect(scores.every((row) => row.length === 1 && row.every(Number.isFinite))).toBe(true);
  });
});

test.each(ATTRIBUTE_ATTACKS.filter(({ id }) => STEPS[id] !== undefined))('$id stops on request', async (attack) => {
  const stopped = attack.train(people(attack, 'few', 8), { seed: 1, threads: 1, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow(InterruptedError);
});
