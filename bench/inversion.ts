import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { whiteBoxTarget } from '../src/attack/inversion/attack.ts';
import { optimiseTemplates } from '../src/attack/inversion/template-optimisation.ts';
import { shippedGenerator } from '../src/audit/inversion/shipped.ts';
import { openEncoder } from '../src/encoder/open-encoder.ts';
import { CapabilityError } from '../src/util/errors.ts';
import { Random } from '../src/util/random.ts';
import { now, THREADS } from './clock.ts';
import { median, type Row } from './row.ts';

const MOBILE_FACE_NET = fileURLToPath(
  new URL('../../shared/data/models/encoders/mobilefacenet-foamliu/MobileFaceNet.dynbatch.onnx', import.meta.url),
);

/** Templates optimised at once, the attack's default. */
const BATCH = 8;

/** Iterations of a template in an attack, its default. */
const ITERATIONS = 100;

const ROUNDS = 20;
const WARM_UPS = 2;

/** White-box inversion through the shipped generator: seconds a template, from the median of single iterations. Without ../shared/data dlib is attacked instead. */
export async function run(): Promise<Row[]> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'faceward-bench-'));
  try {
    const spec = existsSync(MOBILE_FACE_NET) ? MOBILE_FACE_NET : 'dlib';
    const opened = await openEncoder(spec, { cacheDir });
    const encoder = whiteBoxTarget(opened);
    const generator = await shippedGenerator();
    await opened.close();
    if (!encoder || !generator) throw new CapabilityError('there is no generator, or no weights of the encoder');
    const random = new Random(1);
    const moments: number[] = [];
    await optimiseTemplates(
      Array.from({ length: BATCH }, () => random.normals(encoder.embeddingSize)),
      { generator, encoder },
      {
        start: { kind: 'random' },
        iterations: WARM_UPS + ROUNDS,
        batchSize: BATCH,
        threads: THREADS,
        random,
        onProgress: () => moments.push(now()),
      },
    );
    const steps = moments.slice(1).map((moment, i) => moment - (moments[i] ?? 0));
    const seconds = (median(steps.slice(WARM_UPS - 1)) * ITERATIONS) / BATCH;
    const target = spec === 'dlib' ? 'dlib' : 'MobileFaceNet';
    const name = `white-box inversion of ${target}: ${ITERATIONS} iterations, ${BATCH} templates at once`;
    return [{ name, unit: 's/template', ours: seconds, peer: null, ratio: null, runs: ROUNDS }];
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
}
