import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { ClipDriver } from '../attack/presentation/clip-driver.ts';
import { MOTIONS, type Motion, motionTrack } from '../attack/presentation/warp/motions.ts';
import { parseTrack, smoothTrack } from '../attack/presentation/warp/track.ts';
import { trackFace } from '../face/face-track.ts';
import { landmarksOfMesh } from '../face/landmarks68.ts';
import { meanBox } from '../face/mean-box.ts';
import { boundsOf, type FaceMesh } from '../face/mesh.ts';
import type { Clip } from '../image/frames/clip.ts';
import { readClip } from '../image/frames/read-clip.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import type { PipelineSource } from './face-source.ts';

/** What a driver's name may be, for the help. */
export const DRIVER_FORMS = `${MOTIONS.join(', ')}, a track of landmarks (.json), a video, or a folder of frames`;

/** At which rate a clip is read. */
interface ReadDriverOptions extends JobOptions {
  readonly framesPerSecond: number;
}

/** How a motion without a clip is made, and at which rate a clip is read. */
interface DriverOptions extends ReadDriverOptions {
  /** Of a motion; a clip has its own length. */
  readonly seconds: number;
  readonly strength: number;
}

/**
 * The motion that a driver's name stands for, with the clip where it is of one.
 *
 * @throws InputError where there is no such driver, or no face in its frames.
 */
export async function readDriver(name: string, source: PipelineSource, options: DriverOptions): Promise<ClipDriver> {
  const motion = MOTIONS.find((known): known is Motion => known === name);
  return motion ? { track: motionTrack(motion, options) } : readRecordedDriver(name, source, options);
}

/** The same of a track or a clip. @throws InputError where there is none, or no face in its frames. */
export async function readRecordedDriver(
  name: string,
  source: PipelineSource,
  options: ReadDriverOptions,
): Promise<ClipDriver> {
  if (extname(name).toLowerCase() === '.json') return { track: smoothTrack(parseTrack(await readJson(name))) };
  await stat(name).catch((cause: unknown) => {
    throw new InputError(`there is no driver "${name}"`, { hint: `a driver is one of: ${DRIVER_FORMS}`, cause });
  });
  const clip = await readClip(name, options);
  const meshes = await trackClip(clip, name, source, options);
  const seen = meshes.filter((mesh) => mesh !== undefined);
  const frames = heldWhereLost(meshes, seen[0] as FaceMesh).map(({ points }) => landmarksOfMesh(points));
  return {
    track: smoothTrack({ framesPerSecond: clip.framesPerSecond, frames }),
    film: { frames: clip.frames, face: meanBox(seen.map(({ points }) => boundsOf(points))) },
  };
}

/**
 * The face of a clip in each of its frames; undefined where it is lost.
 *
 * @throws InputError where there is none in more than half of them.
 */
export async function trackClip(
  { frames }: Clip,
  name: string,
  source: PipelineSource,
  job: JobOptions,
): Promise<(FaceMesh | undefined)[]> {
  const meshes = await trackFace(await source.openSessions(), frames, job);
  const seen = meshes.filter((mesh) => mesh !== undefined).length;
  if (seen > 0 && seen >= meshes.length / 2) return meshes;
  throw new InputError(`${name}: a face was found in ${seen} of ${meshes.length} frames`, {
    hint: 'give a clip that shows one face, well lit, in nearly all of its frames',
  });
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
