import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditFace } from '../audit/subjects.ts';
import { openNpy } from '../data/npy-file.ts';
import { type Exposure, findExposure } from '../defence/training/masking/exposure.ts';
import { fitFront } from '../defence/training/masking/front.ts';
import type { Masking } from '../defence/training/masking/kinds.ts';
import {
  exposureSummary,
  MASKED_NOTICE,
  type MaskedDatasetManifest,
  maskedFaces,
  maskedShape,
  mixedLabel,
  type TensorFile,
} from '../defence/training/masking/masked-dataset.ts';
import { type MixRecord, writeMixRecord } from '../defence/training/masking/mix-log.ts';
import { type PlannedMix, planMixes } from '../defence/training/masking/mix-plan.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { freshSecret } from '../util/secret-random.ts';
import { MIX_LOG, privateFolder } from './mix-log-file.ts';

/** The manifest of a masked data set: the last of its files to be written. */
export const MANIFEST = 'manifest.json';

const [FACES, LABELS, FRONT, PEOPLE, SEED] = [
  'faces.npy',
  'labels.npy',
  'front.json',
  'people.json',
  'seed.json',
] as const;

/** Names of all files of a masked data set and of its private folder. */
export const DATASET_FILES: ReadonlySet<string> = new Set([MANIFEST, FACES, LABELS, MIX_LOG, FRONT, PEOPLE, SEED]);

/** A seed that nobody knows: signs and order of a masked data set that is handed out follow from it. */
export const drawSeed = (): number => Buffer.from(freshSecret()).readUInt32BE();

/** A face of a masked data set, square, all of one size. */
export type DatasetFace = Pick<AuditFace, 'id' | 'person' | 'image'>;

/** Everything that decides a masked data set. */
export interface MaskedDatasetSettings {
  readonly masking: Masking;
  readonly rounds: number;
  readonly sizePx: number;
  readonly frequencies: number;
  readonly maxReencodings: number;
  readonly seed: number;
}

/** Who is mixed with whom, and what that gives away. */
export interface MaskedDatasetPlan {
  readonly people: readonly string[];
  /** Number of each face's person. */
  readonly personOf: readonly number[];
  readonly mixes: readonly PlannedMix[];
  readonly records: readonly MixRecord[];
  readonly exposure: Exposure;
}

/** Plans a masked data set; nothing is written. @throws InputError where there are too few people for a mix. */
export async function planMaskedDataset(
  faces: readonly DatasetFace[],
  { masking, rounds, maxReencodings, seed }: MaskedDatasetSettings,
): Promise<MaskedDatasetPlan> {
  const people = [...new Set(faces.map(({ person }) => person))];
  const numbers = new Map(people.map((person, i) => [person, i]));
  const personOf = faces.map(({ person }) => numbers.get(person) as number);
  const mixes = planMixes(personOf, { masking, rounds, random: new Random(seed).fork('mixes') });
  if (mixes.length === 0) {
    throw new InputError(`${people.length} people are too few for --masking ${masking.name}`, {
      hint: 'each face of a mix is of another person',
    });
  }
  const records = mixes.map(({ images, weights }, step): MixRecord => {
    const [image = '', ...partners] = images.map((number) => faces[number]?.id ?? '');
    return { step, image, partners, weights };
  });
  return { people, personOf, mixes, records, exposure: await findExposure(records, { maxReencodings }) };
}

/** How {@link writeMaskedDataset} works. */
export interface WriteMaskedDatasetOptions extends MaskedDatasetSettings, JobOptions, SessionOptions {
  readonly faceward: string;
}

/** Writes a masked data set, and what takes it apart into a folder beside it that its owner alone may read; the manifest last. */
export async function writeMaskedDataset(
  out: string,
  faces: readonly DatasetFace[],
  { people, personOf, mixes, records, exposure }: MaskedDatasetPlan,
  options: WriteMaskedDatasetOptions,
): Promise<MaskedDatasetManifest> {
  const { masking, rounds, sizePx, frequencies, seed, faceward } = options;
  const images = faces.map(({ image }) => image);
  const front = await fitFront(images, { kind: masking.front, sizePx, frequencies, seed, threads: 1 });
  // Until it is whole again, an old manifest would speak of new tensors.
  await rm(join(out, MANIFEST), { force: true });
  await writePrivate(privateFolder(out), {
    [MIX_LOG]: records.map((record) => `${writeMixRecord(record)}\n`).join(''),
    [FRONT]: JSON.stringify(front),
    [PEOPLE]: JSON.stringify(people, undefined, 2),
    [SEED]: JSON.stringify({ seed }),
  });
  const random = new Random(seed).fork('signs');
  const shape = [mixes.length, ...maskedShape(front)];
  const tensor = await writeTensor(out, FACES, shape, maskedFaces(images, mixes, { ...options, front, random }));
  const labels = await writeTensor(
    out,
    LABELS,
    [mixes.length, people.length],
    mixes.map((mix) => mixedLabel(mix, personOf, people.length)),
  );
  const manifest: MaskedDatasetManifest = {
    schema: 'faceward.masked/1',
    faceward,
    masking: masking.name,
    front: front.kind,
    mixes: mixes.length,
    people: people.length,
    images: exposure.images,
    imagesLeftOut: faces.length - exposure.images,
    rounds,
    faces: tensor,
    labels,
    exposure: exposureSummary(exposure),
    notice: MASKED_NOTICE,
  };
  await writeFile(join(out, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

async function writePrivate(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
}

async function writeTensor(
  folder: string,
  file: string,
  shape: readonly number[],
  rows: Iterable<Float32Array> | AsyncIterable<Float32Array>,
): Promise<TensorFile> {
  const writer = await openNpy(join(folder, file), shape);
  try {
    for await (const row of rows) await writer.write(row);
  } catch (error) {
    await writer.close();
    throw error;
  }
  return { file, dtype: 'float32', shape, sha256: await writer.finish() };
}
