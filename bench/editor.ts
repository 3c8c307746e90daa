import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { EDITED_ATTRIBUTES } from '../src/defence/photo/attribute/attribute-values.ts';
import {
  ATTGAN_LOSSES,
  type EditorTrainingOptions,
  editorProblem,
  SLIM_LOSSES,
} from '../src/defence/photo/attribute/editor-training.ts';
import { EDITOR_SHAPES } from '../src/defence/photo/attribute/networks.ts';
import { float32, type Shape, sizeOf, type TypedTensor } from '../src/graph/tensor.ts';
import type { Weights } from '../src/nn/parameters.ts';
import { buildTrainingGraph, type Problem, type TrainingState, train } from '../src/nn/training.ts';
import { Random } from '../src/util/random.ts';
import { CLOCK, now, THREADS } from './clock.ts';
import { median, type Row } from './row.ts';
import { openTorchPeer, type TorchPeer } from './torch-peer.ts';

/** Rounds of each case, ours and the peer's in turn, after one that does not count. */
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);

const PAUSE_MS = 300;

const BATCH = 16;

const LEARNING_RATE = 3e-4;

/** A turn of the critic and one of the editor. */
const TURNS = 2;

/** Largest difference of a figure from the peer's, by the larger of the two. */
const TOLERANCE = 1e-3;

/** What is trained. No encoder of identity and no frozen reader looks on, on neither side: PyTorch reads no ONNX. */
const PLANS: readonly Pick<EditorTrainingOptions, 'shape' | 'losses' | 'adversary' | 'hardening' | 'reconstructed'>[] =
  [
    {
      shape: EDITOR_SHAPES['slim-64'],
      losses: SLIM_LOSSES,
      adversary: 'lsgan',
      hardening: 4 / 255,
      reconstructed: BATCH / 4,
    },
    {
      shape: EDITOR_SHAPES['attgan-64'],
      losses: ATTGAN_LOSSES,
      adversary: 'wgan-gp',
      hardening: 0,
      reconstructed: BATCH,
    },
  ];

/** A training as both sides do it. */
interface Case {
  readonly key: string;
  readonly plan: (typeof PLANS)[number];
  readonly problem: Problem;
  readonly weights: Weights;
  readonly batch: Weights;
}

/** Figures of a turn by name, and under `gradient` the length of the gradient by which its player moved. */
type Figures = Readonly<Record<string, number>>;

/**
 * Training steps a second of the editor of attributes, beside the same step in PyTorch, from the same weights and on the same batch, in turns in the same run.
 *
 * @throws TypeError where the peer's figures are not ours: nothing is timed then.
 */
