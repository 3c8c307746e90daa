import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { inverseDcgan } from '../src/attack/inversion/inverse-dcgan.ts';
import { GraphBuilder, type Value } from '../src/graph/builder.ts';
import { differentiate, gradients } from '../src/graph/differentiate.ts';
import { readGraph } from '../src/graph/onnx-file.ts';
import { mul } from '../src/graph/ops/arithmetic.ts';
import { conv, convTranspose } from '../src/graph/ops/convolution.ts';
import { slice } from '../src/graph/ops/indexing.ts';
import { float32, type Shape, scalar, sizeOf, type Tensor } from '../src/graph/tensor.ts';
import { l1 } from '../src/nn/losses.ts';
import { adam } from '../src/nn/optimisers.ts';
import { buildTrainingGraph } from '../src/nn/training.ts';
import { createSession } from '../src/runtime/session.ts';
import { Random } from '../src/util/random.ts';
import { CLOCK, now, THREADS } from './clock.ts';
import { median, type Row } from './row.ts';
import { openTorchPeer } from './torch-peer.ts';

/** Rounds of each case, ours and the peer's in turn, after one that does not count. */
const ROUNDS = 7;

const PAUSE_MS = 300;

/** Faces in a batch of the encoder's input gradient. */
const ENCODER_BATCH = 8;

const ENCODER = new URL(
  '../../shared/data/models/encoders/mobilefacenet-foamliu/MobileFaceNet.dynbatch.onnx',
  import.meta.url,
);

/** A case: what one run does, and how its seconds become the figure. */
interface Case {
  /** The peer's name of the same work; without one there is no peer. */
  readonly key?: string;
  readonly name: string;
  readonly unit: string;
  readonly figure: (seconds: number) => number;
  readonly run: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** The engine beside PyTorch, in turns in the same run. Without PyTorch the peer is null, and a note on stderr tells how to install it. */
export async function run(): Promise<Row[]> {
  const peer = await openTorchPeer({
    script: new URL('engine_peer.py', import.meta.url),
    threads: THREADS,
    clock: CLOCK,
  });
  const rows: Row[] = [];
  try {
    for (const open of [() => stepCase(peer?.parameters), ...convolutionCases(), ...encoderCases()]) {
      const { key, name, unit, figure, run: once, close } = await open();
      const ours: number[] = [];
      const theirs: number[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        // The peer's OpenMP threads go on spinning for a while after its run: neither side may pay for the other.
        await setTimeout(PAUSE_MS);
        const start = now();
        await once();
        const seconds = now() - start;
        const other = key === undefined ? undefined : await peer?.time(key);
        if (round < 0) continue;
        ours.push(seconds);
        if (other !== undefined) theirs.push(other);
      }
      await close();
      const seconds = median(ours);
      const beside = theirs.length > 0 ? median(theirs) : undefined;
      rows.push({
        name,
        unit,
        ours: figure(seconds),
        peer: beside === undefined ? null : figure(beside),
        ratio: beside === undefined ? null : beside / seconds,
        runs: ROUNDS,
      });
    }
  } finally {
    peer?.close();
  }
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
    throw new TypeError(
      `the peer's network has ${peerParameters} parameters, ours ${parameters}: they are not the same`,
    );
  }
  const session = await createSession(training.graph, { threads: THREADS });
  const random = new Random(1);
  const data = { input: tensor([batch, size], random), face: tensor([batch, 3, 128, 128], random) };
  let state: Record<string, Tensor> = Object.fromEntries(training.initial);
  let step = 0;
  return {
    key: 'step',
    name: `training step of the inverse DCGAN (${(parameters / 1e6).toFixed(1)} M parameters, batch ${batch}, 128 px)`,
    unit: 'images/s',
    figure: (seconds) => batch / seconds,
    run: async () => {
      const scalars = Object.entries(optimiser.scalars(++step, 1e-3)).map(([name, value]) => [name, scalar(value)]);
      const results = await session.run({ ...state, ...data, ...Object.fromEntries(scalars) });
      state = Object.fromEntries(Object.keys(state).map((name) => [name, results[`next/${name}`] as Tensor]));
    },
    close: () => session.release(),
  };
}

/** A layer whose gradients are timed; all weights are of the shape `w`. */
interface Layer {
  readonly key: string;
  readonly title: string;
  readonly x: Shape;
  readonly w: Shape;
  readonly apply: (x: Value, w: Value) => Value;
  readonly gigaFlops: number;
}

