import { type PointTracks, pointTracks } from '../geometry/point-tracks.ts';
import type { CaptureMessage } from '../session/capture-message.ts';

/** Below this the geometry says nothing. */
const FEWEST_POINTS = 20;

/** Of a long capture so many frames are looked at, evenly: neighbours are nearly the same. */
const MOST_FRAMES = 60;

/** The tracked points of a capture for the geometry; undefined where they are too few. Landmarks are no substitute: a network that draws them gives a photo or a replay a depth of its own. */
export function trackedPoints({ frames }: CaptureMessage): PointTracks | undefined {
  if ((frames[0]?.tracks.length ?? 0) < 2 * FEWEST_POINTS) return undefined;
  const every = Math.max(1, frames.length / MOST_FRAMES);
  const chosen = Array.from({ length: Math.min(frames.length, MOST_FRAMES) }, (_, i) => frames[Math.floor(i * every)]);
  const tracks = chosen.filter((frame) => frame !== undefined).map((frame) => frame.tracks);
  return tracks.length < 3 ? undefined : pointTracks(tracks);
}
