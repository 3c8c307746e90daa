import { beforeAll, describe, expect, test } from 'vitest';
import { largestDifference } from '../../../test/fixtures/evaluate.ts';
import { tinyInverter } from '../../../test/fixtures/inversion.ts';
import { readGraph, writeGraph } from '../../graph/onnx-file.ts';
import { ModelFileError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import {
  faceBatch,
  generatorGraph,
  generatorModel,
  LATENT_SIZE,
  type TrainedGenerator,
  trainGenerator,
} from './generator.ts';
import { openGenerator } from './generator-adapter.ts';
import { FACE_NUMBERS } from './pairs.ts';

let trained: TrainedGenerator;
const losses: number[] = [];

beforeAll(async () => {
  const random = new Random(8);
  const faces = Array.from({ length: 6 }, () => Uint8Array.from({ length: FACE_NUMBERS }, () => random.integer(256)));
  trained = await trainGenerator(faces, {
    steps: 2,
    batchSize: 4,
    seed: 1,
    threads: 1,
    onProgress: ({ figures }) => losses.push(figures?.loss ?? Number.NaN),
  });
});

describe('trainGenerator', () => {
  test('reports a finite loss at each step', () => {
    expect(losses).toHaveLength(2);
    expect(losses.every(Number.isFinite)).toBe(true);
  });

  test('the latents’ factor is upper triangular with a positive diagonal: the Cholesky factor of a covariance', () => {
    expect(trained.latentMean).toHaveLength(LATENT_SIZE);
    expect(trained.latentFactor).toHaveLength(LATENT_SIZE ** 2);
    for (let row = 0; row < LATENT_SIZE; row++) {
      expect(trained.latentFactor[row * LATENT_SIZE + row]).toBeGreaterThan(0);
      for (let column = 0; column < row; column++) expect(trained.latentFactor[row * LATENT_SIZE + column]).toBe(0);
    }
  });
});

describe('the generator’s file', () => {
  test('gives faces [3,128,128] in 0..1, the same after writing and reading, whatever the batch', async () => {
    const graph = generatorGraph(trained, { trained_on: 'noise' });
    const read = generatorModel(readGraph(writeGraph(graph)));
    expect(read.latentSize).toBe(LATENT_SIZE);
    expect(read.graph.metadata).toMatchObject({ kind: 'generator', trained_on: 'noise' });
    const latents = Array.from({ length: 3 }, (_, i) => new Random(i).normals(LATENT_SIZE));
    const [before, after] = [await openGenerator(generatorModel(graph)), await openGenerator(read)];
    const [faces, again, alone] = [
      await before.generate(latents),
      await after.generate(latents),
      await after.generate(latents.slice(2)),
    ];
    expect(faces).toHaveLength(3);
    faces.forEach((face, i) => {
      expect(face).toHaveLength(FACE_NUMBERS);
      expect(face.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(largestDifference(face, again[i] ?? [])).toBe(0);
    });
    expect(largestDifference(faces[0] ?? [], faces[1] ?? [])).toBeGreaterThan(1e-3);
    expect(largestDifference(alone[0] ?? [], faces[2] ?? [])).toBeLessThan(1e-5);
    await before.close();
    await after.close();
  });

  test('is refused where it is none', () => {
    expect(() => generatorModel(tinyInverter('x').graph)).toThrow(ModelFileError);
  });
});

test('faceBatch gives planar faces in 0..1, mirrored from left to right where that is asked for', () => {
  const face = new Uint8Array(FACE_NUMBERS);
  face[0] = 255;
  face[128 * 128 + 128 * 3 + 5] = 51;
  const { shape, data } = faceBatch([{ face }, { face, mirrored: true }]);
  expect(shape).toEqual([2, 3, 128, 128]);
  const set = Array.from(data, (value, i) => [i, value] as const).filter(([, value]) => value !== 0);
  const places = [0, 128 * 128 + 128 * 3 + 5, FACE_NUMBERS + 127, FACE_NUMBERS + 128 * 128 + 128 * 3 + 122];
  expect(set.map(([i]) => i)).toEqual(places);
  expect(
    largestDifference(
      set.map(([, value]) => value),
      [1, 0.2, 1, 0.2],
    ),
  ).toBeLessThan(1e-6);
});
