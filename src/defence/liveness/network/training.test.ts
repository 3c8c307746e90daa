import { describe, expect, test } from 'vitest';
import { readGraph, writeGraph } from '../../../graph/onnx-file.ts';
import type { Image } from '../../../image/image.ts';
import type { Weights } from '../../../nn/parameters.ts';
import { buildTrainingGraph, type TrainingState } from '../../../nn/training.ts';
import { InputError, ModelFileError, ShapeError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { openPresentationNetwork } from './open-presentation-network.ts';
import { type PresentationExample, presentationBatch } from './presentation-batch.ts';
import { presentationGraph, presentationProblem, trainPresentationNetwork } from './presentation-training.ts';
import { logSpectrum } from './spectrum.ts';

const SIDE = 32;

describe('the spectrum', () => {
  const planar = (side: number, level: (x: number, y: number) => number): Float32Array =>
    Float32Array.from({ length: 3 * side * side }, (_, i) => level(i % side, Math.floor(i / side) % side) / 255);
  const SIDE_OF = 16;

  test('of a wave is its mean in the middle and its two peaks, worked out by hand', () => {
    // 3 periods across and 2 down: amplitude 40 around 128. |F| is 128 * 256 in the middle, 40 * 256 / 2 at the peaks, 0 elsewhere.
    const wave = planar(SIDE_OF, (x, y) => 128 + 40 * Math.cos((2 * Math.PI * (3 * x + 2 * y)) / SIDE_OF + 0.7));
    const spectrum = logSpectrum(wave, SIDE_OF, SIDE_OF);
    const most = Math.log(1 + 128 * 256);
    const expected = new Float32Array(256).fill(1 / (most + 1));
    const at = (u: number, v: number): number => (v + 8) * 16 + u + 8;
    expected[at(0, 0)] = 1;
    for (const sign of [-1, 1]) expected[at(3 * sign, 2 * sign)] = (Math.log(1 + 5120) + 1) / (most + 1);
    spectrum.forEach((value, i) => {
      expect(value, `${i}`).toBeCloseTo(expected[i] ?? 0, 3);
    });
  });

  test('is brought to the head’s size by means of blocks', () => {
    const noise = new Random('noise').normals(3 * 256, 0.1).map((value) => 0.5 + value);
    const [whole, small] = [logSpectrum(noise, 16, 16), logSpectrum(noise, 16, 4)];
    const block = [0, 1, 2, 3].flatMap((v) => [0, 1, 2, 3].map((u) => whole[(8 + v) * 16 + 4 + u] ?? 0));
    expect(small[2 * 4 + 1]).toBeCloseTo(block.reduce((sum, value) => sum + value) / 16, 6);
    expect(() => logSpectrum(noise, 16, 5)).toThrow(ShapeError);
  });
});

/** A face-like blob on a ground, in any light; printed in dots of 4 px or not. */
function picture(dotted: boolean, random: Random): Image {
  const [cx, cy, light] = [14 + 4 * random.uniform(), 14 + 4 * random.uniform(), 90 + 80 * random.uniform()];
  const [shiftX, shiftY] = [random.integer(4), random.integer(4)];
  const data = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % SIDE, Math.floor(i / 3 / SIDE)];
    const level = light + 60 * Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 80) - 30;
    const dot = dotted && (x + shiftX) % 4 < 2 === (y + shiftY) % 4 < 2 ? 24 : -24;
    return Math.max(0, Math.min(255, level + (dotted ? dot : 0)));
  });
  return { widthPx: SIDE, heightPx: SIDE, data };
}

const OPTIONS = {
  classes: 2,
  sizePx: SIDE,
  batchSize: 8,
  learningRate: 0.004,
  seed: 3,
  threads: 1,
  averageSteps: 0,
  fourierHead: true,
} as const;

function examples(step: number): PresentationExample[] {
  const random = new Random(5).fork(`examples ${step}`);
  return Array.from({ length: OPTIONS.batchSize }, (_, i) => ({ crop: picture(i % 2 === 1, random), label: i % 2 }));
}

const bytesOf = (weights: Weights): string =>
  [...weights].map(([name, { data }]) => `${name} ${Buffer.from(data.buffer).toString('base64')}`).join('\n');

