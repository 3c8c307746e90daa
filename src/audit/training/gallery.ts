import { classCentres } from '../../attack/inversion/model/target.ts';
import { normalise } from '../../metric/similarity.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import type { TrainingPerson } from './people.ts';

/** All people of an audit as a judge knows them: from real photos, and from nothing that the audited model says. */
export interface Gallery {
  readonly judge: Judge;
  /** For each person the mean direction of their training photos, or of the first of them. */
  readonly centres: readonly Float32Array[];
  /** For each person the directions of their training photos. */
  readonly photos: readonly (readonly Float32Array[])[];
}

/**
 * Lets a judge see the training photos of all people.
 *
 * @param options.centrePhotos - of each person that their centre is made of, at most; default: all.
 */
export async function openGallery(
  judge: Judge,
  people: readonly TrainingPerson[],
  { centrePhotos, ...job }: JobOptions & { readonly centrePhotos?: number | undefined } = {},
): Promise<Gallery> {
  const photos = await photosOf(judge, people, job);
  return { judge, photos, centres: centresOf(photos, centrePhotos) };
}

/** The directions of each person's training photos, as a model sees them. */
export async function photosOf(
  model: Judge,
  people: readonly TrainingPerson[],
  job: JobOptions,
): Promise<Float32Array[][]> {
  const directions = await directionsOf(
    model,
    people.flatMap(({ faces }) => faces),
    job,
  );
  let end = 0;
  return people.map(({ faces }) => {
    const start = end;
    end += faces.length;
    return directions.slice(start, end);
  });
}

/** The centre of each person's photos, of the first so many of them. */
export function centresOf(photos: readonly (readonly Float32Array[])[], most?: number): Float32Array[] {
  const counted = photos.map((own) => own.slice(0, most));
  return classCentres(
    counted.flat(),
    counted.flatMap((own, k) => own.map(() => k)),
    counted.length,
  );
}

/** Directions of real faces, as a judge sees them. */
export const directionsOf = async (judge: Judge, faces: readonly AuditFace[], job?: JobOptions) =>
  (await judge.embed(faces, job)).map(directionOf);

/** The direction of an embedding: its length says nothing of who it is. Zeros, which a judge says of what it cannot make out, become a direction of their own. */
export function directionOf(embedding: Float32Array): Float32Array {
  if (embedding.some((value) => value !== 0)) return normalise(embedding);
  return Float32Array.from(embedding, (_, i) => (i === 0 ? 1 : 0));
}
