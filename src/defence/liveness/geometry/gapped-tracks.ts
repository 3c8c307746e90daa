import { ShapeError } from '../../../util/errors.ts';
import { type PointTracks, pointTracks } from './point-tracks.ts';

/** Where a tracker saw points of a face, and where it did not. */
export interface GappedTracks {
  readonly frames: number;
  readonly points: number;
  /** [F,P,2]: x to the right, y downwards, in pixels; NaN where a point was not seen. */
  readonly xy: Float64Array;
}

/** Points that were seen in each of some frames. */
export interface SeenTracks {
  readonly tracks: PointTracks;
  /** Which points: their places in the tracks that these were chosen from, rising. */
  readonly points: readonly number[];
  /** Which frames. */
  readonly frames: readonly number[];
}

/** What is left at least. */
export interface FewestSeen {
  readonly frames: number;
  readonly points: number;
}

/** A frame counts so much more than a point: those in which many points are hidden are those in which the head is turned far, and show the most. */
const FRAME_VALUE = 2;

/**
 * Tracks of frames that are lists of numbers, [P,2] each, null for both coordinates of what was not seen.
 *
 * @throws ShapeError where there is no frame, or frames differ in length.
 */
export function gappedTracks(frames: readonly ArrayLike<number | null>[]): GappedTracks {
  const length = frames[0]?.length ?? 0;
  if (length === 0 || length % 2 !== 0 || frames.some((frame) => frame.length !== length))
    throw new ShapeError(
      `tracks need an x and a y of the same points in every frame, not ${frames.length} lists of ${length}`,
    );
  const xy = Float64Array.from(
    frames.flatMap((frame) => Array.from(frame)),
    (value) => value ?? Number.NaN,
  );
  return { frames: frames.length, points: length / 2, xy };
}

/** The same tracks of some of the points alone. @throws ShapeError where there is no such point. */
export function onlyPoints(tracks: GappedTracks, points: readonly number[]): GappedTracks {
  if (points.some((point) => !(point >= 0 && point < tracks.points)))
    throw new ShapeError(`tracks of ${tracks.points} points have no point ${Math.max(...points)}`);
  const xy = new Float64Array(2 * tracks.frames * points.length);
  for (let f = 0; f < tracks.frames; f++)
    points.forEach((point, p) => {
      const from = 2 * (f * tracks.points + point);
      xy.set(tracks.xy.subarray(from, from + 2), 2 * (f * points.length + p));
    });
  return { frames: tracks.frames, points: points.length, xy };
}

/**
 * The frames and points without a gap: the geometry cannot do with one. As long as there are gaps, the frame or the point that has the most is left out.
 *
 * Nothing is filled in: a place that was guessed from the other points would be as rigid, or as flat, as the guess.
 *
 * @returns undefined where fewer than `fewest` remain.
 */
export function seenThroughout(all: GappedTracks, fewest: FewestSeen): SeenTracks | undefined {
  const { points, xy } = all;
  const isGap = (f: number, p: number): boolean => Number.isNaN(xy[2 * (f * points + p)]);
  const frameGaps = gapCounts(all.frames, points, isGap);
  const pointGaps = gapCounts(points, all.frames, (p, f) => isGap(f, p));
  while (frameGaps.size >= fewest.frames && pointGaps.size >= fewest.points) {
    const [frame, gapsOfFrame] = mostGaps(frameGaps);
    const [point, gapsOfPoint] = mostGaps(pointGaps);
    if (gapsOfFrame === 0) {
      const [f, p] = [[...frameGaps.keys()], [...pointGaps.keys()]];
      const chosen = f.map((one) =>
        p.flatMap((other) => [...xy.subarray(2 * (one * points + other), 2 * (one * points + other) + 2)]),
      );
      return { tracks: pointTracks(chosen), points: p, frames: f };
    }
    const frameIsWorse = gapsOfFrame / pointGaps.size / FRAME_VALUE > gapsOfPoint / frameGaps.size;
    // Of what is at its least already, nothing more can go.
    const dropsFrame = (frameIsWorse && frameGaps.size > fewest.frames) || pointGaps.size === fewest.points;
    const [own, other, dropped] = dropsFrame ? [frameGaps, pointGaps, frame] : [pointGaps, frameGaps, point];
    own.delete(dropped);
    for (const [line, gaps] of other)
      if (dropsFrame ? isGap(dropped, line) : isGap(line, dropped)) other.set(line, gaps - 1);
  }
  return undefined;
}

/** Gaps of each line, by its number. */
function gapCounts(lines: number, across: number, isGap: (line: number, at: number) => boolean): Map<number, number> {
  return new Map(
    Array.from({ length: lines }, (_, line) => {
      let gaps = 0;
      for (let at = 0; at < across; at++) gaps += isGap(line, at) ? 1 : 0;
      return [line, gaps] as const;
    }),
  );
}

function mostGaps(counts: ReadonlyMap<number, number>): readonly [line: number, gaps: number] {
  let most: readonly [number, number] = [-1, -1];
  for (const entry of counts) if (entry[1] > most[1]) most = entry;
  return most;
}