export async function run(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'faceward-bench-'));
  let peer: TorchPeer | undefined;
  try {
    const cases = PLANS.map(caseOf);
    await writeCases(folder, cases);
    const script = new URL('editor_peer.py', import.meta.url);
    peer = await openTorchPeer({ script, threads: THREADS, clock: CLOCK, arguments: [folder] });
    const rows: Row[] = [];
    for (const one of cases) {
      if (peer) refuseUnlike(one.key, await figuresOf(one), PeerFigures.parse(await peer.ask(`${one.key} figures`)));
      rows.push(await rowOf(one, peer));
    }
    return rows;
  } finally {
    peer?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function caseOf(plan: (typeof PLANS)[number]): Case {
  const problem = editorProblem({
    ...plan,
    attributes: EDITED_ATTRIBUTES,
    criticSteps: TURNS - 1,
    batchSize: BATCH,
    identified: 0,
    identityEncoders: [],
    frozenReaders: [],
    learningRate: LEARNING_RATE,
    steps: TURNS,
    seed: 1,
  });
  const key = Object.entries(EDITOR_SHAPES).find(([, shape]) => shape === plan.shape)?.[0] ?? 'editor';
  return { key, plan, problem, weights: firstWeights(problem), batch: randomBatch(problem) };
}

/** The weights that a training begins with, but small random numbers for zeros: else half of the editor would have no gradient in the first step, and nothing would be compared. */
function firstWeights(problem: Problem): Weights {
  const random = new Random(1);
  const weights = new Map<string, TypedTensor<'float32'>>();
  for (const turn of problem.turns?.names ?? ['']) {
    const { initial, modelNames } = buildTrainingGraph(problem, turn);
    for (const name of modelNames) {
      const tensor = initial.get(name);
      if (tensor?.dtype !== 'float32') throw new TypeError(`"${name}" is not float32`);
      const isEmpty = tensor.data.every((value) => value === 0);
      weights.set(name, isEmpty ? float32(random.normals(tensor.data.length, 0.02), tensor.shape) : tensor);
    }
  }
  return weights;
}

/** Noise for faces, and attributes that are there, not there or (as targets) in the middle. */
function randomBatch({ batch }: Problem): Weights {
  const random = new Random(2);
  const drawn: Readonly<Record<string, () => number>> = {
    own: () => 2 * random.integer(2) - 1,
    target: () => random.integer(3) - 1,
  };
  return new Map(
    Object.entries(batch).map(([name, { shape }]) => {
      const draw = drawn[name] ?? (() => random.uniform());
      return [name, float32(Float32Array.from({ length: sizeOf(shape) }, draw), shape)];
    }),
  );
}

/** Hands the cases to the peer: cases.json tells what is played and where in tensors.bin the numbers of a tensor begin. */
async function writeCases(folder: string, cases: readonly Case[]): Promise<void> {
  await using file = await open(join(folder, 'tensors.bin'), 'w');
  let numbers = 0;
  const written: Record<string, unknown> = {};
  const write = async (tensors: Weights): Promise<Readonly<Record<string, readonly [number, Shape]>>> => {
    const places: Record<string, readonly [number, Shape]> = {};
    for (const [name, { shape, data }] of tensors) {
      places[name] = [numbers, shape];
      await file.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      numbers += data.length;
    }
    return places;
  };
  for (const { key, plan, weights, batch } of cases) {
    const isBuffer = (name: string): boolean => /\.(mean|variance)$/.test(name);
    written[key] = {
      ...plan,
      learningRate: LEARNING_RATE,
      weights: await write(new Map([...weights].filter(([name]) => !isBuffer(name)))),
      buffers: await write(new Map([...weights].filter(([name]) => isBuffer(name)))),
      batch: await write(batch),
    };
  }
  await writeFile(join(folder, 'cases.json'), JSON.stringify({ numbers, cases: written }));
}

const PeerFigures = z.array(z.record(z.string(), z.number()));

/** The figures of the first step, turn by turn: the editor's are already those beside a critic that its optimiser has moved. */
async function figuresOf({ problem, weights, batch }: Case): Promise<Figures[]> {
  const turns: Record<string, number>[] = [];
  await train(problem, {
    steps: TURNS,
    batch: () => Object.fromEntries(batch),
    learningRate: () => LEARNING_RATE,
    startFrom: weights,
    threads: THREADS,
    checkpointSteps: 1,
    onProgress: ({ figures = {} }) => turns.push({ ...figures }),
    onCheckpoint: async (state) => {
      Object.assign(turns.at(-1) ?? {}, gradientOf(problem.turns?.at(state.step - 1) ?? '', state));
    },
  });
  return turns;
}

/** After a player's first turn Adam's mean is the gradient. */
function gradientOf(player: string, { tensors }: TrainingState): Figures {
  let sum = 0;
  for (const [name, { data }] of tensors) {
    if (!name.startsWith(`mean/${player}.`)) continue;
    for (const value of data) sum += Number(value) ** 2;
  }
  return { gradient: Math.sqrt(sum) };
}

function refuseUnlike(key: string, ours: readonly Figures[], theirs: readonly Figures[]): void {
  for (const [turn, figures] of ours.entries()) {
    for (const [name, value] of Object.entries(figures)) {
      const other = theirs[turn]?.[name] ?? Number.NaN;
      const isLike = Math.abs(value - other) <= TOLERANCE * Math.max(Math.abs(value), Math.abs(other));
      if (isLike) continue;
      throw new TypeError(
        `${key}, turn ${turn + 1}: the peer's "${name}" is ${other}, ours ${value}; nothing is timed`,
      );
    }
  }
}

async function rowOf({ key, plan, problem, weights, batch }: Case, peer: TorchPeer | undefined): Promise<Row> {
  const ours: number[] = [];
  const theirs: number[] = [];
  let start = 0;
  await train(problem, {
    steps: (ROUNDS + 1) * TURNS,
    batch: async (step) => {
      if (step % TURNS === 0) {
        if (peer) theirs.push(await peer.time(`${key} step`));
        // The peer's OpenMP threads go on spinning for a while after its run: neither side may pay for the other.
        await setTimeout(PAUSE_MS);
        start = now();
      }
      return Object.fromEntries(batch);
    },
    learningRate: () => LEARNING_RATE,
    startFrom: weights,
    threads: THREADS,
    onProgress: ({ done }) => {
      if (done % TURNS === 0) ours.push(now() - start);
    },
  });
  const seconds = median(ours.slice(1));
  const beside = peer ? median(theirs.slice(1)) : undefined;
  const parameters = [...weights.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    name: `training step of ${key} (${plan.adversary}, ${(parameters / 1e6).toFixed(1)} M parameters, batch ${BATCH}; a turn of the critic and one of the editor)`,
    unit: 'steps/s',
    ours: 1 / seconds,
    peer: beside === undefined ? null : 1 / beside,
    ratio: beside === undefined ? null : beside / seconds,
    runs: ROUNDS,
  };
}
