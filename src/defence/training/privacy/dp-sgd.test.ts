import { describe, expect, test } from 'vitest';
import type { Value } from '../../../graph/builder.ts';
import { square, sub } from '../../../graph/ops/arithmetic.ts';
import { reduceMean } from '../../../graph/ops/reduction.ts';
import { float32, int64, type Tensor, toNumbers } from '../../../graph/tensor.ts';
import { batchNorm, conv2d, linear } from '../../../nn/layers.ts';
import { sgd } from '../../../nn/optimisers.ts';
import { scope } from '../../../nn/parameters.ts';
import { buildTrainingGraph, type TrainingState, train } from '../../../nn/training.ts';
import { createSession } from '../../../runtime/session.ts';
import { CapabilityError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { COUNT, type ExampleProblem, noiseFeeds, privateProblem, weightShapes } from './dp-sgd.ts';

/** y = w . x + b with the loss (y - t)^2: the gradient of an example is 2 (y - t) (x, 1), by hand. */
const LINEAR: ExampleProblem = {
  name: 'line',
  seed: 1,
  optimiser: sgd({ momentum: 0 }),
  example: { x: { shape: [1, 2] }, t: { shape: [1, 1] } },
  lossOf: (p, { x, t }) => reduceMean(square(sub(linear(scope(p, 'line'), x as Value, 1), t as Value))),
};
const X = [
  [1, 2],
  [-1, 0.5],
  [0.1, 0.1],
  [9, 9],
] as const;
const T = [0.5, -2, 0.4, 9] as const;
const START = { 'line.weight': [0.3, -0.2], 'line.bias': [0.1] } as const;
const SETTINGS = { clipNorm: 1.5, noiseMultiplier: 0.8, expectedBatch: 2.5, places: 4 } as const;
const NOISE = { 'line.weight': [0.7, -1.1], 'line.bias': [0.4] } as const;

/** One step, by the loop that the paper has: the gradient of each example, shortened, summed, covered, divided. */
function handWorkedStep(examples: readonly number[]): {
  weight: number[];
  bias: number;
  clipped: number;
  loss: number;
} {
  const sum = [0, 0, 0];
  let [clipped, loss] = [0, 0];
  for (const i of examples) {
    const [x0, x1] = X[i] as readonly [number, number];
    const error = 0.3 * x0 - 0.2 * x1 + 0.1 - (T[i] as number);
    const gradient = [2 * error * x0, 2 * error * x1, 2 * error];
    const length = Math.hypot(...gradient);
    gradient.forEach((value, k) => {
      sum[k] = (sum[k] as number) + value * Math.min(1, 1.5 / length);
    });
    clipped += Number(length > 1.5);
    loss += error ** 2;
  }
  const noise = [0.7, -1.1, 0.4];
  const step = sum.map((value, k) => 0.01 * ((value + 0.8 * 1.5 * (noise[k] as number)) / 2.5));
  return {
    weight: [0.3 - (step[0] as number), -0.2 - (step[1] as number)],
    bias: 0.1 - (step[2] as number),
    clipped: clipped / examples.length,
    loss: loss / examples.length,
  };
}

/** The same by the graph. Empty places hold NaN: they must not be looked at. */
async function step(rows: readonly (readonly number[])[], targets: readonly number[]): Promise<Record<string, Tensor>> {
  const filled = <T>(given: readonly T[], empty: T): T[] => Array.from({ length: 4 }, (_, i) => given[i] ?? empty);
  const { graph, initial } = buildTrainingGraph(privateProblem(LINEAR, SETTINGS));
  const session = await createSession(graph, { threads: 1 });
  const zeros = [...initial].filter(([name]) => !(name in START));
  const result = await session.run({
    ...Object.fromEntries(zeros),
    'line.weight': float32([...START['line.weight']], [2, 1]),
    'line.bias': float32([...START['line.bias']], [1]),
    'noise/line.weight': float32([...NOISE['line.weight']], [2, 1]),
    'noise/line.bias': float32([...NOISE['line.bias']], [1]),
    x: float32(filled(rows, [Number.NaN, Number.NaN]).flat(), [4, 2]),
    t: float32(filled(targets, Number.NaN), [4, 1]),
    [COUNT]: int64([rows.length], []),
    step_size: float32([0.01], []),
  });
  await session.release();
  return result;
}

const stepOf = (examples: readonly number[]): Promise<Record<string, Tensor>> =>
  step(
    examples.map((i) => X[i] ?? []),
    examples.map((i) => T[i] ?? 0),
  );

const numbers = (tensor: Tensor | undefined): number[] => (tensor ? toNumbers(tensor) : []);

describe('a step of DP-SGD', () => {
  test.each([
    { examples: [0, 1, 2], clipped: 2 / 3 },
    { examples: [3, 1], clipped: 1 },
    { examples: [2], clipped: 0 },
    { examples: [2, 0, 3, 1], clipped: 3 / 4 },
  ])('on examples $examples moves the weights as the hand-worked loop does', async ({ examples, clipped }) => {
    const wanted = handWorkedStep(examples);
    expect(wanted.clipped).toBeCloseTo(clipped, 9);
    const found = await stepOf(examples);
    numbers(found['next/line.weight']).forEach((value, i) => {
      expect(value).toBeCloseTo(wanted.weight[i] as number, 6);
    });
    expect(numbers(found['next/line.bias'])[0]).toBeCloseTo(wanted.bias, 6);
    expect(numbers(found['figure/loss'])[0]).toBeCloseTo(wanted.loss, 4);
    expect(numbers(found['figure/clipped'])[0]).toBeCloseTo(clipped, 6);
  });

  test('with nobody there moves the weights by the noise alone', async () => {
    const found = await stepOf([]);
    const noise = 0.01 * 0.8 * 1.5;
    expect(numbers(found['next/line.bias'])[0]).toBeCloseTo(0.1 - (noise * 0.4) / 2.5, 7);
    expect(numbers(found['figure/loss'])[0]).toBe(0);
  });

  test('takes nothing of an example whose gradient is not finite', async () => {
    const wild = [...X.slice(0, 2), [1e30, 1], [Number.NaN, 0]];
    const [found, wanted] = [await step(wild, T), await stepOf([0, 1])];
    expect(numbers(found['next/line.weight'])).toEqual(numbers(wanted['next/line.weight']));
  });

  test('sees each example of a convolution by itself: the sum is that of steps with one example each', async () => {
    const problem: ExampleProblem = {
      ...LINEAR,
      example: { x: { shape: [1, 2, 6, 6] } },
      lossOf: (p, { x }) => reduceMean(square(conv2d(scope(p, 'conv'), x as Value, 3, { kernel: 3, stride: 2 }))),
    };
    const settings = { clipNorm: 0.05, noiseMultiplier: 1, expectedBatch: 1, places: 3 };
    const whole = privateProblem(problem, settings);
    const { graph, initial } = buildTrainingGraph(whole);
    const session = await createSession(graph, { threads: 1 });
    const noise = noiseFeeds(weightShapes(whole), (count) => new Float32Array(count));
    const images = Array.from({ length: 3 }, (_, i) => new Random(`image ${i}`).normals(72));
    const run = async (chosen: readonly Float32Array[]): Promise<number[]> => {
      const x = new Float32Array(3 * 72);
      chosen.forEach((image, i) => {
        x.set(image, i * 72);
      });
      const found = await session.run({
        ...Object.fromEntries(initial),
        ...noise,
        x: float32(x, [3, 2, 6, 6]),
        [COUNT]: int64([chosen.length], []),
        step_size: float32([1], []),
      });
      const [before, after] = [numbers(initial.get('conv.weight')), numbers(found['next/conv.weight'])];
      return after.map((value, i) => (before[i] as number) - value);
    };
    const all = await run(images);
    const each: number[][] = [];
    for (const image of images) each.push(await run([image]));
    await session.release();
    all.forEach((value, i) => {
      expect(value).toBeCloseTo(
        each.reduce((sum, one) => sum + (one[i] as number), 0),
        5,
      );
    });
    for (const one of each) expect(Math.hypot(...one)).toBeLessThan(0.05 + 1e-6);
  });

  test('refuses a network that keeps statistics over examples', () => {
    const problem: ExampleProblem = {
      ...LINEAR,
      example: { x: { shape: [1, 2] } },
      lossOf: (p, { x }) => reduceMean(batchNorm(scope(p, 'norm'), x as Value)),
    };
    expect(() => buildTrainingGraph(privateProblem(problem, SETTINGS))).toThrow(CapabilityError);
  });

  test('trains, and ends at the same weights to the last bit where it is resumed', async () => {
    const problem = privateProblem(LINEAR, { clipNorm: 1, noiseMultiplier: 0.1, expectedBatch: 4, places: 4 });
    const shapes = weightShapes(problem);
    expect([...shapes.keys()]).toEqual(['line.weight', 'line.bias']);
    const states: TrainingState[] = [];
    const losses: number[] = [];
    const options = {
      steps: 40,
      threads: 1,
      averageSteps: 0,
      checkpointSteps: 20,
      learningRate: () => 0.2,
      onProgress: ({ figures }: { figures?: Readonly<Record<string, number>> }) => losses.push(figures?.loss ?? 0),
      onCheckpoint: async (state: TrainingState) => {
        states.push(state);
      },
      batch: (at: number) => ({
        x: float32(X.flat(), [4, 2]),
        // A line without error.
        t: float32(
          X.map(([a, b]) => 0.5 * a - b),
          [4, 1],
        ),
        [COUNT]: int64([4], []),
        ...noiseFeeds(shapes, (count) => new Random(`${at} ${count}`).normals(count)),
      }),
    };
    const whole = await train(problem, options);
    expect(losses.at(-1)).toBeLessThan(0.1 * (losses[0] as number));
    const [resume] = states;
    const resumed = await train(problem, { ...options, ...(resume ? { resume } : {}) });
    expect(new Map(resumed)).toEqual(new Map(whole));
  });
});
