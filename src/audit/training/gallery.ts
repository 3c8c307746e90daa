import { classCentres } from '../../attack/inversion/model/target.ts';
import { normalise } from '../../metric/similarity.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import type { TrainingPerson } from './people.ts';

/** All people of an audit as a judge knows them: from real photos, and from nothing that the audited model says. */
export interface Gallery {
  readonly judge: Judge;
  /** For each person the mean direction of their training photos. */
  readonly centres: readonly Float32Array[];
  /** For each person the directions of their training photos. */
  readonly photos: readonly (readonly Float32Array[])[];
}

/** Lets a judge see the training photos of all people. */
export async function openGallery(
  judge: Judge,
  people: readonly TrainingPerson[],
  job: JobOptions = {},
): Promise<Gallery> {
  const faces = people.flatMap((person) => person.faces);
  const owners = people.flatMap((person, k) => person.faces.map(() => k));
  const embeddings = await judge.embed(faces, job);
  const photos = people.map((_, k) => embeddings.filter((_embedding, i) => owners[i] === k).map(directionOf));
  return { judge, photos, centres: classCentres(embeddings.map(directionOf), owners, people.length) };
}

/** Directions of real faces, as a judge sees them. */
export const directionsOf = async (judge: Judge, faces: readonly AuditFace[], job?: JobOptions) =>
  (await judge.embed(faces, job)).map(directionOf);

/** The direction of an embedding: its length says nothing of who it is. Zeros, which a judge says of what it cannot make out, become a direction of their own. */
export function directionOf(embedding: Float32Array): Float32Array {
  if (embedding.some((value) => value !== 0)) return normalise(embedding);
  return Float32Array.from(embedding, (_, i) => (i === 0 ? 1 : 0));
}
