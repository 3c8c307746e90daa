import { cropView } from '../encoder/canonical-face.ts';
import type { Encoder } from '../encoder/encoder.ts';
import type { Image } from '../image/image.ts';
import { compareAll } from '../metric/score-set.ts';
import { pairsNeeded, type Threshold, thresholdAtFmr } from '../metric/threshold.ts';
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
 */
export async function measureThresholds(
  judge: Judge,
  faces: readonly AuditFace[],
  dataset: string,
  job?: JobOptions,
): Promise<Threshold[] | undefined> {
  const onePerPerson = [...new Map(faces.map((face) => [face.person, face])).values()];
  const pairs = (onePerPerson.length * (onePerPerson.length - 1)) / 2;
  const fmrs = AUDIT_FMRS.filter((fmr) => pairs >= PAIRS_ACCEPTED * pairsNeeded(fmr));
  if (!fmrs.includes(VERDICT_FMR)) return undefined;
  const embeddings = await judge.embed(onePerPerson, job);
  const { impostors } = compareAll(
    embeddings,
    onePerPerson.map(({ person }) => person),
  );
  return fmrs.map((fmr) => thresholdAtFmr(impostors, fmr, { dataset, encoder: judge.encoder.id }));
}