const LAYERS: readonly Layer[] = [
  {
    key: 'conv',
    title: 'Conv 3x3, 16x64x32x32 -> 128',
    x: [16, 64, 32, 32],
    w: [128, 64, 3, 3],
    apply: (x, w) => conv(x, w, { pads: [1, 1, 1, 1] }),
    gigaFlops: (2 * 16 * 32 * 32 * 128 * 64 * 9) / 1e9,
  },
  {
    key: 'strided',
    title: 'Conv 3x3 stride 2, 16x64x56x56 -> 128',
    x: [16, 64, 56, 56],
    w: [128, 64, 3, 3],
    apply: (x, w) => conv(x, w, { strides: [2, 2], pads: [1, 1, 1, 1] }),
    gigaFlops: (2 * 16 * 28 * 28 * 128 * 64 * 9) / 1e9,
  },
  {
    key: 'pointwise',
    title: 'Conv 1x1, 16x64x28x28 -> 128',
    x: [16, 64, 28, 28],
    w: [128, 64, 1, 1],
    apply: (x, w) => conv(x, w),
    gigaFlops: (2 * 16 * 28 * 28 * 128 * 64) / 1e9,
  },
  {
    key: 'convTranspose',
    title: 'ConvTranspose 4x4 stride 2, 16x128x16x16 -> 64',
    x: [16, 128, 16, 16],
    w: [128, 64, 4, 4],
    apply: (x, w) => convTranspose(x, w, { strides: [2, 2], pads: [1, 1, 1, 1] }),
    gigaFlops: (2 * 16 * 16 * 16 * 128 * 64 * 16) / 1e9,
  },
  {
    key: 'grouped',
    title: 'Conv 3x3 stride 2 in 4 groups, 16x64x56x56 -> 128',
    x: [16, 64, 56, 56],
    w: [128, 16, 3, 3],
    apply: (x, w) => conv(x, w, { strides: [2, 2], pads: [1, 1, 1, 1], groups: 4 }),
    gigaFlops: (2 * 16 * 28 * 28 * 128 * 16 * 9) / 1e9,
  },
  {
    key: 'depthwise',
    title: 'Depthwise Conv 3x3, 16x128x28x28',
    x: [16, 128, 28, 28],
    w: [128, 1, 3, 3],
    apply: (x, w) => conv(x, w, { pads: [1, 1, 1, 1], groups: 128 }),
    gigaFlops: (2 * 16 * 28 * 28 * 128 * 9) / 1e9,
  },
  {
    key: 'depthwiseStrided',
    title: 'Depthwise Conv 3x3 stride 2, 16x128x56x56',
    x: [16, 128, 56, 56],
    w: [128, 1, 3, 3],
    apply: (x, w) => conv(x, w, { strides: [2, 2], pads: [1, 1, 1, 1], groups: 128 }),
    gigaFlops: (2 * 16 * 28 * 28 * 128 * 9) / 1e9,
  },
];

/**
 * Forward and both gradients of each layer. Weights are inputs, as in training; forward and the input gradient are timed with constant weights as well, as in an
 * attack on an encoder, where ONNX Runtime packs them beforehand. The peer knows one form.
 */
function convolutionCases(): (() => Promise<Case>)[] {
  return LAYERS.flatMap((layer) => [
    () => layerCase(layer, 'forward', 'input'),
    () => layerCase(layer, 'forward', 'constant'),
    () => layerCase(layer, 'input gradient', 'input'),
    () => layerCase(layer, 'input gradient', 'constant'),
    () => layerCase(layer, 'weight gradient', 'input'),
  ]);
}

async function layerCase(
  { key, title, x: xShape, w: wShape, apply, gigaFlops }: Layer,
  wanted: 'forward' | 'input gradient' | 'weight gradient',
  weights: 'input' | 'constant',
): Promise<Case> {
  const builder = new GraphBuilder('bench');
  const random = new Random(1);
  const feeds: Record<string, Tensor> = { x: tensor(xShape, random), w: tensor(wShape, random) };
  const x = builder.input('x', xShape);
  const w = weights === 'input' ? builder.input('w', wShape) : builder.constant(tensor(wShape, random), 'w');
  const y = apply(x, w);
  if (wanted === 'forward') {
    builder.output('result', corner(y));
  } else {
    feeds.dy = tensor(y.shape, random);
    const [gradient] = gradients(mul(y, builder.input('dy', y.shape)), [wanted === 'input gradient' ? x : w]) as [
      Value,
    ];
    builder.output('result', wanted === 'input gradient' ? corner(gradient) : gradient);
  }
  const session = await createSession(builder.build(), { threads: THREADS });
  const needed = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name] as Tensor]));
  return {
    key: `${key} ${wanted}`,
    name: `${title}, ${wanted}${weights === 'constant' ? ', weights constant' : ''}`,
    unit: 'GFLOP/s',
    figure: (seconds) => gigaFlops / seconds,
    run: () => session.run(needed),
    close: () => session.release(),
  };
}

/** One element of x. In a step an activation stays inside the graph, as the peer's stays inside PyTorch: handing it out to JavaScript is not timed. */
function corner(x: Value): Value {
  const zeros = x.shape.map(() => 0);
  return slice(x, { starts: zeros, ends: zeros.map(() => 1), axes: zeros.map((_, axis) => axis) });
}

/** The gradient of an embedding's product with a given vector, with respect to the face: a white-box attack's step. Only where the encoder is there. */
function encoderCases(): (() => Promise<Case>)[] {
  if (existsSync(ENCODER)) return [encoderCase];
  process.stderr.write('note: ../shared/data is not there: MobileFaceNet is left out\n');
  return [];
}

async function encoderCase(): Promise<Case> {
  const graph = readGraph(await readFile(ENCODER));
  const session = await createSession(
    differentiate(graph, { of: 'output0', wrt: ['input0'], batch: ENCODER_BATCH, seeded: true }),
    { threads: THREADS },
  );
  const random = new Random(1);
  const feeds = {
    input0: tensor([ENCODER_BATCH, 3, 112, 112], random),
    seed_output0: tensor([ENCODER_BATCH, 128], random),
  };
  return {
    name: `MobileFaceNet 112 px, forward and input gradient, batch ${ENCODER_BATCH}`,
    unit: 'ms/image',
    figure: (seconds) => (1000 * seconds) / ENCODER_BATCH,
    run: () => session.run(feeds),
    close: () => session.release(),
  };
}

function tensor(shape: Shape, random: Random): Tensor {
  return float32(random.normals(sizeOf(shape)), shape);
}
