import type { FaceSample } from '../../data/sample.ts';
import { InputError } from '../../util/errors.ts';
import type { Random } from '../../util/random.ts';
import type { AuditFace } from '../subjects.ts';

/** What a model answers to a face: a number for each class, or an embedding. */
export const MODEL_KINDS = ['classifier', 'encoder'] as const;

export type ModelKind = (typeof MODEL_KINDS)[number];

/** A person whom the audited model was trained on. */
export interface TrainingPerson {
  readonly person: string;
  /** The model's class: of a classifier the place of its answer, of an encoder the place of the person in the audit. */
  readonly label: number;
  /** Photos that it was trained on, two or more. */
  readonly faces: readonly AuditFace[];
  /** Photos of the same person that it was not trained on; none where the audit was given none. */
  readonly heldOut: readonly AuditFace[];
}

/**
 * People whom the model was not trained on, as if they were its own: those of two photos or more, drawn by the seed.
 *
 * @param count - at most.
 */
export function strangersAsPeople(
  strangers: readonly AuditFace[],
  { count, random }: { readonly count: number; readonly random: Random },
): TrainingPerson[] {
  const repeated = [...Map.groupBy(strangers, ({ person }) => person)].filter(([, faces]) => faces.length > 1);
  return random.sample(repeated, count).map(([person, faces], label) => ({ person, label, faces, heldOut: [] }));
}

/**
 * Of how many photos of each person a centre is made, at most, where two sides are compared: a mean of more photos is rebuilt and recognised more easily, whoever it is of. Three quarters of either side have as
 * many, so that one person of few photos does not cut down everybody.
 */
export function photosInCommon(sides: readonly (readonly TrainingPerson[])[]): number {
  const lowerQuartiles = sides.map((people) => {
    const counts = people.map(({ faces }) => faces.length).sort((a, b) => a - b);
    return counts[Math.floor(counts.length / 4)] ?? Number.POSITIVE_INFINITY;
  });
  return Math.min(...lowerQuartiles);
}

/** Something in the data that an audit cannot use, and why. */
export interface UnusableData {
  readonly name: string;
  readonly reason: string;
}

/** The class of each person of a training folder, and what does not fit the model's classes. */
export interface ClassLabels {
  readonly labels: ReadonlyMap<string, number>;
  readonly leftOut: readonly UnusableData[];
}

/**
 * The classes of a classifier: of a list of names where there is one, else the folders in the order of their names, as torchvision's ImageFolder numbers them.
 *
 * @param people - names of the training folders.
 * @param options.outputs - numbers that the model answers.
 * @throws InputError where folders, or the list, are not as many as the model has classes: nobody can tell which class is whose.
 */
export function classLabels(
  people: readonly string[],
  { outputs, classes }: { readonly outputs: number; readonly classes?: readonly string[] },
): ClassLabels {
  // Python sorts names by code point, as ImageFolder does; for names inside the basic plane JavaScript's order is the same.
  const folders = [...new Set(people)].sort();
  const names = classes ?? folders;
  if (names.length !== outputs || new Set(names).size !== names.length) {
    throw new InputError(
      classes
        ? `--classes names ${new Set(names).size} different classes, and the model answers ${outputs} numbers`
        : `the model answers ${outputs} numbers, and there are ${names.length} training folders`,
      {
        hint: classes
          ? 'name every class once, in the order of the model’s answers'
          : 'give the names of its classes in their order with --classes, or say that it is an encoder with --kind encoder',
      },
    );
  }
  const places = new Map(names.map((name, label) => [name, label]));
  const strange = folders.filter((name) => !places.has(name));
  const missing = names.filter((name) => !folders.includes(name));
  return {
    labels: new Map([...places].filter(([name]) => folders.includes(name))),
    leftOut: [
      ...strange.map((name) => ({ name, reason: 'a folder, but none of the model’s classes' })),
      ...missing.map((name) => ({ name, reason: 'a class of the model, but there is no folder of it' })),
    ],
  };
}

/**
 * Chooses photos for an audit: of so many people so many each, drawn by the seed; people with several photos go first.
 *
 * @param options.photos - of each person at most; `total` of all.
 */
export function choosePhotos(
  samples: readonly FaceSample[],
  options: { readonly people: number; readonly photos: number; readonly total?: number; readonly random: Random },
): FaceSample[] {
  const { people, photos, total = Number.POSITIVE_INFINITY, random } = options;
  const byPerson = Map.groupBy(samples, ({ person }) => person);
  const names = random.fork('people').shuffle([...byPerson.keys()].sort());
  const isRepeated = (name: string): boolean => (byPerson.get(name)?.length ?? 0) > 1;
  const chosen = [...names.filter(isRepeated), ...names.filter((name) => !isRepeated(name))].slice(0, people);
  return chosen
    .flatMap((name) => random.fork(`photos of ${name}`).sample(byPerson.get(name) ?? [], photos))
    .slice(0, total);
}
