import { evenly } from '../../../util/evenly.ts';
import { type GappedTracks, gappedTracks } from '../geometry/gapped-tracks.ts';
import type { CaptureMessage } from '../session/capture-message.ts';

/** Of a long capture so many frames are looked at, evenly: neighbours are nearly the same. */
const MOST_FRAMES = 60;

/** The tracked points of a capture for the geometry; undefined where there are none. Landmarks are no substitute: a network that draws them gives a photo or a replay a depth of its own. */
export function trackedPoints({ frames }: Pick<CaptureMessage, 'frames'>): GappedTracks | undefined {
  if ((frames[0]?.tracks.length ?? 0) === 0) return undefined;
  const chosen = evenly(frames.length, MOST_FRAMES).flatMap((f) => frames[f] ?? []);
  return gappedTracks(chosen.map(({ tracks }) => tracks));
}
