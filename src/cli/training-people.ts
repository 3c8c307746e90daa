import type { AuditFace } from '../audit/subjects.ts';
import type { MaskedPerson } from '../defence/training/masking/masked-batch.ts';
import { hashImage } from '../encoder/cached-encoder.ts';
import { resizeImage } from '../image/resize.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import type { SessionArgs } from './encoder-options.ts';
import { printNote } from './print.ts';
import { trainingFaces } from './training-faces.ts';

/** What becomes of data that no training can use: it is left out, or nothing is trained. Either way it is named. */
export const BAD_DATA = ['skip', 'refuse'] as const;

export type BadData = (typeof BAD_DATA)[number];

/** The option that says what becomes of it. */
export const badDataArg = {
  type: 'string',
  description: `photos that cannot be read, one picture with two people, people with too few photos: ${BAD_DATA.join(' or ')}`,
  default: 'skip',
  valueHint: BAD_DATA.join('|'),
} as const;

/** Something that a training cannot use: a file or a person, and why. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/** The faces of each person who can be trained on, and what is left out. */
export interface UsablePeople {
  readonly people: ReadonlyMap<string, readonly AuditFace[]>;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Sorts faces by person. One picture that lies with two people is a mistake of the labels: nobody knows whose it is, and it is left out with both; so are people of whom fewer than `leastPhotos`
 * remain.
 */
export function usablePeople(faces: readonly AuditFace[], leastPhotos: number): UsablePeople {
  const byPixels = Map.groupBy(faces, ({ image }) => hashImage(image));
  const leftOut: LeftOut[] = [];
  const mislabelled = new Set<AuditFace>();
  for (const same of byPixels.values()) {
    const owners = [...new Set(same.map(({ person }) => person))];
    if (owners.length < 2) continue;
    for (const face of same) mislabelled.add(face);
    leftOut.push({
      name: same.map(({ id }) => id).join(' and '),
      reason: `one picture, labelled ${owners.join(' and ')}`,
    });
  }
  const byPerson = Map.groupBy(
    faces.filter((face) => !mislabelled.has(face)),
    ({ person }) => person,
  );
  const people = new Map([...byPerson].filter(([, own]) => own.length >= leastPhotos));
  for (const [person, own] of byPerson) {
    if (own.length < leastPhotos)
      leftOut.push({ name: person, reason: `${photos(own.length)}, fewer than ${leastPhotos}` });
  }
  return { people, leftOut };
}

/**
 * The faces of the training side of a data set that can be used; what is left out is named.
 *
 * @returns them, and how many people are left out with all their faces.
 * @throws InputError where there is nobody, or something has to be left out and that is refused.
 */
export async function usableTrainingFaces(
  folder: string,
  args: SessionArgs,
  { leastPhotos, badData, ...job }: JobOptions & { readonly leastPhotos: number; readonly badData: BadData },
): Promise<UsablePeople & { readonly peopleLeftOut: number }> {
  const rejected: LeftOut[] = [];
  const faces = await trainingFaces(folder, args, {
    ...job,
    onRejected: (sample, reason) => rejected.push({ name: sample.id, reason: reason.replace(`${sample.path}: `, '') }),
  });
  const { people, leftOut } = usablePeople(faces, leastPhotos);
  const all = [...rejected, ...leftOut];
  nameLeftOut(all, badData);
  const peopleLeftOut = new Set(faces.map(({ person }) => person)).size - people.size;
  return { people, leftOut: all, peopleLeftOut };
}

/** The people as a training takes them, with faces of `sizePx`. @throws InputError where there are fewer than two. */
export function trainingPeople({ people }: UsablePeople, leastPhotos: number, sizePx: number): MaskedPerson[] {
  if (people.size < 2) {
    throw new InputError(`${people.size} people on the training side have ${leastPhotos} photos or more`, {
      hint: 'bring more photos of the same people: an encoder learns from what stays the same between them',
    });
  }
  return [...people].map(([person, own]) => ({
    person,
    faces: own.map(({ image }) => resizeImage(image, sizePx, sizePx)),
    ids: own.map(({ id }) => id),
  }));
}

/** Of what is left out, how many are named on the screen. */
const NAMED = 5;

/** Names what is left out, or refuses to go on, as asked. @throws InputError where it is to be refused. */
export function nameLeftOut(leftOut: readonly LeftOut[], what: BadData): void {
  if (leftOut.length === 0) return;
  const named = leftOut.slice(0, NAMED).map(({ name, reason }) => `${name}: ${reason}`);
  const more = leftOut.length > NAMED ? [`and ${leftOut.length - NAMED} more`] : [];
  if (what === 'refuse') {
    throw new InputError(`the data has what cannot be trained on: ${[...named, ...more].join('; ')}`, {
      hint: 'mend the data, or leave these out with --bad-data skip',
    });
  }
  for (const line of [...named, ...more]) printNote(`left out: ${line}`);
}

const photos = (count: number): string => (count === 1 ? '1 photo' : `${count} photos`);
