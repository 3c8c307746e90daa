import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { inverseDcgan } from '../src/attack/inversion/inverse-dcgan.ts';
import { GraphBuilder, type Value } from '../src/graph/builder.ts';
import { gradients } from '../src/graph/differentiate.ts';
import { mul } from '../src/graph/ops/arithmetic.ts';
import { conv, convTranspose } from '../src/graph/ops/convolution.ts';
import { reduceSum } from '../src/graph/ops/reduction.ts';
import { float32, type Shape, scalar, sizeOf, type Tensor } from '../src/graph/tensor.ts';
import { l1 } from '../src/nn/losses.ts';
import { adam } from '../src/nn/optimisers.ts';
import { buildTrainingGraph } from '../src/nn/training.ts';
import { createSession } from '../src/runtime/session.ts';
import { Random } from '../src/util/random.ts';
import type { Row } from './row.ts';

/** Rounds of each case, ours and the peer's in turn, after one that does not count. */
const ROUNDS = 7;

const PAUSE_MS = 300;

/** A case: what one run does, and how its seconds become the figure. */
interface Case {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  readonly perSecond: number;
  readonly run: () => Promise<unknown>;
}

/** The engine beside Debian's PyTorch, in the same run. Without `python3-torch` the peer is null. */
export async function run(): Promise<Row[]> {
  const peer = await openPeer();
  const cases = [await stepCase(peer?.parameters), ...(await convolutionCases())];
  const rows: Row[] = [];
  for (const { key, name, unit, perSecond, run: once } of cases) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      // The peer's OpenMP threads go on spinning for a while after its run: neither side may pay for the other.
      await setTimeout(PAUSE_MS);
      const start = performance.now();
      await once();
      const seconds = (performance.now() - start) / 1000;
      const other = await peer?.time(key);
      if (round < 0) continue;
      ours.push(perSecond / seconds);
      if (other !== undefined) theirs.push(perSecond / other);
    }
    const figure = median(ours);
    const beside = theirs.length > 0 ? median(theirs) : null;
    rows.push({
      name,
      unit,
      ours: figure,
      peer: beside,
      ratio: beside === null ? null : figure / beside,
      runs: ROUNDS,
    });
  }
  peer?.close();
  return rows;
}

/** A whole training step of the 8.5 M-parameter inverse DCGAN: forward, backward and Adam, one graph. */
async function stepCase(peerParameters: number | undefined): Promise<Case> {
  const [batch, size] = [16, 512];
  const optimiser = adam();
  const training = buildTrainingGraph({
    name: 'bench',
    seed: 1,
    optimiser,
    batch: { input: { shape: [batch, size] }, face: { shape: [batch, 3, 128, 128] } },
    build: (p, { input, face }) => ({
      loss: l1(inverseDcgan(p, input as Value, { residualLayers: 1 }), face as Value),
    }),
  });
  const weights = training.modelNames.filter((name) => !/\.(mean|variance)$/.test(name));
  const parameters = weights.reduce((sum, name) => sum + sizeOf(training.initial.get(name)?.shape ?? [0]), 0);
  if (peerParameters !== undefined && peerParameters !== parameters) {
    process.stderr.write(`note: the peer's network has ${peerParameters} parameters, ours ${parameters}\n`);
  }
  const session = await createSession(training.graph);
  const random = new Random(1);
  const data = { input: tensor([batch, size], random), face: tensor([batch, 3, 128, 128], random) };
  let state: Record<string, Tensor> = Object.fromEntries(training.initial);
  let step = 0;
  return {
    key: 'step',
    name: `training step of the inverse DCGAN (${(parameters / 1e6).toFixed(1)} M parameters, batch ${batch}, 128 px)`,
    unit: 'images/s',
    perSecond: batch,
    run: async () => {
      const scalars = Object.entries(optimiser.scalars(++step, 1e-3)).map(([name, value]) => [name, scalar(value)]);
      const results = await session.run({ ...state, ...data, ...Object.fromEntries(scalars) });
      state = Object.fromEntries(Object.keys(state).map((name) => [name, results[`next/${name}`] as Tensor]));
    },
  };
}

/** Forward and both gradients of a convolution and a transposed one; weights are inputs, as in training. */
async function convolutionCases(): Promise<Case[]> {
  const layers = [
    {
      key: 'conv',
      title: 'Conv 3x3, 16x64x32x32 -> 128',
      x: [16, 64, 32, 32],
      w: [128, 64, 3, 3],
      apply: (x: Value, w: Value) => conv(x, w, { pads: [1, 1, 1, 1] }),
      gigaFlops: (2 * 16 * 32 * 32 * 128 * 64 * 9) / 1e9,
    },
    {
      key: 'convTranspose',
      title: 'ConvTranspose 4x4 stride 2, 16x128x16x16 -> 64',
      x: [16, 128, 16, 16],
      w: [128, 64, 4, 4],
      apply: (x: Value, w: Value) => convTranspose(x, w, { strides: [2, 2], pads: [1, 1, 1, 1] }),
      gigaFlops: (2 * 16 * 16 * 16 * 128 * 64 * 16) / 1e9,
    },
  ] as const;
  const cases: Case[] = [];
  for (const { key, title, x: xShape, w: wShape, apply, gigaFlops } of layers) {
    for (const wanted of ['forward', 'input gradient', 'weight gradient'] as const) {
      const builder = new GraphBuilder('bench');
      const [x, w] = [builder.input('x', xShape), builder.input('w', wShape)];
      const y = apply(x, w);
      const random = new Random(1);
      const feeds: Record<string, Tensor> = { x: tensor(xShape, random), w: tensor(wShape, random) };
      if (wanted === 'forward') {
        builder.output('result', y);
      } else {
        const dy = builder.input('dy', y.shape);
        feeds.dy = tensor(y.shape, random);
        const [gradient] = gradients(reduceSum(mul(y, dy)), [wanted === 'input gradient' ? x : w]);
        builder.output('result', gradient as Value);
      }
      const graph = builder.build();
      const session = await createSession(graph);
      const needed = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name] as Tensor]));
      cases.push({
        key: `${key} ${wanted}`,
        name: `${title}, ${wanted}`,
        unit: 'GFLOP/s',
        perSecond: gigaFlops,
        run: () => session.run(needed),
      });
    }
  }
  return cases;
}

function tensor(shape: Shape, random: Random): Tensor {
  return float32(random.normals(sizeOf(shape)), shape);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** PyTorch in a process of its own, asked for one run at a time, so that both see the machine's noise alike. */
async function openPeer(): Promise<
  { readonly parameters: number; time(key: string): Promise<number>; close(): void } | undefined
> {
  const script = new URL('engine_peer.py', import.meta.url).pathname;
  const child = spawn('/usr/bin/python3', [script, String(availableParallelism())], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const { value: greeting } = await lines.next();
  if (typeof greeting !== 'string') {
    process.stderr.write('note: no peer; install PyTorch with: apt-get install python3-torch\n');
    return undefined;
  }
  process.stderr.write(
    `note: the peer is ${greeting.split(' ').slice(0, 2).join(' ')}, ${availableParallelism()} threads\n`,
  );
  return {
    parameters: Number(greeting.split(' ')[2]),
    time: async (key) => {
      child.stdin.write(`${key}\n`);
      return Number((await lines.next()).value);
    },
    close: () => child.stdin.end(),
  };
}
