import type { Box } from '../../face/face.ts';
import type { Landmarks68 } from '../../face/landmarks68.ts';
import { type Clip, frameTimeMs, requireFramesPerSecond } from '../../image/frames/clip.ts';
import type { Image } from '../../image/image.ts';
import { InputError } from '../../util/errors.ts';
import { neutralFrame } from './warp/retarget.ts';
import type { Track } from './warp/track.ts';

/** A clip of whoever drives a face by a network. */
export interface FilmedDriver extends Clip {
  /** About the face in all frames; undefined: it has to be looked for. */
  readonly face?: Box;
  /** A frame in which the face is as most photos' are; undefined: the first. */
  readonly reference?: Image;
}

/** Somebody whose motion was recorded, and drives faces that are not his own. */
export interface ClipDriver {
  readonly track: Track;
  /** The clip that the track is of, frame by frame; undefined where there is a track alone, which drives warps and no network. */
  readonly film?: { readonly frames: readonly Image[]; readonly face: Box } | undefined;
}

/** A driver at rest, of the whole recording: the landmarks, and the frame where there are frames. */
export function restOf({ track, film }: ClipDriver): {
  readonly reference: Landmarks68;
  readonly picture: Image | undefined;
} {
  const reference = neutralFrame(track);
  return { reference, picture: film?.frames[track.frames.indexOf(reference)] };
}

/** Which part of a recording is played. */
export interface PlayOptions {
  /** Frames a second that come out. */
  readonly framesPerSecond: number;
  readonly lengthMs: number;
  /** From where in the recording on. */
  readonly startMs: number;
}

/** A recording as it is played: what a warp and what a network takes of it. */
export interface PlayedDriver {
  readonly track: Track;
  /** The landmarks at rest, in the whole of the recording. */
  readonly reference: Landmarks68;
  /** Undefined where there is a track alone. */
  readonly film?: FilmedDriver;
}

/**
 * Plays a recorded driver as long and at the rate that is asked for: forth and back again and again, so that nothing jumps where the recording ends. Landmarks between two frames are mixed of both; of pictures the
 * nearer one is shown.
 *
 * @throws InputError where the recording has no frames, or a length or rate is not above 0.
 */
export function playDriver(driver: ClipDriver, options: PlayOptions): PlayedDriver {
  const { track, film } = driver;
  const { framesPerSecond, lengthMs, startMs } = options;
  requireFramesPerSecond(framesPerSecond);
  const count = Math.round((lengthMs * framesPerSecond) / 1000);
  if (track.frames.length === 0 || !(count >= 1))
    throw new InputError(`${track.frames.length} recorded frames, of which ${lengthMs} ms are to be played`);
  const places = Array.from({ length: count }, (_, n) => {
    const recorded = ((startMs + frameTimeMs(n, framesPerSecond)) * track.framesPerSecond) / 1000;
    return backAndForth(recorded, track.frames.length);
  });
  const { reference, picture } = restOf(driver);
  return {
    track: { framesPerSecond, frames: places.map((place) => landmarksAt(track.frames, place)) },
    reference,
    ...(film
      ? {
          film: {
            framesPerSecond,
            frames: places.map((place) => film.frames[Math.round(place)] as Image),
            face: film.face,
            ...(picture ? { reference: picture } : {}),
          },
        }
      : {}),
  };
}

/** Where in a recording of `count` frames one is after so many, who turns back at either end. */
function backAndForth(frames: number, count: number): number {
  const last = count - 1;
  if (last === 0) return 0;
  const way = frames % (2 * last);
  return way <= last ? way : 2 * last - way;
}

function landmarksAt(frames: readonly Landmarks68[], place: number): Landmarks68 {
  const before = Math.floor(place);
  const [from, to] = [frames[before] as Landmarks68, (frames[before + 1] ?? frames[before]) as Landmarks68];
  return from.map((value, i) => value + (place - before) * ((to[i] as number) - value));
}