describe('a batch', () => {
  const one = { ...OPTIONS, batchSize: 1 };
  const fed = (change: Partial<PresentationExample> = {}, step = 0, options: typeof one | object = {}) =>
    presentationBatch([{ ...(examples(0)[1] as PresentationExample), ...change }], step, { ...one, ...options });

  test('holds faces in another light at each step, their class, and the spectrum of what the network sees', () => {
    const { face, classes, spectrum } = fed();
    expect(classes?.data).toEqual(Float32Array.of(0, 1));
    expect(spectrum?.data).toEqual(logSpectrum(face?.data as Float32Array, SIDE, 4));
    expect(fed().face).toEqual(face);
    expect(fed({}, 1).face).not.toEqual(face);
    expect(Object.keys(fed({}, 0, { fourierHead: false }))).toEqual(['face', 'classes', 'dropout']);
  });

  test('is refused where an example does not fit', () => {
    expect(() => fed({ label: 2 })).toThrow(InputError);
    expect(() => fed({ crop: { widthPx: 16, heightPx: 16, data: new Uint8Array(768) } })).toThrow(ShapeError);
    expect(() => presentationBatch(examples(0), 0, one)).toThrow(ShapeError);
  });
});

describe('a presentation-attack network', () => {
  test('learns in a few steps to tell dots from smooth; resumed, it ends bit for bit where it would have', async () => {
    const [losses, states, seen]: [number[], TrainingState[], number[]] = [[], [], []];
    const options = { ...OPTIONS, steps: 28, checkpointSteps: 24 };
    const weights = await trainPresentationNetwork(examples, {
      ...options,
      onProgress: ({ figures }) => losses.push(figures?.loss ?? Number.NaN),
      onCheckpoint: async (state) => void states.push(state),
    });
    const resumed = await trainPresentationNetwork(
      (step) => {
        seen.push(step);
        return examples(step);
      },
      { ...options, resume: states[0] as TrainingState },
    );
    expect(seen).toEqual([24, 25, 26, 27]);
    expect(bytesOf(resumed)).toBe(bytesOf(weights));

    const graph = presentationGraph(weights, { classes: ['bona-fide', 'print'], sizePx: SIDE, cropFactor: 1 });
    const network = await openPresentationNetwork(readGraph(writeGraph(graph)), { threads: 1 });
    const random = new Random('held out');
    const scores = (dotted: boolean): Promise<number[]> =>
      network.score(
        Array.from({ length: 20 }, () => ({
          image: picture(dotted, random),
          face: { box: { x: 0, y: 0, width: SIDE, height: SIDE } },
        })),
      );
    expect(Math.min(...(await scores(false)))).toBeGreaterThan(Math.max(...(await scores(true))));
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
    await network.close();
    expect([...graph.initializers.keys()].filter((name) => name.startsWith('head.'))).toEqual([]);
    const { crop: _, ...metadata } = graph.metadata;
    await expect(openPresentationNetwork({ ...graph, metadata })).rejects.toThrow(ModelFileError);
  }, 60_000);

  test('without the Fourier head has no weights of it, and the same others', () => {
    const names = (head: boolean): string[] => [
      ...buildTrainingGraph(presentationProblem({ ...OPTIONS, fourierHead: head })).modelNames,
    ];
    expect(names(true).filter((name) => !name.startsWith('head.'))).toEqual(names(false));
    expect(names(true).length).toBeGreaterThan(names(false).length);
    expect(() => presentationProblem({ ...OPTIONS, classes: 1 })).toThrow(InputError);
  });

  test('has the size of its source: 0.43 M weights', () => {
    const { initial, modelNames } = buildTrainingGraph(
      presentationProblem({ ...OPTIONS, sizePx: 80, classes: 3, fourierHead: false }),
    );
    const weights = modelNames.filter((name) => !/\.(mean|variance)$/.test(name));
    const count = weights.reduce((sum, name) => sum + (initial.get(name)?.data.length ?? 0), 0);
    expect(count / 1e6).toBeCloseTo(0.43, 2);
  });
});
