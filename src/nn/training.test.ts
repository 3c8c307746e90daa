import { describe, expect, test } from 'vitest';
import type { Value } from '../graph/builder.ts';
import { relu } from '../graph/ops/activation.ts';
import { add, mul, square, sub } from '../graph/ops/arithmetic.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { float32, type Tensor, toNumbers } from '../graph/tensor.ts';
import { FacewardError, InterruptedError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { batchNorm, linear } from './layers.ts';
import { l2 } from './losses.ts';
import { adam, sgd } from './optimisers.ts';
import { filled, type Parameters, scope, type Weights } from './parameters.ts';
import {
  buildTrainingGraph,
  type CheckpointReason,
  cosineSchedule,
  type Problem,
  type TrainingState,
  type TrainOptions,
  train,
} from './training.ts';

const ROWS = 64;
const FEATURES = 8;

/**
 * y = |u x| for a fixed direction u: a network of four ReLU units reaches it when its first layer turns to u and -u, and the last
 * layer alone cannot get near it from random directions.
 */
const problem = (options: { readonly seed?: number; readonly frozen?: boolean } = {}): Problem => ({
  name: 'valley',
  seed: options.seed ?? 1,
  optimiser: adam(),
  clipNorm: 10,
  batch: { x: { shape: [ROWS, FEATURES] }, y: { shape: [ROWS, 1] } },
  build: (parameters, batch) => {
    const { x, y } = batch as { x: Value; y: Value };
    const first = scope(options.frozen ? still(parameters) : parameters, 'first');
    const made = linear(
      scope(parameters, 'last'),
      relu(batchNorm(scope(parameters, 'norm'), linear(first, x, 4, { bias: false }))),
      1,
    );
    return { loss: l2(made, y) };
  },
});

/** Parameters whose weights training does not touch. */
const still = (p: Parameters): Parameters => ({
  builder: p.builder,
  training: p.training,
  weight: (name, shape, initialise) => p.buffer(name, shape, initialise),
  buffer: (name, shape, initialise) => p.buffer(name, shape, initialise),
  update: () => {},
});

function batch(step: number): Record<string, Tensor> {
  const random = new Random(7).fork(`batch ${step}`);
  const x = random.normals(ROWS * FEATURES);
  const y = Float32Array.from({ length: ROWS }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < FEATURES; i++) sum += (x[row * FEATURES + i] as number) * Math.sin(i + 1);
    return Math.abs(sum);
  });
  return { x: float32(x, [ROWS, FEATURES]), y: float32(y, [ROWS, 1]) };
}

const run = (steps: number, options: Partial<TrainOptions> = {}): TrainOptions => ({
  steps,
  batch,
  learningRate: cosineSchedule(0.03, 400),
  threads: 1,
  ...options,
});

/** Mean loss of the last 20 steps. */
async function finalLoss(which: Problem): Promise<number> {
  const losses: number[] = [];
  await train(which, run(400, { onProgress: ({ figures }) => losses.push(figures?.loss ?? Number.NaN) }));
  expect(losses).toHaveLength(400);
  return losses.slice(-20).reduce((sum, loss) => sum + loss, 0) / 20;
}

