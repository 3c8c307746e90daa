import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import { BUNDLED_ENCODERS } from '../../src/encoder/bundled.ts';
import { cropView } from '../../src/encoder/canonical-face.ts';
import type { Encoder } from '../../src/encoder/encoder.ts';
import { openEncoder } from '../../src/encoder/open-encoder.ts';
import { differentiate } from '../../src/graph/differentiate.ts';
import { float32, toNumbers } from '../../src/graph/tensor.ts';
import { decodeImage } from '../../src/image/decode.ts';
import type { Image } from '../../src/image/image.ts';
import { toPlanar } from '../../src/image/tensor.ts';
import { createSession } from '../../src/runtime/session.ts';
import { CapabilityError } from '../../src/util/errors.ts';
import { Random } from '../../src/util/random.ts';
import { largestDifference } from '../fixtures/evaluate.ts';
import { SHARED_DATA } from '../fixtures/shared-data.ts';

const FILES = SHARED_DATA === undefined ? [] : modelFiles(join(SHARED_DATA, 'models/encoders'));
const CACHE = mkdtempSync(join(tmpdir(), 'faceward-gradients-'));
afterAll(() => rmSync(CACHE, { recursive: true, force: true }));

const PEOPLE = ['Aaron_Peirsol', 'Abdullah_Gul'] as const;

/** What black and white are to each network, by its SOURCE.md; a file that is not named here fails its test. */
const RANGES: Readonly<Record<string, '-1..1' | '0..255'>> = {
  'mobilefacenet-foamliu': '-1..1',
  'mobileface-id-v2': '0..255',
};

/** Of the differences, in 0..1: under a tenth of a grey level. */
const STEP = 3e-4;
const MIDPOINTS = 16;

describe.skipIf(!SHARED_DATA)('encoder files', () => {
  test('there are some', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(3);
  });

  test.each(FILES)('%s equals plain ONNX Runtime', async (path) => {
    const encoder = await open(path);
    const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
    const range = RANGES[basename(join(path, '..'))];
    expect(range).toBeDefined();
    for (const face of await facesFor(encoder, PEOPLE.length)) {
      const values = toPlanar([face]).map((value) => (range === '0..255' ? 255 * value : 2 * value - 1));
      const feeds = { [session.inputNames[0] ?? '']: new ort.Tensor('float32', values, [1, 3, 112, 112]) };
      const expected = (await session.run(feeds))[session.outputNames[0] ?? '']?.data as Float32Array;
      const [embedding = []] = await encoder.embed([face]);
      expect(largestDifference(embedding, expected)).toBeLessThan(1e-5);
    }
    await session.release();
    await encoder.close();
  });
});

/** faceres sees 224 x 224 px: one face and fewer directions do. */
const TRIALS = [...FILES, ...BUNDLED_ENCODERS].map((spec) =>
  spec === 'faceres' ? { spec, batch: 1, directions: 2 } : { spec, batch: 2, directions: 4 },
);

describe.skipIf(!SHARED_DATA)('the gradient by the face', () => {
  test.each(TRIALS)(
    '$spec agrees with central differences along random directions',
    async (trial) => {
      expect(await gradientError(trial)).toBeLessThan(0.02);
    },
    60_000,
  );
});

/**
 * The error of the gradient against central differences, relative to these, both as root mean squares over the directions (one alone may happen to be level).
 *
 * The gradient at the middle alone is no fair match: a step moves all pixels at once, and ReLUs bend within it. Measured with plain differences on these encoders, the error
 * grew with the step: 1 to 8 % at 3e-5, 3 to 11 % at 4e-4, 9 to 20 % at 1e-3 (directions of independent pixels); no step kept all four under 2 %. But
 * f(x + hd) - f(x - hd) is the integral of the gradient along that line, bends or not: so the gradient's mean over the line, at the midpoints of even
 * parts, is held against the difference.
 */
async function gradientError(trial: (typeof TRIALS)[number]): Promise<number> {
  const { spec, batch, directions } = trial;
  const encoder = await open(spec);
  const { graph, view, embeddingSize } = encoder;
  if (!graph) throw new CapabilityError(`${spec} has no weights`);
  const random = new Random(`gradient of ${basename(spec)}`);
  const face = toPlanar(await facesFor(encoder, batch));
  await encoder.close();
  const differentiated = differentiate(graph, { of: 'embedding', wrt: ['face'], batch, seeded: true });
  const session = await createSession(differentiated, { threads: 1 });
  const seed = random.normals(batch * embeddingSize);

  const run = async (values: Float32Array, output: string): Promise<number[]> => {
    const feeds = {
      face: float32(values, [batch, 3, view.heightPx, view.widthPx]),
      seed_embedding: float32(seed, [batch, embeddingSize]),
    };
    const { [output]: tensor } = await session.run(feeds, [output]);
    return tensor ? toNumbers(tensor) : [];
  };
  let [errors, differences] = [0, 0];
  for (let k = 0; k < directions; k++) {
    const direction = random.normals(face.length);
    const at = (steps: number) => face.map((value, i) => value + steps * STEP * (direction[i] ?? 0));
    // Summed in double precision: float32 would lose the difference.
    const objective = async (steps: number) => dot(await run(at(steps), 'embedding'), seed);
    const difference = ((await objective(1)) - (await objective(-1))) / (2 * STEP);
    let slope = 0;
    for (let i = 0; i < MIDPOINTS; i++) {
      slope += dot(await run(at((2 * i + 1) / MIDPOINTS - 1), 'gradient_face'), direction) / MIDPOINTS;
    }
    errors += (slope - difference) ** 2;
    differences += difference ** 2;
  }
  await session.release();
  return Math.sqrt(errors / differences);
}

function modelFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.onnx'))
    .sort()
    .map((path) => join(folder, path));
}

function open(spec: string): Promise<Encoder> {
  return openEncoder(spec, { cacheDir: CACHE, threads: 1 });
}

/** Real aligned faces, cut to what the encoder looks at. */
function facesFor({ view }: Encoder, count: number): Promise<Image[]> {
  return Promise.all(
    PEOPLE.slice(0, count).map(async (person) => {
      const path = join(SHARED_DATA ?? '', 'lfw-aligned112/images', person, `${person}_0001.jpg`);
      return cropView((await decodeImage(path)).image, view);
    }),
  );
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
