import { expect, test } from 'vitest';
import type { Value } from '../graph/builder.ts';
import { float32 } from '../graph/tensor.ts';
import { ShapeError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { batchNorm, linear } from './layers.ts';
import { gatherNormStatistics } from './norm-statistics.ts';
import { type Parameters, scope, type Weights } from './parameters.ts';

const ROWS = 400;

/** The mean of x is 3 and its deviation 2; the old means know nothing of that. */
const OLD: Weights = new Map([
  ['linear.weight', float32([2, -1], [1, 2])],
  ['norm.scale', float32([1, 1], [2])],
  ['norm.bias', float32([0, 0], [2])],
  ['norm.mean', float32([100, 100], [2])],
  ['norm.variance', float32([50, 50], [2])],
]);
const options = {
  inputs: { x: { shape: [ROWS, 1] } },
  build: (p: Parameters, { x }: Readonly<Record<string, Value>>) => {
    batchNorm(scope(p, 'norm'), linear(scope(p, 'linear'), x as Value, 2, { bias: false }));
  },
  batches: 150,
  batch: (index: number) => ({
    x: float32(
      new Random(index).normals(ROWS, 2).map((value) => value + 3),
      [ROWS, 1],
    ),
  }),
  threads: 1,
};

test('means and variances become those of what is shown, and no weight moves', async () => {
  const made = await gatherNormStatistics(OLD, options);
  const [mean, variance] = [made.get('norm.mean')?.data ?? [], made.get('norm.variance')?.data ?? []];
  expect(mean[0]).toBeCloseTo(6, 0);
  expect(mean[1]).toBeCloseTo(-3, 0);
  expect((variance[0] ?? 0) / 16).toBeCloseTo(1, 1);
  expect((variance[1] ?? 0) / 4).toBeCloseTo(1, 1);
  for (const name of ['linear.weight', 'norm.scale', 'norm.bias']) expect(made.get(name)).toEqual(OLD.get(name));
  expect(OLD.get('norm.mean')?.data[0]).toBe(100);
});

test('a network without such means is left as it is', async () => {
  const build = (p: Parameters, { x }: Readonly<Record<string, Value>>): void => {
    linear(scope(p, 'linear'), x as Value, 2, { bias: false });
  };
  expect(await gatherNormStatistics(OLD, { ...options, build })).toBe(OLD);
});

test('a weight that is missing is named', async () => {
  const without = new Map([...OLD].filter(([name]) => name !== 'norm.scale'));
  await expect(async () => gatherNormStatistics(without, options)).rejects.toThrow(ShapeError);
});
