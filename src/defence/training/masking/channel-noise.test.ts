import { expect, test } from 'vitest';
import { GraphBuilder } from '../../../graph/builder.ts';
import { float32, toNumbers } from '../../../graph/tensor.ts';
import { FrozenParameters, type Weights } from '../../../nn/parameters.ts';
import { createSession } from '../../../runtime/session.ts';
import { ModelFileError } from '../../../util/errors.ts';
import { equalNoise, learntDeviations, noiseMetadata, readNoise } from './channel-noise.ts';

async function deviationsBy(weights: Weights, channels: number, deviation: number): Promise<number[]> {
  const builder = new GraphBuilder('deviations');
  builder.output('deviations', learntDeviations(new FrozenParameters(builder, weights), channels, deviation));
  const session = await createSession(builder.build(), { threads: 1 });
  const { deviations } = await session.run({});
  await session.release();
  return deviations ? toNumbers(deviations) : [];
}

test('noise is divided within its budget: the sum of 1 / deviation stays, and none is without bound', async () => {
  for (const value of await deviationsBy(equalNoise(4), 4, 2)) expect(value).toBeCloseTo(2, 5);
  const uneven = new Map([['noise.budget', float32([50, 0, 0, 0], [4])]]);
  const deviations = await deviationsBy(uneven, 4, 2);
  expect(deviations.reduce((sum, value) => sum + 1 / value, 0)).toBeCloseTo(4 / 2, 4);
  // A tenth of the share of 1 / 2.
  expect(deviations[3]).toBeCloseTo(20, 3);
});

test('a model’s metadata keep what was learnt to the last bit, and nothing where nothing was', () => {
  const weights = new Map([['noise.budget', float32([0.1, -3e-9, 2.7182817], [3])]]);
  expect(readNoise(noiseMetadata(weights))).toEqual(weights);
  expect(noiseMetadata(new Map())).toEqual({});
  expect(readNoise({})).toBeUndefined();
  expect(() => readNoise({ noise: '["loud"]' })).toThrow(ModelFileError);
});
