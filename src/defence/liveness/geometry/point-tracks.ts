import { ShapeError } from '../../../util/errors.ts';

/** Where the same points of a face are seen in every frame: tracked patches, or landmarks. */
export interface PointTracks {
  readonly frames: number;
  readonly points: number;
  /** [F,P,2]: x to the right, y downwards, in pixels. */
  readonly xy: Float64Array;
}

/**
 * Tracks of frames that are lists of numbers, [P,2] each: x, y, x, y and so on.
 *
 * @throws ShapeError where there is no frame, frames differ in length, or a coordinate is missing or not finite.
 */
export function pointTracks(frames: readonly ArrayLike<number>[]): PointTracks {
  const length = frames[0]?.length ?? 0;
  if (length === 0 || length % 2 !== 0 || frames.some((frame) => frame.length !== length))
    throw new ShapeError(
      `tracks need an x and a y of the same points in every frame, not ${frames.length} lists of ${length}`,
    );
  const xy = new Float64Array(frames.length * length);
  frames.forEach((frame, f) => {
    xy.set(frame, f * length);
  });
  if (!xy.every(Number.isFinite)) throw new ShapeError('a coordinate of a track is not a finite number');
  return { frames: frames.length, points: length / 2, xy };
}

/** One frame's points, [P,2], as a view. */
export function framePoints({ points, xy }: PointTracks, frame: number): Float64Array {
  return xy.subarray(2 * points * frame, 2 * points * (frame + 1));
}

/** The mean of points [P,2]. */
export function centroidOf(points: ArrayLike<number>): readonly [x: number, y: number] {
  let [x, y] = [0, 0];
  for (let i = 0; i < points.length; i += 2) {
    x += points[i] as number;
    y += points[i + 1] as number;
  }
  const count = points.length / 2;
  return [x / count, y / count];
}

/** Root mean square distance of points [P,2] from their centroid: the size against which residuals are measured. */
export function rootMeanSquareRadius(points: ArrayLike<number>): number {
  const [x, y] = centroidOf(points);
  let sum = 0;
  for (let i = 0; i < points.length; i += 2)
    sum += ((points[i] as number) - x) ** 2 + ((points[i + 1] as number) - y) ** 2;
  return Math.sqrt((2 * sum) / points.length);
}

/** Points within a smaller radius are in one place: what follows would divide by nearly nothing, and a decomposition of what is not finite never ends. */
export const LEAST_SIZE = 1e-6;

/** Mean over the frames of {@link rootMeanSquareRadius}. @throws ShapeError where all points are one. */
export function trackSize(tracks: PointTracks): number {
  let sum = 0;
  for (let f = 0; f < tracks.frames; f++) sum += rootMeanSquareRadius(framePoints(tracks, f));
  if (!(sum > tracks.frames * LEAST_SIZE)) throw new ShapeError('the points of the tracks are all in one place');
  return sum / tracks.frames;
}

/** @throws ShapeError where there are fewer frames or points than a method needs. */
export function requireTracks(tracks: PointTracks, frames: number, points: number): void {
  if (tracks.frames < frames || tracks.points < points)
    throw new ShapeError(
      `${tracks.frames} frames of ${tracks.points} points are too few: at least ${frames} of ${points} are needed`,
    );
}
