import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { type Receipt, readReceipt, writeReceipt } from '../audit/protection/receipt.ts';
import { type CleanPhoto, sha256Of } from '../audit/protection/reference-photos.ts';
import { isPhotoName, type PhotoFolder, readPhotoFolder } from '../data/photo-files.ts';
import type { ImageFormat } from '../image/format.ts';
import { InputError } from '../util/errors.ts';
import { prepareOutputFolder, writeWhole } from './output-file.ts';

/** A photo to protect, and where it goes below the output folder. */
export interface PhotoToProtect {
  readonly path: string;
  /** With the folders that it lay in, below the folder that was named. */
  readonly relativePath: string;
  /** Name of the folder it lay in, where that is below the one that was named: a person's, if folders are. */
  readonly folder: string | undefined;
}

/**
 * The photos that the command line names: files as they are, folders with all photos below them but those in the output folder. One that is named twice, itself and with
 * its folder, is one: two would be written to the same place at once.
 *
 * @throws InputError where there is none.
 */
export async function listPhotosToProtect(paths: readonly string[], out: string): Promise<PhotoToProtect[]> {
  const photos = (await Promise.all(paths.map((path) => photosAt(path, out)))).flat();
  if (photos.length === 0) {
    throw paths.some((path) => resolve(path) === resolve(out))
      ? new InputError(`${out} holds the photos and would get the protected ones`, { hint: 'choose another --out' })
      : new InputError('no photo was given', { hint: 'name photos, or a folder of photos' });
  }
  return [...new Map(photos.map((photo) => [`${photo.path}\0${photo.relativePath}`, photo])).values()];
}

async function photosAt(path: string, out: string): Promise<PhotoToProtect[]> {
  // What cannot be looked at is left to the decoder, which says what is wrong with it.
  const found = await stat(path).catch(() => undefined);
  const top = resolve(path);
  if (!found?.isDirectory()) return [{ path: top, relativePath: basename(top), folder: undefined }];
  return photosBelow(await readPhotoFolder(top), top, resolve(out));
}

function photosBelow(folder: PhotoFolder, top: string, out: string): PhotoToProtect[] {
  if (folder.path === out) return [];
  const own = folder.photos.map((photo) => {
    const path = join(folder.path, photo);
    return { path, relativePath: relative(top, path), folder: folder.path === top ? undefined : folder.name };
  });
  return [...own, ...folder.folders.flatMap((inner) => photosBelow(inner, top, out))];
}

/** Files below the folders that are named which are no photos by their extension, below their folder; hidden ones and what we write are left out. */
export async function listOtherFiles(paths: readonly string[], outputs: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const top = resolve(path);
    if (!(await stat(top).catch(() => undefined))?.isDirectory()) continue;
    for (const entry of await readdir(top, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      const isInside = outputs.some((folder) => file.startsWith(resolve(folder) + sep));
      if (entry.isFile() && !entry.name.startsWith('.') && !isPhotoName(entry.name) && !isInside)
        found.push(relative(top, file));
    }
  }
  return found.sort();
}

/** Photos that lie in a folder with others of the same person are each other's clean photos. */
export function siblingsOf(photos: readonly PhotoToProtect[]): CleanPhoto[] {
  const inFolders = photos.flatMap(({ path, folder }) => (folder === undefined ? [] : [{ person: folder, path }]));
  return [...Map.groupBy(inFolders, ({ person }) => person).values()].flatMap((own) => (own.length > 1 ? own : []));
}

/** What tells whether a file was replaced: its size, and when it was written. */
export async function fingerprintOf(path: string): Promise<readonly [number, number]> {
  const { size, mtimeMs } = await stat(path);
  return [size, mtimeMs];
}

/** Where a protected photo and its receipt are written. */
export interface ProtectedOutput {
  readonly photo: string;
  readonly receipt: string;
}

/**
 * The output of a photo: its own name, with ".png" appended where its format cannot be written.
 *
 * @param receipts - folder of the receipts; default: beside the photos.
 */
export function outputOf(
  { relativePath }: PhotoToProtect,
  format: ImageFormat,
  out: string,
  receipts = out,
): ProtectedOutput {
  const name = format === 'jpeg' || format === 'png' ? relativePath : `${relativePath}.png`;
  const below = (folder: string): string => join(resolve(folder), ...name.split(sep));
  return { photo: below(out), receipt: `${below(receipts)}.receipt.json` };
}

/** The receipt of a photo that was written by us and is still as we wrote it; undefined for any other. */
export async function finishedReceipt({ photo, receipt }: ProtectedOutput): Promise<Receipt | undefined> {
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

/** What tells these photos from every other file, by whatever path. */
export async function originalsOf(photos: readonly PhotoToProtect[]): Promise<ReadonlySet<string>> {
  const keys = await Promise.all(photos.map(({ path }) => fileKeyOf(path)));
  return new Set(keys.flatMap((key) => key ?? []));
}

/** The same for one file by all its paths: through links, and in any case where the file system takes no notice of it; undefined where there is none. */
async function fileKeyOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev}:${found.ino}`;
}

/**
 * Makes sure that nothing is written over but what we made of this very photo.
 *
 * @throws InputError for an original, always; for any other file, unless `force`.
 */
export async function requireFree(
  { photo }: ProtectedOutput,
  original: string,
  options: { readonly force: boolean; readonly isOurs: boolean; readonly originals?: ReadonlySet<string> },
): Promise<void> {
  const taken = await fileKeyOf(photo);
  const isAnOriginal = taken !== undefined && options.originals?.has(taken) === true;
  if (resolve(original) === photo || isAnOriginal || (taken !== undefined && taken === (await fileKeyOf(original)))) {
    const whose = isAnOriginal && resolve(original) !== photo ? `an original, ${photo}` : 'the original';
    throw new InputError(`${original}: the protected photo would take the place of ${whose}`, {
      hint: 'choose another folder with --out',
    });
  }
  if (taken === undefined || options.isOurs || options.force) return;
  throw new InputError(`${photo} is there already, and its receipt does not say that it was made of this photo`, {
    hint: 'choose another folder with --out, or add --force to write over it',
  });
}

/** Writes the receipt, then the photo: a photo that is there has its receipt, whenever the process was killed. Each is whole or not there. */
export async function writeProtected(
  output: ProtectedOutput,
  photo: Uint8Array,
  receipt: Receipt,
  options: { readonly receiptMode?: number } = {},
): Promise<void> {
  await prepareOutputFolder(dirname(output.photo));
  await prepareOutputFolder(dirname(output.receipt));
  await writeWhole(output.receipt, writeReceipt(receipt), { mode: options.receiptMode });
  await writeWhole(output.photo, photo);
}
