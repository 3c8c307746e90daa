import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BundledEncoderName, openBundledEncoder } from '../src/encoder/bundled.ts';
import type { Encoder } from '../src/encoder/encoder.ts';
import { alignmentMatrix } from '../src/face/alignment.ts';
import { createFacePipeline, type FacePipeline } from '../src/face/pipeline.ts';
import { decodeImage } from '../src/image/decode.ts';
import type { Image } from '../src/image/image.ts';
import { resizeImage } from '../src/image/resize.ts';
import { warpAffine } from '../src/image/warp.ts';
import { openFaceSessions } from '../src/runtime/bundled-sessions.ts';
import { median, type Row } from './row.ts';

const WIDTH_PX = 960;

/** Faces in the photo. */
const FACES = 4;

const RUNS = 15;
const WARM_UPS = 3;

const require = createRequire(import.meta.url);

/**
 * Detect, mesh, align and embed the four faces of a 960-px photo, beside @vladmandic/human with its wasm backend, on the same networks in the same run; the two take
 * turns, so that a busy machine slows both. The photo is decoded before.
 */
export async function run(): Promise<Row[]> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'faceward-bench-'));
  try {
    const photo = await groupPhoto();
    const sessions = await openFaceSessions({ cacheDir });
    const pipeline = createFacePipeline(sessions);
    const faceres = await openBundledEncoder('faceres', { cacheDir });
    const dlib = await openBundledEncoder('dlib', { cacheDir });
    const peer = await openPeer(photo);
    const times = await alternate({
      faceres: () => embedFaces(photo, pipeline, faceres),
      dlib: () => embedFaces(photo, pipeline, dlib),
      peer,
    });
    await Promise.all([sessions.detector.release(), sessions.mesh.release(), faceres.close(), dlib.close()]);
    // human embeds with faceres, so only that row has a peer.
    return [row('faceres', median(times.faceres), median(times.peer)), row('dlib', median(times.dlib), null)];
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
}

function row(encoder: BundledEncoderName, ours: number, peer: number | null): Row {
  const name = `detect, mesh, align, embed with ${encoder}: ${FACES} faces, ${WIDTH_PX} px`;
  return { name, unit: 'ms', ours, peer, ratio: peer === null ? null : peer / ours, runs: RUNS };
}

async function groupPhoto(): Promise<Image> {
  const folder = dirname(dirname(require.resolve('@vladmandic/face-api')));
  const { image } = await decodeImage(join(folder, 'demo/sample6.jpg'));
  return resizeImage(image, WIDTH_PX, Math.round((WIDTH_PX * image.heightPx) / image.widthPx));
}

async function embedFaces(photo: Image, pipeline: FacePipeline, encoder: Encoder): Promise<number> {
  const faces = await pipeline.detect(photo);
  const crops = faces.map(({ landmarks }) => warpAffine(photo, alignmentMatrix(landmarks, encoder.view), encoder.view));
  return (await encoder.embed(crops)).length;
}

/** What the bench uses of @vladmandic/human. */
interface Human {
  readonly tf: { tensor(data: Int32Array, shape: readonly number[], dtype: 'int32'): object };
  load(): Promise<void>;
  detect(input: object): Promise<{ readonly face: readonly { readonly embedding?: readonly number[] }[] }>;
}

async function openPeer(photo: Image): Promise<() => Promise<number>> {
  const folder = dirname(dirname(require.resolve('@vladmandic/human')));
  const { Human } = require(join(folder, 'dist/human.node-wasm.js')) as { Human: new (config: object) => Human };
  const wasm = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  const off = { enabled: false };
  const human = new Human({
    backend: 'wasm',
    modelBasePath: `file://${folder}/models/`,
    wasmPath: `${wasm}/dist/`,
    // Every frame is looked at anew.
    cacheSensitivity: 0,
    filter: off,
    face: {
      enabled: true,
      detector: { rotation: true, maxDetected: 10, minConfidence: 0.3 },
      mesh: { enabled: true },
      description: { enabled: true },
      iris: off,
      emotion: off,
    },
    body: off,
    hand: off,
    gesture: off,
    object: off,
  });
  await withFileFetch(() => human.load());
  const input = human.tf.tensor(Int32Array.from(photo.data), [1, photo.heightPx, photo.widthPx, 3], 'int32');
  return async () => {
    const { face } = await human.detect(input);
    return face.filter(({ embedding }) => embedding && embedding.length > 0).length;
  };
}

/** human fetches its models, and Node's fetch reads no files. */
async function withFileFetch(action: () => Promise<void>): Promise<void> {
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const url = String(input);
    return url.startsWith('file:') ? new Response(await readFile(fileURLToPath(url))) : fetch(input, init);
  };
  try {
    await action();
  } finally {
    globalThis.fetch = fetch;
  }
}

/** Milliseconds of each action, which take turns; each must find all faces. */
async function alternate<Name extends string>(
  actions: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(actions) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let i = 0; i < WARM_UPS + RUNS; i++) {
    for (const name of names) {
      const start = performance.now();
      const found = await actions[name]();
      if (found !== FACES) throw new TypeError(`${name} embedded ${found} faces of ${FACES}`);
      if (i >= WARM_UPS) times[name].push(performance.now() - start);
    }
  }
  return times;
}
