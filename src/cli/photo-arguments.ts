import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type PhotoFolder, readPhotoFolder } from '../data/photo-files.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';

/** A photo that the command line names, read; or what is wrong with it. */
export type ReadPhoto =
  | { readonly path: string; readonly image: Image }
  | { readonly path: string; readonly problem: InputError };

/**
 * Reads the photos that the command line names one after the other: files as they are, folders with all photos below them. A broken photo is handed
 * out with its problem, and the batch goes on.
 *
 * @throws InputError where nothing is named, or a folder holds no photo.
 */
export async function* readPhotos(paths: readonly string[], job: JobOptions): AsyncGenerator<ReadPhoto> {
  const files = (await Promise.all(paths.map(listPhotos))).flat();
  if (files.length === 0) throw new InputError('no photo was given', { hint: 'name photos, or a folder of photos' });
  for (const [done, path] of files.entries()) {
    throwIfAborted(job);
    yield await readPhoto(path);
    job.onProgress?.({ stage: 'reading photos', done: done + 1, total: files.length });
  }
}

async function readPhoto(path: string): Promise<ReadPhoto> {
  try {
    return { path, image: (await decodeImage(path)).image };
  } catch (problem) {
    if (problem instanceof InputError) return { path, problem };
    throw problem;
  }
}

async function listPhotos(path: string): Promise<string[]> {
  // What cannot be looked at is left to the decoder, which says what is wrong with it.
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return [path];
  const photos = photosOf(await readPhotoFolder(resolve(path)));
  if (photos.length === 0) throw new InputError(`${path}: there is no photo in this folder`);
  return photos;
}

function photosOf(folder: PhotoFolder): string[] {
  return [...folder.photos.map((photo) => join(folder.path, photo)), ...folder.folders.flatMap(photosOf)];
}
