import { trackFace } from '../../../face/face-track.ts';
import type { Image } from '../../../image/image.ts';
import type { FaceSessions } from '../../../runtime/bundled-sessions.ts';
import { evenly } from '../../../util/evenly.ts';
import type { JobOptions } from '../../../util/progress.ts';
import { enrolShape, type ShapeEnrolment } from '../geometry/enrolment.ts';
import { trackFacePatches } from '../tracking/face-patches.ts';
import { restFrame } from './rest-frame.ts';

/** Of a long clip so many frames make the shape. */
const MOST_FRAMES = 60;

/**
 * Enrols the shape of a head out of the frames of a clip in which it turns to either side: some 20 degrees, and nods. Whether it turned enough is said by `quality`.
 *
 * @returns undefined where there is no face, or too few points of it were seen throughout.
 * @throws ShapeError where frames differ in size; InterruptedError.
 */
export async function enrolFrames(
  frames: readonly Image[],
  sessions: FaceSessions,
  job: JobOptions = {},
): Promise<ShapeEnrolment | undefined> {
  const meshes = await trackFace(sessions, frames, job);
  const rest = restFrame(meshes);
  if (!rest) return undefined;
  const tracks = trackFacePatches(frames, rest, { ...job, meshes });
  const chosen = evenly(tracks.frames, MOST_FRAMES);
  const xy = chosen.flatMap((f) => [...tracks.xy.subarray(2 * tracks.points * f, 2 * tracks.points * (f + 1))]);
  return enrolShape({ frames: chosen.length, points: tracks.points, xy: Float64Array.from(xy) });
}
