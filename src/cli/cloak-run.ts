import { basename } from 'node:path';
import { makeReceipt } from '../audit/protection/make-receipt.ts';
import type { Receipt } from '../audit/protection/receipt.ts';
import { personOfPath, type ReferencePhotos, sha256Of } from '../audit/protection/reference-photos.ts';
import type { TestEncoder } from '../audit/protection/retest.ts';
import type { Cloak } from '../defence/photo/cloak/cloak-photo.ts';
import type { CloakStrength } from '../defence/photo/cloak/strength.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { encodeCloakedPhoto } from '../image/cloaked-photo.ts';
import { decodeImage } from '../image/decode.ts';
import { readImageFile } from '../image/image-file.ts';
import { carriedProvenance } from '../image/mark.ts';
import { writtenFormat } from '../image/written-format.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { printError, printLine } from './print.ts';
import { finishedReceipt, outputOf, type PhotoToProtect, requireFree, writeProtected } from './protected-files.ts';

/** Largest photo file. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Everything that decides what becomes of a photo. */
export interface CloakSettings {
  readonly strength: CloakStrength;
  readonly seed: number;
  readonly faceward: string;
  readonly out: string;
  readonly resume: boolean;
  readonly force: boolean;
  readonly encoders: readonly TestEncoder[];
  readonly person: string | undefined;
  /** Hash of the options. */
  readonly options: string;
}

/** What works on a photo. */
export interface CloakWorkshop {
  readonly cloak: Cloak;
  readonly pipeline: FacePipeline;
  readonly references: ReferencePhotos | undefined;
}

/** Cloaks and tests one photo and writes it with its receipt; one that is finished already is left as it is. */
export async function cloakPhoto(
  photo: PhotoToProtect,
  { cloak, pipeline, references }: CloakWorkshop,
  settings: CloakSettings,
  job: JobOptions,
): Promise<Receipt> {
  const { strength, seed, faceward, encoders, options } = settings;
  const bytes = await readImageFile(photo.path, photo.path, MAX_BYTES);
  const sha256 = sha256Of(bytes);
  const { image, format } = await decodeImage(bytes, { name: photo.path, maxBytes: MAX_BYTES });
  const output = outputOf(photo, format, settings.out);
  const before = await finishedReceipt(output);
  const isOurs = before?.input.sha256 === sha256;
  await requireFree(output, photo.path, { force: settings.force, isOurs });
  if (settings.resume && isOurs && before?.options === options) return before;
  const faces = await pipeline.detect(image);
  if (faces.length === 0) throw new InputError(`${photo.path}: no face was found, and nothing was written`);
  const cloaked = await cloak.apply(image, faces, {
    strength,
    random: new Random(seed).fork(sha256),
    ...(job.signal ? { signal: job.signal } : {}),
  });
  const written = await encodeCloakedPhoto(
    cloaked.image,
    writtenFormat(format),
    {
      encoders: encoders.flatMap(({ encoder: { id, hash }, role }) => (role === 'used' ? [{ id, hash }] : [])),
      dssim: strength.dssim,
      faceward,
    },
    carriedProvenance(bytes),
  );
  const { widthPx, heightPx } = image;
  const receipt = await makeReceipt(
    {
      kind: 'cloak',
      faceward,
      options,
      input: { name: photo.relativePath, sha256, widthPx, heightPx },
      output: { name: basename(output.photo), sha256: sha256Of(written), widthPx, heightPx },
      cloak: { strength: strength.name, dssim: strength.dssim, steps: strength.steps, seed },
      photo: (await decodeImage(written)).image,
      clean: image,
      faces: cloaked.faces.map(({ face, dssim, largestChange, seconds }) => ({
        face,
        cloak: { dssim, largestChange, seconds: Number(seconds.toFixed(2)) },
      })),
      encoders,
      references,
      person: settings.person ?? (references && personOfPath(photo.path, references.people)),
    },
    { pipeline, ...(job.signal ? { signal: job.signal } : {}) },
  );
  await writeProtected(output, written, receipt);
  return receipt;
}

/** Says where each photo would go, and what is finished already; what would be refused is told. @returns the exit status. */
export async function rehearse(
  photos: readonly PhotoToProtect[],
  settings: CloakSettings,
  job: JobOptions,
): Promise<number> {
  let failures = 0;
  for (const photo of photos) {
    throwIfAborted(job);
    try {
      const bytes = await readImageFile(photo.path, photo.path, MAX_BYTES);
      const { format } = await decodeImage(bytes, { name: photo.path, maxBytes: MAX_BYTES });
      const output = outputOf(photo, format, settings.out);
      const before = await finishedReceipt(output);
      const isOurs = before?.input.sha256 === sha256Of(bytes);
      await requireFree(output, photo.path, { force: settings.force, isOurs });
      const isDone = settings.resume && isOurs && before?.options === settings.options;
      printLine(`${photo.path} -> ${output.photo}${isDone ? ' (finished already)' : ''}`);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      failures++;
      printError(error);
    }
  }
  return failures > 0 ? 2 : 0;
}
