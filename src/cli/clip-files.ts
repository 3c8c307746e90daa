import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Image } from '../image/image.ts';
import { readProvenance } from '../image/mark.ts';
import { findPayload, MIN_PAYLOAD_SIZE_PX } from '../image/payload.ts';
import { InputError } from '../util/errors.ts';
import { evenly } from '../util/evenly.ts';

/**
 * The clips in a folder, in the order of their names: folders of frames, and videos; or the folder itself where it holds frames.
 *
 * @param options.tracks - whether tracks of landmarks (.json) are taken as well.
 * @throws InputError where there is none.
 */
export async function clipsIn(folder: string, { tracks = false } = {}): Promise<string[]> {
  const root = resolve(folder);
  const names = await readdir(root).catch((cause: unknown) => {
    throw new InputError(`${folder}: the folder cannot be read`, { hint: 'check the path', cause });
  });
  if (names.some((name) => /\.(jpe?g|png)$/i.test(name))) return [root];
  const paths: string[] = [];
  for (const name of names.filter((name) => !name.startsWith('.')).sort()) {
    const path = join(root, name);
    const isFile = isVideo(name) || (tracks && TRACK.test(name));
    if (isFile || (await stat(path).catch(() => undefined))?.isDirectory()) paths.push(path);
  }
  if (paths.length > 0) return paths;
  throw new InputError(`${folder}: there is no clip`, {
    hint: `give a folder with folders of frames${tracks ? ', videos or tracks (.json)' : ' or videos'} in it`,
  });
}

/** Whether a file is called as videos are. */
export const isVideo = (path: string): boolean => /\.(mp4|m4v|mov|mkv|webm|avi)$/i.test(path);

/** Not what lies beside a video that bears our mark. */
const TRACK = /(?<!\.(mp4|mov|mkv|webm))\.json$/i;

/** @throws InputError where a frame bears our mark; `hint` says what to give instead. */
function requireUnmarked(frame: Image, path: string, hint: string): void {
  if (Math.min(frame.widthPx, frame.heightPx) < MIN_PAYLOAD_SIZE_PX || !findPayload(frame)) return;
  throw markedInput(path, hint);
}

/** Frames of a clip, evenly apart, in which our mark is looked for. */
const LOOKED_AT = 12;

/** The same of a clip. @throws InputError where a frame bears our mark. */
export function requireUnmarkedClip(frames: readonly Image[], path: string, hint: string): void {
  for (const place of evenly(frames.length, LOOKED_AT)) requireUnmarked(frames[place] as Image, path, hint);
}

/** The same of a photo, and its file. @throws InputError where either bears our mark. */
export async function requireUnmarkedPhoto(photo: Image, path: string, hint: string): Promise<void> {
  if (readProvenance(await readFile(path))) throw markedInput(path, hint);
  requireUnmarked(photo, path, hint);
}

/** What is said of a picture or a clip that is one of ours. */
const markedInput = (path: string, hint: string): InputError =>
  new InputError(`${path}: it carries Faceward’s mark`, { hint });
