import { FEWEST_SEEN } from '../geometry/enrolment.ts';
import { seenThroughout } from '../geometry/gapped-tracks.ts';
import { homographyResidual } from '../geometry/homography-residual.ts';
import type { LlrCalibration } from './calibration.ts';
import { type LivenessCheck, livenessCheck } from './check.ts';
import { trackedPoints } from './tracked-points.ts';

/** Whether the tracks are those of more than a plane: {@link homographyResidual} of the points that were seen throughout is the score. Stops flat and bent photos; misses warps, reenactment and replay. */
export function planeCheck(calibration: LlrCalibration): LivenessCheck {
  return livenessCheck('homography', calibration, ({ capture }) => {
    const tracks = trackedPoints(capture);
    const seen = tracks && seenThroughout(tracks, FEWEST_SEEN);
    if (!seen) return { notApplicable: 'too few tracked points' };
    const score = homographyResidual(seen.tracks);
    const reason = `${(100 * score).toFixed(2)} % of the face’s size are left of a plane; ${seen.points.length} points`;
    return { score, quality: 1, reason };
  });
}
