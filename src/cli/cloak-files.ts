import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { type Receipt, readReceipt, writeReceipt } from '../audit/protection/receipt.ts';
import { type CleanPhoto, sha256Of } from '../audit/protection/reference-photos.ts';
import { type PhotoFolder, readPhotoFolder } from '../data/photo-files.ts';
import type { ImageFormat } from '../image/format.ts';
import { InputError } from '../util/errors.ts';
import { prepareOutputFolder } from './output-file.ts';

/** A photo to cloak, and where it goes below the output folder. */
export interface PhotoToCloak {
  readonly path: string;
  /** With the folders that it lay in, below the folder that was named. */
  readonly relativePath: string;
  /** Name of the folder it lay in, where that is below the one that was named: a person's, if folders are. */
  readonly folder: string | undefined;
}

/**
 * The photos that the command line names: files as they are, folders with all photos below them but those in the output folder.
 *
 * @throws InputError where there is none.
 */
export async function listPhotosToCloak(paths: readonly string[], out: string): Promise<PhotoToCloak[]> {
  const photos = (await Promise.all(paths.map((path) => photosAt(path, out)))).flat();
  if (photos.length === 0) throw new InputError('no photo was given', { hint: 'name photos, or a folder of photos' });
  return photos;
}

async function photosAt(path: string, out: string): Promise<PhotoToCloak[]> {
  // What cannot be looked at is left to the decoder, which says what is wrong with it.
  const found = await stat(path).catch(() => undefined);
  const top = resolve(path);
  if (!found?.isDirectory()) return [{ path: top, relativePath: basename(top), folder: undefined }];
  return photosBelow(await readPhotoFolder(top), top, resolve(out));
}

function photosBelow(folder: PhotoFolder, top: string, out: string): PhotoToCloak[] {
  if (folder.path === out) return [];
  const own = folder.photos.map((photo) => {
    const path = join(folder.path, photo);
    return { path, relativePath: relative(top, path), folder: folder.path === top ? undefined : folder.name };
  });
  return [...own, ...folder.folders.flatMap((inner) => photosBelow(inner, top, out))];
}

/** Photos that lie in a folder with others of the same person are each other's clean photos. */
export function siblingsOf(photos: readonly PhotoToCloak[]): CleanPhoto[] {
  const inFolders = photos.flatMap(({ path, folder }) => (folder === undefined ? [] : [{ person: folder, path }]));
  return [...Map.groupBy(inFolders, ({ person }) => person).values()].flatMap((own) => (own.length > 1 ? own : []));
}

/** Where a cloaked photo and its receipt are written. */
export interface CloakOutput {
  readonly photo: string;
  readonly receipt: string;
}

/** The output of a photo: its own name, with ".png" appended where its format cannot be written. */
export function outputOf({ relativePath }: PhotoToCloak, format: ImageFormat, out: string): CloakOutput {
  const name = format === 'jpeg' || format === 'png' ? relativePath : `${relativePath}.png`;
  const photo = join(resolve(out), ...name.split(sep));
  return { photo, receipt: `${photo}.receipt.json` };
}

/** The receipt of a photo that was written by us and is still as we wrote it; undefined for any other. */
export async function finishedReceipt({ photo, receipt }: CloakOutput): Promise<Receipt | undefined> {
  const [bytes, text] = await Promise.all([
    readFile(photo).catch(() => undefined),
    readFile(receipt, 'utf8').catch(() => undefined),
  ]);
  if (!bytes || text === undefined) return undefined;
  try {
    const read = readReceipt(text, receipt);
    return read.output?.sha256 === sha256Of(bytes) ? read : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/**
 * Makes sure that nothing is written over but what we made of this very photo.
 *
 * @throws InputError for an original, always; for any other file, unless `force`.
 */
export async function requireFree(
  { photo }: CloakOutput,
  original: string,
  options: { readonly force: boolean; readonly isOurs: boolean },
): Promise<void> {
  if (resolve(original) === photo) {
    throw new InputError(`${original}: the cloaked photo would take the place of the original`, {
      hint: 'choose another folder with --out',
    });
  }
  const found = await stat(photo).catch(() => undefined);
  if (!found || options.isOurs || options.force) return;
  throw new InputError(`${photo} is there already, and its receipt does not say that it was made of this photo`, {
    hint: 'choose another folder with --out, or add --force to write over it',
  });
}

/** Writes the receipt, then the photo: a photo that is there has its receipt, whenever the process was killed. Each is whole or not there. */
export async function writeCloaked(output: CloakOutput, photo: Uint8Array, receipt: Receipt): Promise<void> {
  await prepareOutputFolder(dirname(output.photo));
  await writeWhole(output.receipt, writeReceipt(receipt));
  await writeWhole(output.photo, photo);
}

async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}
