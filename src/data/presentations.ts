import { join, relative, resolve, sep } from 'node:path';
import { InputError } from '../util/errors.ts';
import { datasetName, personOfFileName } from './folder.ts';
import { type PhotoFolder, readPhotoFolder } from './photo-files.ts';
import type { FaceSample } from './sample.ts';

/** Names of the folder of bona fide photos, whatever their case. */
const BONA_FIDE = /^(bona[-_ ]?fide)$/i;

/** Photos and frames of one kind of presentation. */
export interface PresentationSpecies {
  /** The folder's name. */
  readonly name: string;
  readonly samples: readonly FaceSample[];
}

/** Bona fide presentations, and attacks by their species. */
export interface PresentationDataset {
  readonly name: string;
  readonly bonaFide: readonly FaceSample[];
  /** In natural order of their names; perhaps none. */
  readonly species: readonly PresentationSpecies[];
}

/** Whether a folder holds one of bona fide presentations; else it is of people. @throws InputError where it is not a folder. */
export async function holdsPresentations(root: string): Promise<boolean> {
  const { folders } = await readPhotoFolder(resolve(root));
  return folders.some(({ name }) => BONA_FIDE.test(name));
}

/**
 * Loads presentations: `bona-fide/PERSON/*.jpg` and `SPECIES/PERSON/*.jpg` for each species of attack. All photos and frames below PERSON are of that person, however deep, and one name is one person in all
 * of the folders: in an attack the person who is shown. Photos directly in the folder of a species belong to whom their file names say, without trailing digits.
 *
 * @throws InputError where `root` is not a folder, or has no folder of bona fide presentations, or two, or one without a photo.
 */
export async function loadPresentations(root: string): Promise<PresentationDataset> {
  const top = await readPhotoFolder(resolve(root));
  const found = top.folders.filter(({ name }) => BONA_FIDE.test(name));
  const [bonaFide] = found;
  if (!bonaFide || found.length > 1) {
    throw new InputError(
      `${top.path}: there ${found.length === 0 ? 'is no folder' : 'are several folders'} bona-fide`,
      {
        hint: 'lay photos out as bona-fide/PERSON/1.jpg and SPECIES/PERSON/1.jpg, such as print/ann/1.jpg',
      },
    );
  }
  const species = top.folders
    .filter((folder) => folder !== bonaFide)
    .map((folder) => ({ name: folder.name, samples: samplesOf(folder, top.path) }));
  const own = { name: bonaFide.name, samples: samplesOf(bonaFide, top.path) };
  const empty = [own, ...species].find(({ samples }) => samples.length === 0);
  if (empty) throw new InputError(`${join(top.path, empty.name)}: there is no photo in this folder`);
  return { name: datasetName(top.path), bonaFide: own.samples, species };
}

function samplesOf(folder: PhotoFolder, root: string): FaceSample[] {
  const sampleAt = (path: string, person: string): FaceSample => ({
    id: relative(root, path).split(sep).join('/'),
    person,
    path,
    aligned: false,
  });
  return [
    ...folder.photos.map((photo) => sampleAt(join(folder.path, photo), personOfFileName(photo))),
    ...folder.folders.flatMap((person) => photosBelow(person).map((path) => sampleAt(path, person.name))),
  ];
}

function photosBelow(folder: PhotoFolder): string[] {
  return [...folder.photos.map((photo) => join(folder.path, photo)), ...folder.folders.flatMap(photosBelow)];
}
