import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildDlibRecognition } from '../graph/faceapi.ts';
import { buildAgeGender } from '../graph/faceapi-age-gender.ts';
import type { Graph } from '../graph/graph.ts';
import { readGraph, writeGraph } from '../graph/onnx-file.ts';
import type { Tensor } from '../graph/tensor.ts';
import { translateTfjs } from '../graph/tfjs.ts';
import { parseTfjsModel, parseWeightsManifest, readTfjsWeights, type WeightsManifest } from '../graph/tfjs-format.ts';
import { ModelFileError, StoreError } from '../util/errors.ts';

/** Networks whose weights come inside the installed packages. */
export const BUNDLED_MODELS = [
  'blazeface',
  'facemesh',
  'faceres',
  'dlib',
  'antispoof',
  'liveness',
  'iris',
  'emotion',
  'age-gender',
] as const;

export type BundledModelName = (typeof BUNDLED_MODELS)[number];

export interface BundledModelOptions {
  /** Folder for translated models; made where it is absent. */
  readonly cacheDir: string;
}

/** Raised when a translation changes, so that older files in a cache are not used again. */
const TRANSLATION_VERSION = 1;

interface Source {
  readonly package: '@vladmandic/human' | '@vladmandic/face-api';
  /** Path of the JSON inside the package; the weights lie beside it. */
  readonly json: string;
  readonly translate: (json: unknown, weights: ReadonlyMap<string, Tensor>) => Graph;
}

const SOURCES: Readonly<Record<BundledModelName, Source>> = {
  // 512 anchors of 16-px cells, then 384 of 32-px cells: the figure before the sigmoid, and a box with six points.
  blazeface: human('blazeface', {
    logits_fine: 'Identity',
    logits_coarse: 'Identity_1',
    boxes_fine: 'Identity_2',
    boxes_coarse: 'Identity_3',
  }),
  facemesh: human('facemesh', { points: 'Identity_2', confidence: 'Identity_1', contours: 'Identity' }),
  faceres: human('faceres', {
    embedding: 'global_pooling/Mean',
    male: 'gender_pred/Sigmoid',
    age: 'age_pred/Softmax',
  }),
  dlib: {
    package: '@vladmandic/face-api',
    json: 'model/face_recognition_model-weights_manifest.json',
    translate: (_json, weights) => buildDlibRecognition(weights),
  },
  antispoof: human('antispoof', { real: 'Identity' }),
  liveness: human('liveness', { classes: 'Identity' }),
  iris: human('iris', { points: 'Identity' }),
  emotion: human('emotion', { classes: 'Identity' }),
  'age-gender': {
    package: '@vladmandic/face-api',
    json: 'model/age_gender_model-weights_manifest.json',
    translate: (_json, weights) => buildAgeGender(weights),
  },
};

/**
 * Reads a bundled network: translated to ONNX from the installed package on first use, from `cacheDir` after that (the file is named by the SHA-256 of what
 * it was made of, which is also `metadata.hash`).
 *
 * Inputs and outputs are the original's: images as `input` float32 [N,C,H,W], in the original's range.
 *
 * @throws ModelFileError where the package's files are missing or are not what they should be; StoreError where the cache cannot be written.
 */
export async function loadBundledModel(name: BundledModelName, options: BundledModelOptions): Promise<Graph> {
  const source = SOURCES[name];
  const { json, manifest, weights, hash } = await readSource(name, source);
  const path = join(options.cacheDir, `${name}-${hash.slice(0, 16)}.onnx`);
  const cached = await readCached(path, hash);
  if (cached) return cached;
  const translated = source.translate(json, readTfjsWeights(manifest, weights));
  const graph: Graph = {
    ...translated,
    metadata: { hash, source: `${source.package}/${source.json}`, licence: 'MIT' },
  };
  await writeCached(path, writeGraph(graph));
  return graph;
}

function human(file: string, outputs: Readonly<Record<string, string>>): Source {
  return {
    package: '@vladmandic/human',
    json: `models/${file}.json`,
    translate: (json, weights) => translateTfjs({ name: file, model: parseTfjsModel(json), weights, outputs }),
  };
}

async function readSource(
  name: BundledModelName,
  source: Source,
): Promise<{ json: unknown; manifest: WeightsManifest; weights: Uint8Array; hash: string }> {
  // Neither package lets its package.json be resolved; its main file lies in dist/.
  const root = dirname(dirname(createRequire(import.meta.url).resolve(source.package)));
  const path = join(root, source.json);
  try {
    const text = await readFile(path, 'utf8');
    const json: unknown = JSON.parse(text);
    const manifest =
      source.package === '@vladmandic/face-api' ? parseWeightsManifest(json) : parseTfjsModel(json).weightsManifest;
    const files = manifest.flatMap((group) => group.paths).map((file) => readFile(join(dirname(path), file)));
    const weights = Buffer.concat(await Promise.all(files));
    const hash = createHash('sha256')
      .update(`translation ${TRANSLATION_VERSION}\n`)
      .update(text)
      .update(weights)
      .digest('hex');
    return { json, manifest, weights, hash };
  } catch (cause) {
    throw new ModelFileError(`the bundled model "${name}" cannot be read from ${path}`, {
      cause,
      hint: `install ${source.package} again`,
    });
  }
}

/** The cached graph; undefined where there is none, or a broken one, which is then written again. */
async function readCached(path: string, hash: string): Promise<Graph | undefined> {
  try {
    const graph = readGraph(await readFile(path));
    return graph.metadata.hash === hash ? graph : undefined;
  } catch {
    return undefined;
  }
}

async function writeCached(path: string, bytes: Uint8Array): Promise<void> {
  // Written aside and renamed, so that a process that reads at the same time never sees half a file.
  const aside = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(aside, bytes);
    await rename(aside, path);
  } catch (cause) {
    throw new StoreError(`the model cache ${path} cannot be written`, { cause, hint: 'choose another cache folder' });
  }
}
