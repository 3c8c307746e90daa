import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadFaces } from '../audit/load-faces.ts';
import type { AuditFace } from '../audit/subjects.ts';
import {
  choosePhotos,
  classLabels,
  type ModelKind,
  type TrainingPerson,
  type UnusableData,
} from '../audit/training/people.ts';
import { loadDataset } from '../data/load.ts';
import type { FaceDataset, FaceSample } from '../data/sample.ts';
import { normaliseName } from '../data/splits.ts';
import { hashImage } from '../encoder/cached-encoder.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import type { Random } from '../util/random.ts';
import { copiedFiles } from './copied-files.ts';
import type { SessionArgs } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { printNote } from './print.ts';
import { type BadData, nameLeftOut, usablePeople } from './training-people.ts';

/** Photos of one person that are read, at most. */
const PHOTOS_EACH = 20;

/** Public photos that are read, at most, and of one person. */
const PUBLIC = { photos: 2000, each: 10 } as const;

/** Photos of a person that an audit needs. */
const LEAST_PHOTOS = 2;

/** The data of an audit of a trained model, read. */
export interface TrainingAuditData {
  readonly people: TrainingPerson[];
  readonly strangers: AuditFace[];
  readonly leftOut: Readonly<Record<'training' | 'public' | 'heldOut', readonly UnusableData[]>>;
  /** What a reader must know of the public people, one clause each. */
  readonly publicNotes: readonly string[];
}

/** Where the data lie, and how much of them is read. */
export interface TrainingAuditFolders {
  readonly train: string;
  readonly public: string;
  readonly heldOut: string | undefined;
  /** File of the names of a classifier's classes. */
  readonly classes: string | undefined;
  readonly kind: ModelKind;
  /** Numbers that the model answers. */
  readonly outputs: number;
  /** Training people among whom faces are looked for, at most. */
  readonly people: number;
  readonly badData: BadData;
  readonly random: Random;
}

/**
 * Reads the training photos, those that were held out, and the public ones. What cannot be used is named and left out, or refused: unreadable photos, people of one photo, a picture that lies with two
 * people, folders that are no class of the model, held-out photos that are training photos, and public people who were trained on, by their name, however it is spelt, or by a photo. Copies are looked for among all
 * training photos, also those that are not read.
 *
 * @throws InputError where it is to be refused, or too little remains; where classes are named of an encoder, which has none.
 */
export async function readTrainingAuditData(
  folders: TrainingAuditFolders,
  args: SessionArgs,
  job: JobOptions,
): Promise<TrainingAuditData> {
  if (folders.kind === 'encoder' && folders.classes !== undefined) {
    throw new InputError('an encoder has no classes', {
      hint: 'leave out --classes, or say that the model is a classifier with --kind classifier',
    });
  }
  const { samples: training, kind } = await datasetOf(folders.train);
  const classes = folders.classes === undefined ? undefined : await readClasses(folders.classes);
  const labelled =
    folders.kind === 'classifier'
      ? classLabels(namesOf(training), { outputs: folders.outputs, ...(classes ? { classes } : {}) })
      : undefined;
  const known = training.filter(({ person }) => labelled?.labels.has(person) ?? true);
  const chosen = choosePhotos(known, { people: folders.people, photos: PHOTOS_EACH, random: folders.random });
  await using source = pipelineSource(args);
  const read = async (samples: readonly FaceSample[]): Promise<{ faces: AuditFace[]; leftOut: UnusableData[] }> => {
    const leftOut: UnusableData[] = [];
    const onRejected = ({ id }: FaceSample, reason: string) => leftOut.push({ name: id, reason });
    const { faces } = await loadFaces(samples, { ...job, openPipeline: source.openPipeline, onRejected });
    return { faces, leftOut };
  };
  const trainingRead = await read(chosen);
  const usable = usablePeople(trainingRead.faces, LEAST_PHOTOS);
  const trainingOut = [...(labelled?.leftOut ?? []), ...trainingRead.leftOut, ...usable.leftOut];
  nameLeftOut(trainingOut, folders.badData);

  const held = await heldOutPhotos(folders.heldOut, { training, people: usable.people }, read);
  nameLeftOut(held.leftOut, folders.badData);
  const people = [...usable.people].map(([person, faces], place) => ({
    person,
    label: labelled?.labels.get(person) ?? place,
    faces,
    heldOut: held.faces.get(person) ?? [],
  }));

  const trained = {
    kind,
    samples: [...training, ...held.samples],
    faces: people.flatMap((own) => [...own.faces, ...own.heldOut]),
  };
  const { strangers, leftOut: publicOut, notes } = await publicPhotos(folders, trained, read);
  nameLeftOut(publicOut, folders.badData);
  const leftOut = { training: trainingOut, public: publicOut, heldOut: held.leftOut };
  return { people, strangers, leftOut, publicNotes: notes };
}

type ReadFaces = (
  samples: readonly FaceSample[],
) => Promise<{ readonly faces: AuditFace[]; readonly leftOut: UnusableData[] }>;

async function datasetOf(folder: string): Promise<FaceDataset> {
  const dataset = await loadDataset(resolve(folder), { readSize: readPhotoSize });
  printNote(dataset.description);
  return dataset;
}

const namesOf = (samples: readonly FaceSample[]): string[] => [...new Set(samples.map(({ person }) => person))];

/** Finds which of these names another folder's name is a spelling of: the very same one first. */
function namesakes(names: readonly string[]): (name: string) => string | undefined {
  const known = new Map([
    ...names.map((name) => [normaliseName(name), name] as const),
    ...names.map((name) => [name, name] as const),
  ]);
  return (name) => known.get(name) ?? known.get(normaliseName(name));
}

