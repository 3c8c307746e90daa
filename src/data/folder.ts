import { basename, dirname, join, parse, relative, resolve, sep } from 'node:path';
import { InputError } from '../util/errors.ts';
import { type AlignmentOptions, markAligned } from './alignment-check.ts';
import { type PhotoFolder, readPhotoFolder } from './photo-files.ts';
import { describePhotos, type FaceDataset, type FaceSample } from './sample.ts';

/** Folders of these names hold people, and are none themselves. */
const COLLECTION_NAMES: ReadonlySet<string> = new Set(
  'data dataset examples faces gallery images img people photos probe probes test testing train training val validation'.split(
    ' ',
  ),
);

type Unmarked = Omit<FaceSample, 'aligned'>;

/**
 * Loads a folder of photos in which folders stand for people.
 *
 * Whose a photo is:
 * 1. `root` is a *collection*. So is a folder in a collection that bears a name such as `images`, `train` or `test`; that holds no photo itself
 *    but a folder so named; or that is the only one there and holds folders alone.
 * 2. Every other folder in a collection is a person: all photos in it are theirs, however deep. Folders of one name are one person
 *    (`train/ann`, `test/ann`).
 * 3. A photo directly in a collection belongs to its file's name without trailing digits, spaces, `_`, `-` and parentheses: `obama2.jpg` to
 *    `obama`. A name of nothing else, such as `0007.jpg`, is a person of its own.
 *
 * Ids are relative to the innermost collection that holds everything, so that `lfw` and `lfw/images` give the same ones. Photos are told by extension (JPEG, PNG, WebP, AVIF, TIFF, GIF, BMP, PGM/PPM) and not opened.
 *
 * @throws InputError where `root` is not a folder, or there is no photo in it.
 */
export async function loadFolder(root: string, options: AlignmentOptions = {}): Promise<FaceDataset> {
  const top = resolve(root);
  const collection = innermostCollection(await readPhotoFolder(top));
  const samples = await markAligned(photosOfCollection(collection, collection.path), options);
  if (samples.length === 0) {
    throw new InputError(`${top}: there is no photo in this folder`, {
      hint: 'give a folder with one folder of photos for each person, or with photos named after people (ann1.jpg, ann2.jpg)',
    });
  }
  return {
    name: datasetName(top),
    root: collection.path,
    kind: 'folder',
    description: `a folder of ${describePhotos(samples)}`,
    samples,
  };
}

/** A name for the data set in a folder: the folder's own, or its parent's where its own only says that there are photos (`images`). */
export function datasetName(root: string): string {
  const path = resolve(root);
  return COLLECTION_NAMES.has(basename(path).toLowerCase())
    ? basename(dirname(path)) || basename(path)
    : basename(path);
}

/** The person that a photo's file name speaks of, as rule 3 of {@link loadFolder} has it. */
export function personOfFileName(fileName: string): string {
  const stem = parse(fileName).name;
  return stem.replace(/[\s\d_()-]+$/u, '') || stem;
}

function photosOfCollection(collection: PhotoFolder, root: string): Unmarked[] {
  const loose = collection.photos.map((photo) => sampleAt(join(collection.path, photo), root, personOfFileName(photo)));
  const inFolders = collection.folders.flatMap((folder) =>
    isCollection(folder, collection)
      ? photosOfCollection(folder, root)
      : photosOfPerson(folder).map((path) => sampleAt(path, root, folder.name)),
  );
  return [...loose, ...inFolders];
}

/** Photos wrapped in folders that hold nothing else have the innermost of these as their root. */
function innermostCollection(collection: PhotoFolder): PhotoFolder {
  const [only, ...others] = collection.folders;
  const isWrapper = only !== undefined && others.length === 0 && collection.photos.length === 0;
  return isWrapper && isCollection(only, collection) ? innermostCollection(only) : collection;
}

function isCollection(folder: PhotoFolder, parent: PhotoFolder): boolean {
  if (bearsCollectionName(folder)) return true;
  if (folder.photos.length > 0) return false;
  return folder.folders.some(bearsCollectionName) || (parent.folders.length === 1 && parent.photos.length === 0);
}

function bearsCollectionName(folder: PhotoFolder): boolean {
  return COLLECTION_NAMES.has(folder.name.toLowerCase());
}

function photosOfPerson(folder: PhotoFolder): string[] {
  return [...folder.photos.map((photo) => join(folder.path, photo)), ...folder.folders.flatMap(photosOfPerson)];
}

function sampleAt(path: string, root: string, person: string): Unmarked {
  return { id: relative(root, path).split(sep).join('/'), person, path };
}
