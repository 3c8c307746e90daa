import { describe, expect, test } from 'vitest';
import { encoderFromGraph } from '../../encoder/onnx-encoder.ts';
import { GraphBuilder, type Value } from '../../graph/builder.ts';
import { gradients } from '../../graph/differentiate.ts';
import { mul, square } from '../../graph/ops/arithmetic.ts';
import { reduceSum } from '../../graph/ops/reduction.ts';
import { float32, toNumbers } from '../../graph/tensor.ts';
import type { Image } from '../../image/image.ts';
import { cosineSimilarity } from '../../metric/similarity.ts';
import type { TrainingState } from '../../nn/training.ts';
import { createSession } from '../../runtime/session.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { adversarialBatch } from './adversarial-batch.ts';
import { type EncoderTrainingOptions, encoderGraph, type TrainingPerson, trainEncoder } from './encoder-training.ts';

const SIZE = 32;
const FORM = { sizePx: SIZE, width: 0.125, embeddingSize: 8 } as const;

/** People who are a colour each, under noise. */
function person(name: string, photos: number): TrainingPerson {
  const random = new Random(name);
  const colour = Array.from({ length: 3 }, () => 60 + random.integer(136));
  const faces = Array.from({ length: photos }, (): Image => {
    const data = Uint8Array.from({ length: 3 * SIZE ** 2 }, (_, i) => (colour[i % 3] as number) + random.integer(30));
    return { widthPx: SIZE, heightPx: SIZE, data };
  });
  return { person: name, faces };
}
const PEOPLE = ['ann', 'ben', 'cem', 'dora'].map((name) => person(name, 3));

const options = (steps: number, more: Partial<EncoderTrainingOptions> = {}): EncoderTrainingOptions => ({
  form: FORM,
  steps,
  batchSize: 8,
  learningRate: 5e-3,
  scale: 8,
  margin: 0.1,
  augmentations: ['shift', 'flip'],
  seed: 1,
  threads: 1,
  checkpointSteps: 3,
  ...more,
});

describe('training an encoder', () => {
  test('lowers the loss, and gives an encoder that tells the people apart', async () => {
    const losses: number[] = [];
    const weights = await trainEncoder(
      PEOPLE,
      options(60, { averageSteps: 0, onProgress: ({ figures }) => losses.push(figures?.loss ?? Number.NaN) }),
    );
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(losses.slice(-10))).toBeLessThan(0.5 * mean(losses.slice(0, 10)));
    const encoder = await encoderFromGraph({
      id: 'trained',
      hash: 'trained',
      graph: encoderGraph(weights, FORM),
      view: { box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: SIZE, heightPx: SIZE },
      embeddingSize: FORM.embeddingSize,
      threads: 1,
    });
    const of = async (one: TrainingPerson | undefined): Promise<Float32Array[]> => encoder.embed(one?.faces ?? []);
    const [[first, second], [other]] = [await of(PEOPLE[0]), await of(PEOPLE[1])];
    if (!first || !second || !other) throw new InputError('three faces have three embeddings');
    expect(cosineSimilarity(first, second)).toBeGreaterThan(cosineSimilarity(first, other) + 0.2);
    await encoder.close();
  });

  test.each([
    { kind: 'plain', more: {} },
    { kind: 'adversarial', more: { adversarial: { epsilonLinf: 4 / 255, steps: 2 } } },
  ])('$kind, resumed from a checkpoint, ends at the same weights to the last bit', async ({ more }) => {
    const states: TrainingState[] = [];
    const onCheckpoint = async (state: TrainingState): Promise<void> => {
      states.push(state);
    };
    const whole = await trainEncoder(PEOPLE, options(5, { ...more, onCheckpoint }));
    const [resume] = states;
    expect(resume?.step).toBe(3);
    const resumed = await trainEncoder(PEOPLE, options(5, { ...more, ...(resume ? { resume } : {}) }));
    expect(new Map(resumed)).toEqual(new Map(whole));
  });

  test.each([{ sizePx: 40 }, { sizePx: 16 }, { width: 0 }, { embeddingSize: 1 }])('refuses %o', async (wrong) => {
    await expect(async () => trainEncoder(PEOPLE, options(1, { form: { ...FORM, ...wrong } }))).rejects.toThrow(
      InputError,
    );
  });

  test('refuses one person', async () => {
    await expect(async () => trainEncoder(PEOPLE.slice(0, 1), options(1))).rejects.toThrow(InputError);
  });
});

describe('an adversarial batch', () => {
  const EPSILON = 0.1;
  const CLEAN = [0.5, 0.5, 0.05, 0.95];
  const SLOPES = [1, -2, -3, 4];

  /** Faces of four values whose loss is their product with the slopes: what PGD must find is known. */
  async function run(lossOf: (face: Value, slopes: Value) => Value): Promise<{ made: number[]; gradient: number[] }> {
    const builder = new GraphBuilder('adversarial');
    const [face, start, slopes] = ['face', 'start', 'slopes'].map((name) => builder.input(name, [1, 4])) as [
      Value,
      Value,
      Value,
    ];
    const perturbed = adversarialBatch(face, start, (x) => lossOf(x, slopes), { epsilonLinf: EPSILON, steps: 3 });
    const [gradient] = gradients(lossOf(perturbed, slopes), [slopes]) as [Value];
    builder.output('made', perturbed);
    builder.output('gradient', gradient);
    const session = await createSession(builder.build(), { threads: 1 });
    const row = (values: readonly number[]) => float32(values, [1, 4]);
    const { made, gradient: found } = await session.run({
      face: row(CLEAN),
      start: row([-1, 1, 0.5, 0]),
      slopes: row(SLOPES),
    });
    await session.release();
    return { made: made ? toNumbers(made) : [], gradient: found ? toNumbers(found) : [] };
  }

  test('goes to the far corner of the bound, and no further than pixels reach', async () => {
    const { made } = await run((face, slopes) => reduceSum(mul(face, slopes)));
    [0.6, 0.4, 0, 1].forEach((value, i) => {
      expect(made[i]).toBeCloseTo(value, 6);
    });
  });

  test('is data to the update: the weights’ gradient is that of the loss at the perturbed faces alone', async () => {
    // Its derivative by a slope is face^2; were the perturbation a function of the slopes, more would come of it.
    const { made, gradient } = await run((face, slopes) => reduceSum(mul(square(face), slopes)));
    gradient.forEach((value, i) => {
      expect(value).toBeCloseTo((made[i] as number) ** 2, 6);
    });
  });
});
