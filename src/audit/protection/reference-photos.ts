import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { personOfFileName } from '../../data/folder.ts';
import { type PhotoFolder, readPhotoFolder } from '../../data/photo-files.ts';
import { alignedFace } from '../../encoder/aligned-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { mainFace } from '../../face/main-face.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import { decodeImage } from '../../image/decode.ts';
import { InputError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { CleanReferences } from './retest.ts';

/** A clean photo, and whose it is. */
export interface CleanPhoto {
  readonly person: string;
  readonly path: string;
}

/** Clean photos whose main faces were embedded by some encoders. */
export interface ReferencePhotos {
  readonly people: ReadonlySet<string>;
  /**
   * What a photo of this person is compared with; the photo itself, by its bytes, is left out.
   *
   * @param sha256 - of the photo's file.
   * @returns for each of the encoders; nothing where the person is not known.
   */
  of(person: string | undefined, sha256: string): CleanReferences[];
}

/**
 * The photos below a folder by person: a folder of folders holds people, a folder of photos alone is one person, named after it.
 *
 * @throws InputError where it is no folder, or holds no photo.
 */
export async function listCleanPhotos(root: string): Promise<CleanPhoto[]> {
  const folder = await readPhotoFolder(resolve(root));
  const loose = folder.photos.map((photo) => ({ person: basename(resolve(root)), path: join(folder.path, photo) }));
  const people = folder.folders.flatMap((one) => photosBelow(one).map((path) => ({ person: one.name, path })));
  if (loose.length + people.length === 0) throw new InputError(`${root}: there is no photo in this folder`);
  if (loose.length > 0 && people.length > 0) {
    throw new InputError(`${root} holds photos and folders of photos`, {
      hint: 'give a folder of one person’s photos, or one with a folder for each person',
    });
  }
  return [...loose, ...people];
}

const photosBelow = (folder: PhotoFolder): string[] => [
  ...folder.photos.map((photo) => join(folder.path, photo)),
  ...folder.folders.flatMap(photosBelow),
];

/** Whose a photo is, as far as its path says and these people are known: its folder's name, or its own; the only person there is. */
export function personOfPath(path: string, people: ReadonlySet<string>): string | undefined {
  const [only] = people;
  const names = [basename(dirname(resolve(path))), personOfFileName(basename(path))];
  return people.size === 1 ? only : names.find((name) => people.has(name));
}

/** SHA-256 of a file's bytes, in hex. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Embeds the main face of each photo; what cannot be read, or shows no face, is left out and told.
 *
 * @param onSkipped - told of each photo that is left out, as one sentence.
 */
export async function embedCleanPhotos(
  photos: readonly CleanPhoto[],
  encoders: readonly Encoder[],
  pipeline: FacePipeline,
  options: JobOptions & { readonly onSkipped?: (reason: string) => void } = {},
): Promise<ReferencePhotos> {
  const embedded: EmbeddedPhoto[] = [];
  for (const [done, photo] of photos.entries()) {
    throwIfAborted(options);
    try {
      embedded.push(await embedPhoto(photo, encoders, pipeline));
    } catch (problem) {
      if (!(problem instanceof InputError)) throw problem;
      options.onSkipped?.(problem.message);
    }
    options.onProgress?.({ stage: 'embedding clean photos', done: done + 1, total: photos.length });
  }
  return {
    people: new Set(embedded.map(({ person }) => person)),
    of: (person, sha256) => {
      const isOwn = (photo: EmbeddedPhoto): boolean => photo.person === person;
      const own = embedded.filter((photo) => isOwn(photo) && photo.sha256 !== sha256);
      const others = own.length === 0 ? [] : embedded.filter((photo) => !isOwn(photo));
      return encoders.map((_, k) => ({
        own: own.map(({ embeddings }) => embeddings[k] as Float32Array),
        others: others.map((photo) => ({ person: photo.person, embedding: photo.embeddings[k] as Float32Array })),
      }));
    },
  };
}

interface EmbeddedPhoto {
  readonly person: string;
  readonly sha256: string;
  /** One for each encoder. */
  readonly embeddings: readonly Float32Array[];
}

async function embedPhoto(
  { person, path }: CleanPhoto,
  encoders: readonly Encoder[],
  pipeline: FacePipeline,
): Promise<EmbeddedPhoto> {
  const { image } = await decodeImage(path);
  const face = mainFace(await pipeline.detect(image), image);
  if (!face) throw new InputError(`${path}: no face was found`);
  const embeddings: Float32Array[] = [];
  for (const encoder of encoders) {
    const [embedding] = await encoder.embed([alignedFace(image, face.landmarks, encoder.view)]);
    if (!embedding) throw new InputError(`encoder "${encoder.id}" gave no embedding`);
    embeddings.push(embedding);
  }
  return { person, sha256: sha256Of(await readFile(path)), embeddings };
}
