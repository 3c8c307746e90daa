import { beforeAll, describe, expect, test } from 'vitest';
import { largestDifference } from '../../../test/fixtures/evaluate.ts';
import { TINY_EMBEDDING, tinyEncoder, tinyGenerator, tinyInverter } from '../../../test/fixtures/inversion.ts';
import { readGraph, writeGraph } from '../../graph/onnx-file.ts';
import { float32, type TypedTensor } from '../../graph/tensor.ts';
import type { TrainingState } from '../../nn/training.ts';
import { createSession } from '../../runtime/session.ts';
import { ModelFileError, ShapeError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { fitAdapter } from './adapter.ts';
import { EXPERIMENTS, type Experiment } from './experiments.ts';
import { type InverterOptions, inverterGraph, type TrainedInverter, trainInverter } from './inverter.ts';
import { inverterModel, openInverter } from './inverter-file.ts';
import { FACE_NUMBERS, type InversionPairs } from './pairs.ts';

const experiment = (number: number): Experiment => EXPERIMENTS.find((row) => row.number === number) as Experiment;

/** Three people with two images each; their mean faces are noise. */
const random = new Random(2);
const pairs: InversionPairs = {
  embeddings: Array.from({ length: 6 }, () => random.normals(TINY_EMBEDDING, 3)),
  person: Int32Array.of(0, 0, 1, 1, 2, 2),
  meanFaces: Array.from({ length: 3 }, () => Uint8Array.from({ length: FACE_NUMBERS }, () => random.integer(256))),
};

const options = (more: Partial<InverterOptions> = {}): InverterOptions => ({
  experiment: experiment(1),
  steps: 2,
  batchSize: 4,
  seed: 5,
  threads: 1,
  ...more,
});
const encoder = { id: 'tiny target', hash: 'f'.repeat(64) };

let trained: TrainedInverter;
const states: TrainingState[] = [];
const figures: Record<string, number>[] = [];

beforeAll(async () => {
  trained = await trainInverter(
    pairs,
    options({
      checkpointSteps: 1,
      onCheckpoint: async (state) => void states.push(state),
      onProgress: (event) => figures.push({ ...event.figures }),
    }),
  );
});

describe('trainInverter', () => {
  test('resumed after its first step it gives the same weights', async () => {
    const resumed = await trainInverter(pairs, options({ resume: states[0] as TrainingState }));
    expect([...resumed.weights.keys()]).toEqual([...trained.weights.keys()]);
    for (const [name, { data }] of resumed.weights)
      expect(largestDifference(data, trained.weights.get(name)?.data ?? []), name).toBe(0);
  });

  test('the loss is that of the experiment', async () => {
    const first = figures[0] as { loss: number; l1: number; l2: number };
    expect(first.loss).toBeCloseTo(first.l1, 6);
    // Uniform noise against the grey of an untrained network: about a quarter and a twelfth.
    expect(first.l1).toBeGreaterThan(0.2);
    expect(first.l2).toBeLessThan(first.l1);
    const seen: Record<string, number>[] = [];
    await trainInverter(
      pairs,
      options({
        experiment: { ...experiment(2), residualLayers: 0 },
        steps: 1,
        onProgress: (event) => seen.push({ ...event.figures }),
      }),
    );
    const both = seen[0] as { loss: number; l1: number; l2: number };
    expect(both.loss).toBeCloseTo(both.l1 + both.l2, 5);
  });

  test('a surrogate adds its identity loss, weighted', async () => {
    const surrogate = await tinyEncoder({ seed: 'surrogate' });
    const seen: Record<string, number>[] = [];
    await trainInverter(
      pairs,
      options({
        steps: 1,
        onProgress: (event) => seen.push({ ...event.figures }),
        surrogate: {
          graph: surrogate.graph as NonNullable<typeof surrogate.graph>,
          view: surrogate.view,
          embeddings: pairs.embeddings,
          weight: 0.5,
        },
      }),
    );
    await surrogate.close();
    const { loss, l1, identity } = seen[0] as { loss: number; l1: number; identity: number };
    expect(loss).toBeCloseTo(l1 + 0.5 * identity, 5);
    expect(identity).toBeGreaterThan(0);
    expect(identity).toBeLessThan(2);
  });
});

describe('an inverter’s file', () => {
  const graph = () => inverterGraph(trained, { experiment: experiment(1), encoder, metadata: { people: '3' } });

  test('says what it is', () => {
    const read = inverterModel(readGraph(writeGraph(graph())));
    expect([read.encoderId, read.encoderHash, read.mean.length]).toEqual([encoder.id, encoder.hash, TINY_EMBEDDING]);
    expect(read.factor).toBeCloseTo(trained.scale.factor, 6);
    expect(read.graph.metadata).toMatchObject({ experiment: '1', people: '3' });
  });

  test('gives the same faces after writing and reading, from an embedding as from the latent inside', async () => {
    const [before, after] = [
      await openInverter(inverterModel(graph())),
      await openInverter(inverterModel(readGraph(writeGraph(graph())))),
    ];
    // 17: two batches of the session.
    const embeddings = Array.from({ length: 17 }, (_, i) => pairs.embeddings[i % 6] as Float32Array);
    const [faces, again] = [await before.invert(embeddings), await after.invert(embeddings)];
    expect(faces).toHaveLength(17);
    faces.forEach((face, i) => {
      expect(largestDifference(face, again[i] ?? [])).toBe(0);
    });

    const session = await createSession(graph(), { threads: 1 });
    const all = new Float32Array(6 * TINY_EMBEDDING);
    pairs.embeddings.forEach((embedding, i) => {
      all.set(embedding, i * TINY_EMBEDDING);
    });
    const { face } = await session.run({ embedding: float32(all, [6, TINY_EMBEDDING]) });
    expect(face?.shape).toEqual([6, 3, 128, 128]);
    const whole = (face as TypedTensor<'float32'>).data;
    faces.slice(0, 6).forEach((single, i) => {
      expect(largestDifference(single, whole.subarray(i * FACE_NUMBERS, (i + 1) * FACE_NUMBERS))).toBeLessThan(1e-5);
    });
    for (const opened of [before, after, { close: () => session.release() }]) await opened.close();
  });

  test('is refused where it is none', () => {
    expect(() => inverterModel(tinyGenerator().graph)).toThrow(ModelFileError);
  });
});

describe('openInverter', () => {
  test('refuses embeddings of another size', async () => {
    const inverter = await openInverter(tinyInverter('target'));
    await expect(async () => inverter.invert([new Float32Array(3)])).rejects.toThrow(ShapeError);
    await inverter.close();
  });

  test('behind an adapter it inverts the embeddings of another encoder', async () => {
    // The other encoder's embeddings are the first's in reverse order, doubled: a linear map.
    const own = Array.from({ length: 60 }, () => random.normals(TINY_EMBEDDING));
    const foreign = (embedding: Float32Array) => embedding.map((value) => 2 * value).reverse();
    const adapter = fitAdapter(own.map(foreign), own);
    const [direct, adapted] = [
      await openInverter(tinyInverter('target')),
      await openInverter(tinyInverter('target'), { adapter }),
    ];
    expect(adapted.name).toContain('adapter from 60 pairs');
    // An embedding of the usual norm: the adapter brings all to that.
    const [first] = own as [Float32Array];
    const offset = first.map((value, i) => value - (adapter.to.mean[i] as number));
    const usual = offset.map(
      (value, i) => (adapter.to.mean[i] as number) + value / Math.hypot(...offset) / adapter.to.factor,
    );
    const [[face], [throughAdapter]] = [await direct.invert([usual]), await adapted.invert([foreign(usual)])];
    expect(largestDifference(face ?? [], throughAdapter ?? [])).toBeLessThan(0.01);
    await direct.close();
    await adapted.close();
  });
});
