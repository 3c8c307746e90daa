import { describe, expect, test } from 'vitest';
import { InputError } from '../../util/errors.ts';
import { EXPERIMENTS } from './experiments.ts';
import { embeddingScale, FACE_NUMBERS, MeanFaces } from './pairs.ts';

describe('MeanFaces', () => {
  const face = (value: number): Uint8Array => new Uint8Array(FACE_NUMBERS).fill(value);

  test('gives the pixel mean of each person, rounded', () => {
    const means = new MeanFaces();
    for (const value of [10, 20, 25]) means.add('Ada', face(value));
    means.add('Bo', face(255));
    means.add('Bo', face(255));
    const finished = means.finish();
    expect([...finished.keys()]).toEqual(['Ada', 'Bo']);
    // 55 / 3 = 18.33
    expect(new Set(finished.get('Ada'))).toEqual(new Set([18]));
    expect(new Set(finished.get('Bo'))).toEqual(new Set([255]));
  });

  test('takes the mean of each pixel by itself', () => {
    const means = new MeanFaces();
    const [first, second] = [face(0), face(0)];
    first[5] = 101;
    second[FACE_NUMBERS - 1] = 50;
    means.add('Ada', first);
    means.add('Ada', second);
    const mean = means.finish().get('Ada') ?? face(9);
    expect([mean[0], mean[5], mean[FACE_NUMBERS - 1]]).toEqual([0, 51, 25]);
  });

  test('refuses a face of another size, naming the person', () => {
    expect(() => new MeanFaces().add('Ada', new Uint8Array(12))).toThrow(/Ada.*12/);
  });
});

describe('embeddingScale', () => {
  test('by hand: mean (2, 2); both stand (1, 2) from it, a norm of sqrt 5', () => {
    const { mean, factor } = embeddingScale([Float32Array.of(1, 0), Float32Array.of(3, 4)]);
    expect([...mean]).toEqual([2, 2]);
    expect(factor).toBeCloseTo(1 / Math.sqrt(5), 6);
  });

  test('needs an embedding', () => {
    expect(() => embeddingScale([])).toThrow(InputError);
  });
});

test('the experiments are the patent’s five', () => {
  // shared/reference/inversion.md: number, loss, variance of the input noise, residual layers between two blocks
  const table = `
    1  L1     0      0
    2  L1+L2  0.005  1
    3  L1     0.001  1
    4  L2     0      2
    5  L1     0      1`;
  const rows = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const lossOf = ({ l1, l2 }: { l1: number; l2: number }) =>
    [...(l1 === 1 ? ['L1'] : []), ...(l2 === 1 ? ['L2'] : [])].join('+');
  expect(
    EXPERIMENTS.map((row) => [row.number, lossOf(row), row.noiseVariance, row.residualLayers].map(String)),
  ).toEqual(rows);
});
