import { expect, test } from 'vitest';
import { parseMasking } from '../defence/training/masking/kinds.ts';
import type { MaskedTrainingOptions } from '../defence/training/masking/masked-training.ts';
import { STRATEGY_DEFAULTS } from '../defence/training/masking/strategy.ts';
import type { PrivacyPlan } from '../defence/training/privacy/private-training.ts';
import { maskedEncoderCard, type Noise } from './encoder-card.ts';

const OPTIONS: MaskedTrainingOptions = {
  masking: parseMasking('dp-sgd:8'),
  form: { sizePx: 32, width: 0.5, embeddingSize: 8, norm: 'group' },
  frequencies: 36,
  steps: 10,
  batchSize: 4,
  learningRate: 1e-3,
  scale: 8,
  margin: 0.1,
  augmentations: [],
  strategy: STRATEGY_DEFAULTS,
  seed: 7,
  draws: () => ({ uniform: () => 0.123456, normals: (count) => new Float32Array(count) }),
};
const PRIVACY: PrivacyPlan = {
  samplingRate: 0.1,
  noiseMultiplier: 1.5,
  places: 9,
  loss: { epsilon: 7.99, delta: 1e-5, order: 3 },
};
const DATA = { name: 'faces', side: 'train', people: 3, faces: 12, peopleLeftOut: 0 } as const;

const card = (noise: Noise, privacy?: PrivacyPlan) =>
  maskedEncoderCard(OPTIONS, DATA, { trainingFigures: 'loss 1.234', privacy, noise });

test('a card of private training says whose epsilon it is, how its noise came, and no exact figure', () => {
  const { masking, limits, trainingFigures, training } = card('secret', PRIVACY);
  expect(masking?.privacy).toEqual({ epsilon: 7.99, delta: 1e-5, noiseMultiplier: 1.5, noise: 'secret' });
  expect(limits).toContain('Epsilon is that of one photo');
  expect(limits).toContain('It takes as known how many photos of whom the list has');
  expect(limits).not.toContain('no guarantee');
  expect({ trainingFigures, seed: training.seed }).toEqual({ trainingFigures: null, seed: 7 });
});

test('a card of reproducible noise promises nothing', () => {
  const { masking, limits } = card('reproducible', PRIVACY);
  expect(masking?.privacy?.noise).toBe('reproducible');
  expect(limits).toContain('Reproducible noise: no guarantee. Epsilon is for experiments only');
  expect(limits).not.toContain('Epsilon is that of one photo');
});

test('a card of any other training says nothing of noise', () => {
  const { masking, limits, trainingFigures } = card('secret');
  expect(masking?.privacy).toBeNull();
  expect(limits).not.toMatch(/epsilon|noise/i);
  expect(trainingFigures).toBe('loss 1.234');
});
