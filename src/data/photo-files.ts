import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { InputError } from '../util/errors.ts';

const PHOTO_EXTENSIONS: ReadonlySet<string> = new Set(
  '.jpg .jpeg .jpe .jfif .png .webp .avif .tif .tiff .gif .bmp .pgm .ppm .pnm'.split(' '),
);

/** A folder with what it holds, both in natural order (2 before 10); hidden entries are left out and links followed. */
export interface PhotoFolder {
  readonly name: string;
  readonly path: string;
  /** Names of the photos directly in it. */
  readonly photos: readonly string[];
  readonly folders: readonly PhotoFolder[];
}

/** True where the name's extension is that of a photo. */
export function isPhotoName(name: string): boolean {
  return PHOTO_EXTENSIONS.has(extname(name).toLowerCase()) && !name.startsWith('.');
}

/**
 * Reads a folder and all below it; files are told by extension alone, none is opened.
 *
 * @param path - absolute.
 * @throws InputError where it is not a folder, or cannot be read.
 */
export async function readPhotoFolder(path: string): Promise<PhotoFolder> {
  await requireFolder(path);
  return readFolder(path, { name: '', above: new Set() });
}

/** @throws InputError where the path is not a folder. */
export async function requireFolder(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new InputError(`${path}: there is no such folder, or it may not be read`, {
      hint: 'check the path: it must be a folder of photos, best with one folder for each person',
      cause,
    });
  });
  if (!found.isDirectory()) {
    throw new InputError(`${path}: this is a file`, { hint: 'give the folder that holds the photos' });
  }
}

/** True where the path is a file. */
export async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ?? false;
}

/** Natural order that does not depend on the machine's locale. */
export function compareNaturally(a: string, b: string): number {
  return COLLATOR.compare(a, b) || (a < b ? -1 : Number(a > b));
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

async function readFolder(
  path: string,
  place: { readonly name: string; readonly above: ReadonlySet<string> },
): Promise<PhotoFolder> {
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw new InputError(`${path}: the folder cannot be read`, { cause });
  });
  const photos: string[] = [];
  const folders: PhotoFolder[] = [];
  for (const entry of entries.sort((a, b) => compareNaturally(a.name, b.name))) {
    if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
    const inside = join(path, entry.name);
    const kind = await kindOf(entry, inside);
    if (kind === 'file' && isPhotoName(entry.name)) photos.push(entry.name);
    if (kind !== 'folder') continue;
    // A link may lead back up: a folder that is being read already is not entered again.
    const real = entry.isSymbolicLink() ? await realpath(inside) : inside;
    if (path === real || place.above.has(real)) continue;
    const above = new Set(place.above).add(path).add(real);
    folders.push(await readFolder(inside, { name: entry.name, above }));
  }
  return { name: place.name, path, photos, folders };
}

async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | 'other'> {
  const found = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
  if (found?.isFile()) return 'file';
  return found?.isDirectory() ? 'folder' : 'other';
}
