import type { MeshPoint } from '../../../face/face.ts';
import { meshPoints } from '../../../face/face-regions.ts';
import { boundsOf } from '../../../face/mesh.ts';
import type { Image } from '../../../image/image.ts';
import { ShapeError } from '../../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import type { GappedTracks } from '../geometry/gapped-tracks.ts';
import { TRACKED_MESH_POINTS } from './face-places.ts';
import { type GreyPyramid, greyPyramid } from './grey-pyramid.ts';
import type { Place } from './lucas-kanade.ts';
import { PatchTracker } from './patch-tracker.ts';

/** A face at least so wide is tracked in a smaller copy of its frames. */
const WIDE_FACE_PX = 320;
const LEVELS = 3;
const STAGE = 'following patches of the face';

/** Where tracking begins: a frame in which the head is at rest and looks at the camera, and the mesh of its face. */
export interface RestFrame {
  readonly index: number;
  readonly mesh: readonly MeshPoint[];
}

/** Options of {@link trackFacePatches}. */
export interface TrackPatchesOptions extends JobOptions {
  /** The face's mesh in each frame, where there is one. */
  readonly meshes?: readonly ({ readonly points: readonly MeshPoint[] } | undefined)[];
}

/**
 * Follows the patches about {@link TRACKED_MESH_POINTS} through the frames of a clip, from the frame at rest onwards and back to the first. Meshes say where the patches begin, and where to look for
 * them again once nearly all were lost; where they are is said by the pixels.
 *
 * About 4 ms of one core a frame of 320x320 px.
 *
 * @param frames - all of one size.
 * @throws ShapeError where there is no frame at rest, the mesh lacks a point, or frames differ in size; InterruptedError.
 */
export function trackFacePatches(
  frames: readonly Image[],
  rest: RestFrame,
  job: TrackPatchesOptions = {},
): GappedTracks {
  const first = frames[rest.index];
  if (!first) throw new ShapeError(`a clip of ${frames.length} frames has no frame ${rest.index}`);
  if (frames.some(({ widthPx, heightPx }) => widthPx !== first.widthPx || heightPx !== first.heightPx))
    throw new ShapeError('the frames of a clip differ in size');
  const widthPx = boundsOf(rest.mesh).width;
  const halvings = Math.max(0, Math.floor(Math.log2(widthPx / WIDE_FACE_PX)) + 1);
  const scale = 2 ** halvings;
  const pyramidOf = (frame: Image): GreyPyramid => greyPyramid(frame, LEVELS, halvings);
  const placesOf = (mesh: readonly MeshPoint[]): Place[] =>
    meshPoints(mesh, TRACKED_MESH_POINTS).map(({ x, y }) => ({ x: x / scale, y: y / scale }));
  const places = placesOf(rest.mesh);
  const xy = new Float64Array(2 * frames.length * places.length).fill(Number.NaN);
  let done = 0;
  const write = (index: number, found: readonly (Place | undefined)[]): void => {
    found.forEach((place, p) => {
      if (place) xy.set([scale * place.x, scale * place.y], 2 * (index * places.length + p));
    });
    job.onProgress?.({ stage: STAGE, done: ++done, total: frames.length });
  };
  const tracker = new PatchTracker(pyramidOf(first), places, widthPx / scale);
  write(rest.index, tracker.places);
  for (const step of [1, -1]) {
    tracker.restart();
    for (let index = rest.index + step; index >= 0 && index < frames.length; index += step) {
      throwIfAborted(job);
      const mesh = job.meshes?.[index]?.points;
      write(index, tracker.follow(pyramidOf(frames[index] as Image), mesh && placesOf(mesh)));
    }
  }
  return { frames: frames.length, points: places.length, xy };
}
