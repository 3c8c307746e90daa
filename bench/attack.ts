import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EvasionTask } from '../src/attack/evasion/attack.ts';
import { iterate } from '../src/attack/evasion/iterative.ts';
import type { Encoder } from '../src/encoder/encoder.ts';
import { openEncoder } from '../src/encoder/open-encoder.ts';
import { openSimilarityGradient } from '../src/encoder/similarity-gradient.ts';
import { differentiate } from '../src/graph/differentiate.ts';
import { float32 } from '../src/graph/tensor.ts';
import { createSession } from '../src/runtime/session.ts';
import { CapabilityError } from '../src/util/errors.ts';
import { Random } from '../src/util/random.ts';
import { CLOCK, now, THREADS } from './clock.ts';
import { median, type Row } from './row.ts';
import { openTorchPeer } from './torch-peer.ts';

const MOBILE_FACE_NET = fileURLToPath(
  new URL('../../shared/data/models/encoders/mobilefacenet-foamliu/MobileFaceNet.dynbatch.onnx', import.meta.url),
);

/** Faces perturbed at once. */
const FACES = 8;

const FACE_PX = 112;

/** Madry's attack, with as many steps as the aim is stated for. */
const PGD = { steps: 20, stepShare: 0.25, randomStart: true } as const;

const EPSILON = 8 / 255;

/** Rounds, each side in turn, after one that does not count. */
const ROUNDS = 5;

const PAUSE_MS = 300;

/** What a round times, once each: seconds. */
type Sides = Readonly<Record<string, () => Promise<number>>>;

/**
 * Steps a second of projected gradient descent on a batch of faces, beside its gradient's bare session run as often with the same numbers, and beside a plain loop in PyTorch
 * on a network of the same shape. Without ../shared/data dlib is attacked, without the peer.
 */
export async function run(): Promise<Row[]> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'faceward-bench-'));
  const spec = existsSync(MOBILE_FACE_NET) ? MOBILE_FACE_NET : 'dlib';
  const encoder = await openEncoder(spec, { cacheDir, threads: THREADS });
  const script = new URL('attack_peer.py', import.meta.url);
  const peer = spec === 'dlib' ? undefined : await openTorchPeer({ script, threads: THREADS, clock: CLOCK });
  const attack = await openAttack(encoder);
  const bare = await openBareGradient(encoder);
  try {
    const seconds = await takeTurns({
      attack: () => timed(attack.run),
      bare: () => timed(bare.run),
      ...(peer ? { peer: () => peer.time('pgd') } : {}),
    });
    const name = `PGD-${PGD.steps} on ${FACES} faces through ${spec === 'dlib' ? spec : 'MobileFaceNet'}`;
    return [
      row(`${name}, beside ${PGD.steps} runs of the bare gradient session`, seconds.attack, seconds.bare),
      row(`${name}, beside a plain PyTorch loop (same shape, random weights)`, seconds.attack, seconds.peer),
    ];
  } finally {
    peer?.close();
    await Promise.all([attack.close(), bare.close(), encoder.close()]);
    await rm(cacheDir, { recursive: true, force: true });
  }
}

function row(name: string, ours: readonly number[] = [], peer: readonly number[] = []): Row {
  const rate = (seconds: readonly number[]): number => PGD.steps / median(seconds);
  const beside = peer.length > 0 ? rate(peer) : null;
  const ratio = beside === null ? null : rate(ours) / beside;
  return { name, unit: 'steps/s', ours: rate(ours), peer: beside, ratio, runs: ROUNDS };
}

/** The attack as its users run it. */
async function openAttack(encoder: Encoder): Promise<{ run: () => Promise<unknown>; close: () => Promise<void> }> {
  const gradient = await openSimilarityGradient([encoder], { sizePx: FACE_PX, batchSize: FACES, threads: THREADS });
  const random = new Random(1);
  const task: EvasionTask = {
    goal: 'dodge',
    faces: Array.from({ length: FACES }, () => Float32Array.from({ length: 3 * FACE_PX ** 2 }, () => random.uniform())),
    references: Array.from({ length: FACES }, () => [random.normals(encoder.embeddingSize)]),
  };
  const epsilons = task.faces.map(() => EPSILON);
  return {
    run: () => iterate(PGD, task, epsilons, gradient, { norm: 'linf', random: new Random(1) }),
    close: () => gradient.close(),
  };
}

/** Nothing but the encoder forward and back, fed the same tensors each time. */
async function openBareGradient({ id, graph, view, embeddingSize }: Encoder): ReturnType<typeof openAttack> {
  if (!graph) throw new CapabilityError(`the weights of "${id}" are not at hand`);
  const options = { of: 'embedding', wrt: ['face'], batch: FACES, seeded: true } as const;
  const session = await createSession(differentiate(graph, options), { threads: THREADS });
  const random = new Random(1);
  const shape = [FACES, 3, view.heightPx, view.widthPx];
  const feeds = {
    face: float32(random.normals(FACES * 3 * view.heightPx * view.widthPx, 0.2), shape),
    seed_embedding: float32(random.normals(FACES * embeddingSize), [FACES, embeddingSize]),
  };
  return {
    run: async () => {
      for (let step = 0; step < PGD.steps; step++) await session.run(feeds, ['gradient_face', 'embedding']);
    },
    close: () => session.release(),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = now();
  await work();
  return now() - start;
}

/** Each side's seconds in every round but the first. */
async function takeTurns(sides: Sides): Promise<Readonly<Record<string, readonly number[]>>> {
  const seconds: Record<string, number[]> = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, side] of Object.entries(sides)) {
      // The peer's OpenMP threads go on spinning for a while after its run: neither side may pay for the other.
      await setTimeout(PAUSE_MS);
      const once = await side();
      if (round >= 0) seconds[name]?.push(once);
    }
  }
  return seconds;
}