const bytesOf = (tensors: ReadonlyMap<string, Tensor>) =>
  Object.fromEntries(
    Array.from(tensors, ([name, { shape, data }]) => [
      name,
      [shape.join(), Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')],
    ]),
  );

/** Trains and gives every checkpoint. */
async function checkpoints(
  steps: number,
  options: Partial<TrainOptions> = {},
): Promise<{ weights: Weights; states: TrainingState[] }> {
  const states: TrainingState[] = [];
  const weights = await train(
    problem(),
    run(steps, { checkpointSteps: 10, onCheckpoint: async (state) => void states.push(state), ...options }),
  );
  return { weights, states };
}

describe('learning', () => {
  test('a network finds what only right gradients of every layer find', async () => {
    // The variance of the targets is about 1.6: what a constant reaches.
    expect(await finalLoss(problem())).toBeLessThan(0.2);
    expect(await finalLoss(problem({ frozen: true })), 'with its first layer held').toBeGreaterThan(1);
  });

  test('everything that a step takes comes out of it again, and the model is all of it but the optimiser’s part', () => {
    const { graph, modelNames, initial } = buildTrainingGraph(problem());
    const outputs = graph.outputs.map(({ name }) => name);
    expect(
      outputs
        .filter((name) => name.startsWith('next/'))
        .map((name) => name.slice(5))
        .sort(),
    ).toEqual([...initial.keys()].sort());
    expect([...modelNames].sort()).toEqual([...initial.keys()].filter((name) => !/^(mean|square)\//.test(name)).sort());
  });
});

describe('the same again', () => {
  test('the same seed gives the same weights bit for bit, another seed others', async () => {
    const [once, again, other] = [
      await train(problem(), run(12)),
      await train(problem(), run(12)),
      await train(problem({ seed: 2 }), run(12)),
    ];
    expect(bytesOf(again)).toEqual(bytesOf(once));
    expect(bytesOf(other)).not.toEqual(bytesOf(once));
  });

  test('a layer more leaves the first weights of the others as they were', () => {
    const more: Problem = {
      ...problem(),
      build: (p, inputs) => {
        const extra = linear(scope(p, 'a layer before'), inputs.x as Value, FEATURES);
        return problem().build(p, { ...inputs, x: extra }, '');
      },
    };
    const [few, many] = [buildTrainingGraph(problem()).initial, buildTrainingGraph(more).initial];
    expect(many.size).toBeGreaterThan(few.size);
    for (const [name, tensor] of few) expect(many.get(name), name).toEqual(tensor);
  });

  test.for([10, 20])(
    'resumed from the checkpoint of step %i, through a file, it ends bit for bit where it would have',
    async (step) => {
      const undisturbed = await checkpoints(30);
      expect(undisturbed.states.map((state) => state.step)).toEqual([10, 20, 30]);
      const saved = undisturbed.states.find((state) => state.step === step) as TrainingState;
      const resumed = await checkpoints(30, { resume: readCheckpoint(writeCheckpoint(saved)) });
      expect(resumed.states.map((state) => state.step)).toEqual([20, 30].filter((done) => done > step));
      const [end, resumedEnd] = [undisturbed.states.at(-1), resumed.states.at(-1)] as [TrainingState, TrainingState];
      expect(bytesOf(resumedEnd.tensors)).toEqual(bytesOf(end.tensors));
      expect(bytesOf(resumedEnd.average)).toEqual(bytesOf(end.average));
      expect(bytesOf(resumed.weights)).toEqual(bytesOf(undisturbed.weights));
    },
  );

  test('a checkpoint is not changed by the steps after it', async () => {
    const [kept, states]: [string[], TrainingState[]] = [[], []];
    await checkpoints(30, {
      onCheckpoint: async (state) => {
        states.push(state);
        kept.push(JSON.stringify([bytesOf(state.tensors), bytesOf(state.average)]));
      },
    });
    expect(states.map((state) => JSON.stringify([bytesOf(state.tensors), bytesOf(state.average)]))).toEqual(kept);
  });

  test('a finished training resumed does nothing more', async () => {
    const { weights, states } = await checkpoints(20);
    const again = await train(
      problem(),
      run(20, { resume: states.at(-1) as TrainingState, batch: () => expect.fail('a step was made') }),
    );
    expect(bytesOf(again)).toEqual(bytesOf(weights));
  });

  test('the state of another problem is refused', async () => {
    const { states } = await checkpoints(10);
    const other: Problem = {
      ...problem(),
      build: (p, inputs) => ({ loss: l2(linear(p, inputs.x as Value, 1), inputs.y as Value) }),
    };
    await expect(train(other, run(20, { resume: states[0] as TrainingState }))).rejects.toThrow(FacewardError);
  });
});

describe('the average', () => {
  test('without one, the last weights are the model', async () => {
    const { weights, states } = await checkpoints(13, { averageSteps: 0 });
    const last = states.at(-1)?.tensors as ReadonlyMap<string, Tensor>;
    for (const [name, tensor] of weights) expect(tensor.data, name).toEqual(last.get(name)?.data);
  });

  test('with one, it lies between first and last weights', async () => {
    const { initial } = buildTrainingGraph(problem());
    const { weights, states } = await checkpoints(40);
    const of = (tensors: ReadonlyMap<string, Tensor>) =>
      Array.from((tensors.get('last.weight') as Tensor).data, Number);
    const distance = (a: readonly number[], b: readonly number[]) =>
      Math.hypot(...a.map((value, i) => value - (b[i] as number)));
    const [start, end, middle] = [of(initial), of(states.at(-1)?.tensors as ReadonlyMap<string, Tensor>), of(weights)];
    expect(distance(middle, end)).toBeGreaterThan(0);
    expect(distance(middle, end)).toBeLessThan(distance(start, end));
  });
});

describe('players', () => {
  test('each one moves its own weights alone, by its own loss, from where the others stood', async () => {
    const game: Problem = {
      name: 'game',
      seed: 1,
      optimiser: sgd({ momentum: 0 }),
      batch: { x: { shape: [1] } },
      build: (parameters, { x }) => {
        const [mine, theirs] = ['mine', 'theirs'].map((name) => parameters.weight(`${name}.w`, [1], filled(1)));
        const product = mul(mul(mine as Value, theirs as Value), x as Value);
        // One wants the product to be 3, the other -3.
        const missed = (target: number): Value => reduceSum(square(sub(product, target)));
        return { loss: missed(3), players: { 'theirs.': missed(-3) } };
      },
    };
    const weights = await train(game, {
      steps: 1,
      averageSteps: 0,
      learningRate: () => 0.1,
      batch: () => ({ x: float32([2], [1]) }),
    });
    // The product is 2 and rises by 2 with either weight: 1 - 0.1 * 2 * (2 - 3) * 2, and 1 - 0.1 * 2 * (2 + 3) * 2.
    expect(weights.get('mine.w')?.data[0]).toBeCloseTo(1.4, 6);
    expect(weights.get('theirs.w')?.data[0]).toBeCloseTo(-1, 6);
  });
});

describe('interruption', () => {
  test('the signal ends it with an InterruptedError, and what was kept of the last step leads on to the same end', async () => {
    const undisturbed = await checkpoints(30);
    const controller = new AbortController();
    const kept: { readonly state: TrainingState; readonly why: CheckpointReason }[] = [];
    const steps: number[] = [];
    const broken = train(
      problem(),
      run(30, {
        signal: controller.signal,
        checkpointSteps: 10,
        onCheckpoint: async (state, why) => void kept.push({ state, why }),
        onProgress: ({ done }) => {
          steps.push(done);
          if (done === 17) controller.abort();
        },
      }),
    );
    await expect(broken).rejects.toThrow(InterruptedError);
    expect(steps.at(-1)).toBe(17);
    expect(kept.map(({ state, why }) => [state.step, why])).toEqual([
      [10, 'due'],
      [17, 'interrupted'],
    ]);
    const resumed = await checkpoints(30, { resume: kept[1]?.state as TrainingState });
    expect(bytesOf(resumed.weights)).toEqual(bytesOf(undisturbed.weights));
  });
});

/** Two weights, of which a step moves the one whose turn it is towards 1, at half the rate of the distance. */
const turnGame: Problem = {
  name: 'game',
  seed: 1,
  optimiser: sgd({ momentum: 0 }),
  batch: {},
  build: (p, _, turn) => {
    const distance = (name: string): Value => square(sub(p.weight(name, [1], filled(0)), 1));
    return { loss: reduceSum(add(distance('a.w'), distance('b.w'))), moving: [`${turn}.`] };
  },
  turns: { names: ['a', 'b'], at: (step) => (step % 3 === 2 ? 'b' : 'a') },
};

describe('turns', () => {
  test('each moves its own weights alone, and resumes in the middle of a round', async () => {
    const states: TrainingState[] = [];
    const options = { steps: 5, batch: () => ({}), learningRate: () => 0.25, averageSteps: 0, checkpointSteps: 1 };
    const weights = await train(turnGame, { ...options, onCheckpoint: async (state) => void states.push(state) });
    // The distance to 1 is halved in each turn: a has four of five, b one.
    expect(weights.get('a.w')?.data[0]).toBeCloseTo(1 - 0.5 ** 4, 6);
    expect(weights.get('b.w')?.data[0]).toBeCloseTo(1 - 0.5, 6);
    const resumed = await train(turnGame, { ...options, resume: states[1] as TrainingState });
    expect(bytesOf(resumed)).toEqual(bytesOf(weights));
  });
});

test('the first step of a player is its first, whenever its turn comes', async () => {
  const options = { batch: () => ({}), learningRate: () => 0.25, averageSteps: 0 };
  const adamGame = { ...turnGame, optimiser: adam() };
  // Adam's first step is as long as the rate, whatever the gradient.
  const weights = await train(adamGame, { ...options, steps: 3 });
  expect(weights.get('b.w')?.data[0]).toBeCloseTo(0.25, 5);
});

test('what is observed is handed over with its step, whole', async () => {
  const seen: [number, number[]][] = [];
  const doubled: Problem = {
    name: 'observed',
    seed: 1,
    optimiser: sgd(),
    batch: { x: { shape: [3] } },
    build: (p, { x }) => ({
      loss: reduceSum(mul(p.weight('w', [3], filled(1)), x as Value)),
      observed: { doubled: mul(x as Value, 2) },
    }),
  };
  await train(doubled, {
    steps: 2,
    batch: (step) => ({ x: float32([step, 1, 2], [3]) }),
    learningRate: () => 0.1,
    threads: 1,
    onObserved: (observed, step) => seen.push([step, observed.doubled ? toNumbers(observed.doubled) : []]),
  });
  expect(seen).toEqual([
    [0, [0, 2, 4]],
    [1, [2, 2, 4]],
  ]);
});

describe('startFrom', () => {
  test('takes weights that fit and leaves others fresh', async () => {
    const { initial } = buildTrainingGraph(problem());
    const given = new Map([
      ['first.weight', float32(new Float32Array(FEATURES * 4).fill(0.25), [FEATURES, 4])],
      ['last.weight', float32([1, 2], [2, 1])],
      ['elsewhere', float32([1], [1])],
    ]);
    // With no step to make, the first weights come back.
    const weights = await train(problem(), run(0, { startFrom: given }));
    expect(weights.get('first.weight')?.data).toEqual(given.get('first.weight')?.data);
    expect(weights.get('last.weight')?.data).toEqual(initial.get('last.weight')?.data);
    expect(weights.has('elsewhere')).toBe(false);
  });
});

describe('cosineSchedule', () => {
  test('rises over the first 2 % of the steps, and falls to a hundredth of its peak', () => {
    const rate = cosineSchedule(1, 1000);
    expect(rate(0)).toBeCloseTo(1 / 20, 3);
    expect(rate(9)).toBeCloseTo(10 / 20, 3);
    expect(rate(20)).toBeCloseTo(1, 2);
    expect(rate(500)).toBeCloseTo(0.505, 3);
    expect(rate(999)).toBeCloseTo(0.01, 3);
    for (let step = 20; step < 999; step++) expect(rate(step + 1)).toBeLessThan(rate(step));
  });

  test.for([1, 2, 10])('of %i steps is positive and at most the peak', (steps) => {
    for (let step = 0; step < steps; step++) {
      expect(cosineSchedule(0.1, steps)(step)).toBeGreaterThan(0);
      expect(cosineSchedule(0.1, steps)(step)).toBeLessThanOrEqual(0.1);
    }
  });
});
