import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { MOTIONS, type Motion, motionTrack } from '../attack/presentation/warp/motions.ts';
import { parseTrack, smoothTrack, type Track } from '../attack/presentation/warp/track.ts';
import { trackFace } from '../face/face-track.ts';
import { landmarksOfMesh } from '../face/landmarks68.ts';
import { readClip } from '../image/frames/read-clip.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import type { PipelineSource } from './face-source.ts';

/** What a driver's name may be, for the help. */
export const DRIVER_FORMS = `${MOTIONS.join(', ')}, a track of landmarks (.json), a video, or a folder of frames`;

/** How a motion without a clip is made, and at which rate a clip is read. */
export interface DriverOptions extends JobOptions {
  readonly framesPerSecond: number;
  /** Of a motion; a clip has its own length. */
  readonly seconds: number;
  readonly strength: number;
}

/**
 * The motion that a driver's name stands for.
 *
 * @throws InputError where there is no such driver, or no face in its frames.
 */
export async function readDriver(name: string, source: PipelineSource, options: DriverOptions): Promise<Track> {
  const motion = MOTIONS.find((known): known is Motion => known === name);
  if (motion) return motionTrack(motion, options);
  if (extname(name).toLowerCase() === '.json') return smoothTrack(parseTrack(await readJson(name)));
  await stat(name).catch((cause: unknown) => {
    throw new InputError(`there is no driver "${name}"`, { hint: `a driver is one of: ${DRIVER_FORMS}`, cause });
  });
  const clip = await readClip(name, options);
  const meshes = await trackFace(await source.openSessions(), clip.frames, options);
  const found = meshes.map((mesh) => mesh && landmarksOfMesh(mesh.points));
  const seen = found.filter((landmarks) => landmarks !== undefined);
  const [first] = seen;
  if (!first || seen.length < found.length / 2)
    throw new InputError(`${name}: a face was found in ${seen.length} of ${found.length} frames`, {
      hint: 'a driver shows one face, well lit, in nearly all of its frames',
    });
  return smoothTrack({ framesPerSecond: clip.framesPerSecond, frames: heldWhereLost(found, first) });
}

/** A face that is lost stays where it was until it is found again: left out, what follows would come too early. */
export function heldWhereLost<T>(found: readonly (T | undefined)[], first: T): T[] {
  let last = first;
  return found.map((own) => {
    last = own ?? last;
    return last;
  });
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InputError(`${path} cannot be read`, { hint: `a driver is one of: ${DRIVER_FORMS}`, cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${path} is not JSON`, { hint: 'a track is { "fps": 30, "frames": [...] }', cause });
  }
}
