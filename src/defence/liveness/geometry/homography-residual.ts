import { applyHomography, fitHomography } from './homography.ts';
import { framePoints, type PointTracks, requireTracks, rootMeanSquareRadius, trackSize } from './point-tracks.ts';

/**
 * How far the tracks are from those of a moving plane: the root mean square distance, over points and frames, of each frame from the best homography of one frame, as a share of the face's size
 * (root mean square radius). A flat photo, however it is turned or tilted, leaves the tracker's noise; a head that turns leaves more, and so do a warped photo, a reenactment and a replayed
 * screen, which this does **not** stop.
 *
 * The one frame is that from which the others differ least, so that half the turn lies on either side of it. A head that does not turn looks flat: ask for a turn first.
 *
 * Source: the induced homography of a plane, Hartley and Zisserman (2004), section 13.1; as a test for photos, Kollreider, Fronthaler, Bigun, Non-intrusive liveness detection by face images,
 * Image and Vision Computing 27 (2009), which has optical flow for it.
 *
 * @returns 0 and up; higher speaks for a bona fide presentation.
 * @throws ShapeError where there are fewer than 2 frames or 6 points.
 */
export function homographyResidual(tracks: PointTracks): number {
  requireTracks(tracks, 2, 6);
  const size = trackSize(tracks);
  const middle = middleFrame(tracks);
  const from = framePoints(tracks, middle);
  let sum = 0;
  for (let f = 0; f < tracks.frames; f++) {
    if (f === middle) continue;
    const to = framePoints(tracks, f);
    // In the face's size in that frame: coming nearer makes nothing less flat.
    const scale = size / rootMeanSquareRadius(to);
    sum += scale ** 2 * meanSquareDistance(applyHomography(fitHomography(from, to), from), to);
  }
  return Math.sqrt(sum / (tracks.frames - 1)) / size;
}

/** The frame whose points are nearest to their means over all frames. */
function middleFrame(tracks: PointTracks): number {
  const mean = new Float64Array(2 * tracks.points);
  tracks.xy.forEach((value, i) => {
    const j = i % mean.length;
    mean[j] = (mean[j] as number) + value / tracks.frames;
  });
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let f = 0; f < tracks.frames; f++) {
    const distance = meanSquareDistance(framePoints(tracks, f), mean);
    if (distance < least) [best, least] = [f, distance];
  }
  return best;
}

/** Mean of the squared distances of points [P,2] from their fellows. */
function meanSquareDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return (2 * sum) / a.length;
}
