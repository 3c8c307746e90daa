import { cropView } from '../encoder/canonical-face.ts';
import type { Encoder } from '../encoder/encoder.ts';
import type { Image } from '../image/image.ts';
import { compareAll } from '../metric/score-set.ts';
import { cosineSimilarityOr } from '../metric/similarity.ts';
import { pairsNeeded, type Threshold, thresholdAtFmr } from '../metric/threshold.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import type { AuditFace } from './subjects.ts';
import { VERDICT_FMR } from './verdict.ts';

/** False match rates at which an audit judges; the last only where the impostor pairs suffice. */
export const AUDIT_FMRS = [1e-2, 1e-3, 1e-4] as const;

/** Impostor pairs for each that may be accepted, so that a threshold does not hang on a single pair. */
const PAIRS_ACCEPTED = 10;

/** Faces between two reports of progress. */
const CHUNK = 64;

/** An encoder with its thresholds, and the embeddings of the real faces that it has seen. */
export interface Judge {
  readonly encoder: Encoder;
  readonly thresholds: readonly Threshold[];
  /** Embeddings of real faces, in order; each face is sent once. */
  embed(faces: readonly AuditFace[], job?: JobOptions): Promise<Float32Array[]>;
  /** Embeddings of pictures that fill the canonical frame; a picture that was seen already is not sent again. */
  embedImages(images: readonly Image[], job?: JobOptions): Promise<Float32Array[]>;
}

/** Makes a judge; `thresholds` may be made from what it embeds (see {@link measureThresholds}). */
export function createJudge(encoder: Encoder, thresholds: readonly Threshold[] = []): Judge {
  const known = new WeakMap<Image, Float32Array>();
  const embedImages = async (images: readonly Image[], job: JobOptions = {}): Promise<Float32Array[]> => {
    const missing = [...new Set(images)].filter((image) => !known.has(image));
    for (let first = 0; first < missing.length; first += CHUNK) {
      throwIfAborted(job);
      const part = missing.slice(first, first + CHUNK);
      const made = await encoder.embed(part.map((image) => cropView(image, encoder.view)));
      part.forEach((image, i) => {
        known.set(image, made[i] as Float32Array);
      });
      job.onProgress?.({ stage: `${encoder.id} sees faces`, done: first + part.length, total: missing.length });
    }
    return images.map((image) => known.get(image) as Float32Array);
  };
  return {
    encoder,
    thresholds,
    embedImages,
    embed: (faces, job) =>
      embedImages(
        faces.map(({ image }) => image),
        job,
      ),
  };
}

/**
 * Thresholds from impostor pairs: every two faces of different people, one face a person. Undefined where the pairs do not suffice for the verdict's FMR.
 *
 * @param faces - of calibration people: nobody who is attacked, and nobody who was trained on.
 * @param options.fmrs - wanted beside {@link AUDIT_FMRS}.
 */
export async function measureThresholds(
  judge: Judge,
  faces: readonly AuditFace[],
  dataset: string,
  options: JobOptions & { readonly fmrs?: readonly number[] } = {},
): Promise<Threshold[] | undefined> {
  const onePerPerson = [...new Map(faces.map((face) => [face.person, face])).values()];
  const pairs = (onePerPerson.length * (onePerPerson.length - 1)) / 2;
  const wanted = [...new Set([...AUDIT_FMRS, ...(options.fmrs ?? [])])].sort((a, b) => b - a);
  const fmrs = wanted.filter((fmr) => pairs >= PAIRS_ACCEPTED * pairsNeeded(fmr));
  if (!fmrs.includes(VERDICT_FMR)) return undefined;
  const embeddings = await judge.embed(onePerPerson, options);
  const { impostors } = compareAll(
    embeddings,
    onePerPerson.map(({ person }) => person),
  );
  return fmrs.map((fmr) => thresholdAtFmr(impostors, fmr, { dataset, encoder: judge.encoder.id }));
}

/** Where an audit takes thresholds from. */
export interface ThresholdSources extends JobOptions {
  readonly faces: { readonly name: string; readonly calibration: readonly AuditFace[] };
  /** False match rates that are wanted beside {@link AUDIT_FMRS}. */
  readonly fmrs?: readonly number[];
  /** Thresholds that are shipped for an encoder; used where the faces do not suffice. */
  readonly shippedThresholds: (encoder: Encoder) => Promise<readonly Threshold[] | undefined>;
}

/**
 * Makes a judge with its thresholds: measured on the calibration people where they suffice, else those that are shipped.
 *
 * @throws InputError where there are none.
 */
export async function openJudge(encoder: Encoder, sources: ThresholdSources): Promise<Judge> {
  const bare = createJudge(encoder);
  const { calibration, name } = sources.faces;
  const measured = await measureThresholds(bare, calibration, `${name}, calibration people`, sources);
  const thresholds =
    measured ??
    (await sources.shippedThresholds(encoder))?.filter(({ fmr }) =>
      [...AUDIT_FMRS, ...(sources.fmrs ?? [])].includes(fmr),
    );
  if (!thresholds?.some(({ fmr }) => fmr === VERDICT_FMR)) {
    throw new InputError(
      `there are no thresholds for "${encoder.id}": too few calibration people, and none are shipped`,
      { hint: 'give a data set with about 150 people or more, or make thresholds with `faceward calibrate`' },
    );
  }
  return { ...bare, thresholds };
}

/** Similarity of each embedding to the face at its place; those without a face are left out, and what is like nothing fails its trial. */
export async function similaritiesTo(
  embeddings: readonly Float32Array[],
  faces: readonly (AuditFace | undefined)[],
  judge: Judge,
  job?: JobOptions,
): Promise<number[]> {
  const pairs = faces.flatMap((face, i) => (face ? [{ face, embedding: embeddings[i] as Float32Array }] : []));
  const seen = await judge.embed(
    pairs.map(({ face }) => face),
    job,
  );
  return pairs.map(({ embedding }, i) => cosineSimilarityOr(-1, embedding, seen[i] as Float32Array));
}
