import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditFace } from '../audit/subjects.ts';
import { openNpy } from '../data/npy-file.ts';
import { equalNoise } from '../defence/training/masking/channel-noise.ts';
import { type Exposure, findExposure } from '../defence/training/masking/exposure.ts';
import { type FrontSettings, fitFront } from '../defence/training/masking/front.ts';
import { type Masking, requireDrawable } from '../defence/training/masking/kinds.ts';
import {
  exposureSummary,
  MASKED_NOTICE,
  type MaskedDatasetManifest,
  maskedShape,
  mixedLabel,
  type TensorFile,
} from '../defence/training/masking/masked-dataset.ts';
import { type MaskedMix, maskMixes } from '../defence/training/masking/masked-mixes.ts';
import { type MixRecord, writeMixRecord } from '../defence/training/masking/mix-log.ts';
import { type PlannedMix, planMixes } from '../defence/training/masking/mix-plan.ts';
import { askStrategy } from '../defence/training/masking/strategy-model.ts';
import type { Image } from '../image/image.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import type { RandomNumbers } from '../util/random.ts';
import type { TrainedMasking } from './masked-dataset-models.ts';
import { MIX_LOG, privateFolder } from './mix-log-file.ts';

/** The manifest of a masked data set: the last of its files to be written. */
export const MANIFEST = 'manifest.json';

const [FACES, LABELS, FRONT, PEOPLE] = ['faces.npy', 'labels.npy', 'front.json', 'people.json'] as const;

/** Names of all files of a masked data set and of its private folder. */
export const DATASET_FILES: ReadonlySet<string> = new Set([MANIFEST, FACES, LABELS, MIX_LOG, FRONT, PEOPLE]);

/** Mixes that are masked at a time. */
const BATCH = 16;

/** A face of a masked data set, square, all of one size. */
export type DatasetFace = Pick<AuditFace, 'id' | 'person' | 'image'>;

/** Everything that decides a masked data set. */
export interface MaskedDatasetSettings {
  readonly masking: Masking;
  readonly rounds: number;
  readonly sizePx: number;
  readonly frequencies: number;
  readonly maxReencodings: number;
  /** Draws the order of the channels, the mixes, noise and signs: a data set that is handed out hides only as much as this does. */
  readonly random: RandomNumbers;
  /** What the masking is taken from. Default: a front that is measured on these faces, and noise that is alike in all channels. */
  readonly trained?: TrainedMasking | undefined;
}

/** Who is mixed with whom, and what that gives away. */
export interface MaskedDatasetPlan {
  /** In random order. */
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
  settings: MaskedDatasetSettings & JobOptions & SessionOptions,
): Promise<MaskedDatasetPlan> {
  const { masking, rounds, maxReencodings, trained } = settings;
  // Columns of the labels in the order of the names would give away whose they are to who has a list of these.
  const people = settings.random.fork('people').shuffle([...new Set(faces.map(({ person }) => person))]);
  const numbers = new Map(people.map((person, i) => [person, i]));
  const personOf = faces.map(({ person }) => numbers.get(person) as number);
  const images = faces.map(({ image }) => image);
  const policy = trained?.strategy && (await askStrategy(images, trained.strategy, settings));
  const mixes = planMixes(personOf, { masking, rounds, random: settings.random.fork('mixes'), policy });
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
  const { masking, rounds, random, trained, faceward } = options;
  const images = faces.map(({ image }) => image);
  const front = trained?.front ?? (await freshFront(images, options));
  requireDrawable(masking, front.channels.length);
  // Until it is whole again, an old manifest would speak of new tensors.
  await rm(join(out, MANIFEST), { force: true });
  await writePrivate(privateFolder(out), {
    [MIX_LOG]: records.map((record) => `${writeMixRecord(record)}\n`).join(''),
    [FRONT]: JSON.stringify(front),
    [PEOPLE]: JSON.stringify(people, undefined, 2),
  });
  const masked = maskMixes(images, mixes, {
    ...options,
    front,
    actions: [],
    weights: trained?.noise ?? equalNoise(front.channels.length),
    batchSize: BATCH,
    random: random.fork('masking'),
  });
  const tensor = await writeTensor(out, FACES, [mixes.length, ...maskedShape(front)], facesOf(masked));
  const labels = await writeTensor(
    out,
    LABELS,
    [mixes.length, people.length],
    labelsOf(mixes, personOf, people.length),
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
    ...(masking.noise?.on === 'channels' ? { deviations: trained?.noise ? 'learnt' : 'equal' } : {}),
    faces: tensor,
    labels,
    exposure: exposureSummary(exposure),
    notice: MASKED_NOTICE,
  };
  await writeFile(join(out, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

const freshFront = (
  images: readonly Image[],
  { masking, sizePx, frequencies, random }: MaskedDatasetSettings,
): Promise<FrontSettings> =>
  // One thread, as a training measures it.
  fitFront(images, { kind: masking.front, sizePx, frequencies, seed: random.fork('front'), threads: 1 });

async function* facesOf(mixes: AsyncIterable<MaskedMix>): AsyncGenerator<Float32Array> {
  for await (const { masked } of mixes) yield masked;
}

function* labelsOf(mixes: readonly PlannedMix[], personOf: readonly number[], people: number): Generator<Float32Array> {
  for (const mix of mixes) yield mixedLabel(mix, personOf, people);
}

async function writePrivate(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // One that was there has a mode of its own.
  await chmod(folder, 0o700);
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
