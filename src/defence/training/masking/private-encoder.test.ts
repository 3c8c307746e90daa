import { describe, expect, test } from 'vitest';
import type { Image } from '../../../image/image.ts';
import type { TrainingState } from '../../../nn/training.ts';
import { CipherStream } from '../../../util/cipher-stream.ts';
import { CapabilityError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { privacyLoss } from '../privacy/accountant.ts';
import type { PrivateDraws } from '../privacy/private-training.ts';
import { parseMasking } from './kinds.ts';
import type { MaskedPerson } from './masked-batch.ts';
import { type PrivateEncoderOptions, trainPrivateEncoder } from './private-encoder.ts';
import { STRATEGY_DEFAULTS } from './strategy.ts';

const SIZE = 32;

/** People who are a colour each, under noise. */
function person(name: string): MaskedPerson {
  const random = new Random(name);
  const colour = Array.from({ length: 3 }, () => 60 + random.integer(136));
  const faces = Array.from({ length: 8 }, (): Image => {
    const data = Uint8Array.from({ length: 3 * SIZE ** 2 }, (_, i) => (colour[i % 3] as number) + random.integer(30));
    return { widthPx: SIZE, heightPx: SIZE, data };
  });
  return { person: name, faces, ids: faces.map((_, i) => `${name}/${i}`) };
}
const PEOPLE = ['ann', 'ben', 'cem'].map(person);

const drawsOf =
  (secret: number): PrivateDraws =>
  (label) =>
    new CipherStream(new Uint8Array(32).fill(secret), label);

const options = (more: Partial<PrivateEncoderOptions> = {}): PrivateEncoderOptions => ({
  masking: parseMasking('dp-sgd:20'),
  form: { sizePx: SIZE, width: 0.0625, embeddingSize: 4, norm: 'group' },
  frequencies: 9,
  steps: 4,
  batchSize: 6,
  learningRate: 1e-3,
  scale: 8,
  margin: 0.1,
  augmentations: ['flip'],
  strategy: STRATEGY_DEFAULTS,
  seed: 1,
  draws: drawsOf(1),
  threads: 1,
  checkpointSteps: 2,
  ...more,
});

describe('a private recogniser', () => {
  test('keeps its budget, and resumed ends at the same weights to the last bit, where its secret is the same', async () => {
    const states: TrainingState[] = [];
    const clipped: number[] = [];
    const told: (number | string | undefined)[][] = [];
    const { weights, plan } = await trainPrivateEncoder(
      PEOPLE,
      options({
        onCheckpoint: async (state) => {
          states.push(state);
        },
        onProgress: ({ figures }) => clipped.push(figures?.clipped ?? Number.NaN),
        onTurn: (step, turn, figures) => told.push([step, turn, figures.clipped]),
      }),
    );
    const spent = privacyLoss({ ...plan, steps: 4, delta: 0.99 * plan.loss.delta });
    expect(spent.epsilon).toBeLessThanOrEqual(20);
    expect(plan).toMatchObject({ samplingRate: 6 / 24, loss: { epsilon: spent.epsilon, delta: 0.1 / 24 } });
    expect(clipped).toHaveLength(4);
    for (const share of clipped) expect(share >= 0 && share <= 1).toBe(true);
    expect(told).toEqual(clipped.map((share, step) => [step, 'recogniser', share]));
    const [resume] = states;
    expect(resume?.step).toBe(2);
    const goOn = async (draws: PrivateDraws) =>
      new Map((await trainPrivateEncoder(PEOPLE, options({ draws, ...(resume ? { resume } : {}) }))).weights);
    const labels: string[] = [];
    const recorded: PrivateDraws = (label) => {
      labels.push(label);
      return drawsOf(1)(label);
    };
    expect(await goOn(recorded)).toEqual(new Map(weights));
    expect(labels).toEqual(['step 2', 'step 3']);
    expect(await goOn(drawsOf(2))).not.toEqual(new Map(weights));
  });

  test('refuses normalisation over batches, and a masking without a budget', async () => {
    const form = { ...options().form, norm: 'batch' } as const;
    await expect(trainPrivateEncoder(PEOPLE, options({ form }))).rejects.toThrow(CapabilityError);
    await expect(trainPrivateEncoder(PEOPLE, options({ masking: parseMasking('none') }))).rejects.toThrow(
      CapabilityError,
    );
  });
});