/** Whether names but number people, such as "12", or "person_12" and "person_13": in another folder the same number may be anybody. */
function areNumbers(names: readonly string[]): boolean {
  const starts = names.map((name) => /^(.*?)\d+$/u.exec(normaliseName(name))?.[1]);
  return names.length > 1 && starts.every((start) => start !== undefined && start === starts[0]);
}

/** Held-out photos of the people, without those that are training photos after all. */
async function heldOutPhotos(
  folder: string | undefined,
  trained: {
    readonly training: readonly FaceSample[];
    readonly people: ReadonlyMap<string, readonly AuditFace[]>;
  },
  read: ReadFaces,
): Promise<{
  readonly samples: readonly FaceSample[];
  readonly faces: ReadonlyMap<string, AuditFace[]>;
  readonly leftOut: UnusableData[];
}> {
  if (folder === undefined) return { samples: [], faces: new Map(), leftOut: [] };
  const { training, people } = trained;
  const trainingName = namesakes(namesOf(training));
  const found = (await datasetOf(folder)).samples.map((sample) => ({
    ...sample,
    person: trainingName(sample.person) ?? sample.person,
  }));
  const samples = found.filter(({ person }) => people.has(person));
  if (samples.length === 0) {
    throw new InputError(`${folder} has no photo of a person of the training folder`, {
      hint: 'held-out photos lie in folders that are called as those of --train',
    });
  }
  const strange = namesOf(found).filter((name) => trainingName(name) === undefined);
  const copies = await copiedFiles(samples.map(pathOf), training.map(pathOf));
  const { faces, leftOut } = await read(samples.filter((sample) => !copies.has(pathOf(sample))));
  const pixels = new Set([...people.values()].flat().map(pixelsOf));
  const isMember = (face: AuditFace): boolean => pixels.has(pixelsOf(face));
  const members = [...samples.filter((sample) => copies.has(pathOf(sample))), ...faces.filter(isMember)];
  return {
    samples,
    faces: Map.groupBy(
      faces.filter((face) => !isMember(face)),
      ({ person }) => person,
    ),
    leftOut: [
      ...leftOut,
      ...members.map(({ id }) => ({ name: id, reason: 'held out, but a training photo too' })),
      ...strange.map((name) => ({ name, reason: 'held out, but there is no training folder of that name' })),
    ],
  };
}

/** Photos of people whom the model was not trained on. */
async function publicPhotos(
  folders: TrainingAuditFolders,
  trained: Pick<FaceDataset, 'kind' | 'samples'> & { readonly faces: readonly AuditFace[] },
  read: ReadFaces,
): Promise<{ readonly strangers: AuditFace[]; readonly leftOut: UnusableData[]; readonly notes: string[] }> {
  const { samples, kind } = await datasetOf(folders.public);
  const trainingName = namesakes(namesOf(trained.samples));
  const shared = namesOf(samples).filter((name) => trainingName(name) !== undefined);
  // CelebA's numbers are the same people wherever its labels lie.
  const isCelebA = kind === 'celeba' && trained.kind === 'celeba';
  const isNumbered = !isCelebA && shared.length > 0 && areNumbers(namesOf([...trained.samples, ...samples]));
  const notes = isNumbered
    ? [
        `as in the training folder they are numbered, and ${shared.length} numbers are in both: these are not taken for the same people, who are known by copies of their photos alone`,
      ]
    : [];
  for (const note of notes) printNote(`public people: ${note}`);
  const both = new Set(isNumbered ? [] : shared);
  const others = samples
    .filter(({ person }) => !both.has(person))
    .map((sample) => (isNumbered ? { ...sample, person: `public ${sample.person}` } : sample));
  if (others.length === 0) {
    throw new InputError(`${folders.public} has nobody whom the model was not trained on`, {
      hint: 'give photos of other people with --public',
    });
  }
  const chosen = choosePhotos(others, {
    people: PUBLIC.photos,
    photos: PUBLIC.each,
    total: PUBLIC.photos,
    random: folders.random.fork('public'),
  });
  const copies = await copiedFiles(chosen.map(pathOf), trained.samples.map(pathOf));
  const { faces, leftOut } = await read(chosen.filter((sample) => !copies.has(pathOf(sample))));
  const pixels = new Set(trained.faces.map(pixelsOf));
  // Whoever has one training photo is a training person under another name.
  const renamed = new Set(
    [
      ...chosen.filter((sample) => copies.has(pathOf(sample))),
      ...faces.filter((face) => pixels.has(pixelsOf(face))),
    ].map(({ person }) => person),
  );
  return {
    notes,
    strangers: faces.filter(({ person }) => !renamed.has(person)),
    leftOut: [
      ...leftOut,
      ...[...both].map((person) => ({ name: person, reason: 'public, but a training person too' })),
      ...[...renamed].map((person) => ({
        name: person,
        reason: 'public, but a photo of theirs is a training photo or a held-out one',
      })),
    ],
  };
}

/** The names of a classifier's classes, one a line. */
async function readClasses(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InputError(`${path} cannot be read`, { cause, hint: '--classes takes a text file, one name a line' });
  });
  return text.split(/\r?\n/).flatMap((line) => line.trim() || []);
}

const pathOf = ({ path }: FaceSample): string => path;

/** What a face shows, pixel by pixel: a copy of a photo has the same. */
const pixelsOf = ({ image }: AuditFace): string => hashImage(image);

/** Whether a model that answers so many numbers is a classifier of these people, or an encoder. */
export async function kindOfModel(train: string, outputs: number, classes: string | undefined): Promise<ModelKind> {
  if (classes !== undefined) return 'classifier';
  const { samples } = await loadDataset(resolve(train), { readSize: readPhotoSize });
  return namesOf(samples).length === outputs ? 'classifier' : 'encoder';
}
