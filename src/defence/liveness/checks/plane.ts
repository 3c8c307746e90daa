import { homographyResidual } from '../geometry/homography-residual.ts';
import type { LlrCalibration } from './calibration.ts';
import { type LivenessCheck, livenessCheck } from './check.ts';
import { trackedPoints } from './tracked-points.ts';

/** Whether the tracks are those of more than a plane: {@link homographyResidual} of the tracked points is the score. Stops flat and bent photos; misses warps, reenactment and replay. */
export function planeCheck(calibration: LlrCalibration): LivenessCheck {
  return livenessCheck('homography', calibration, ({ capture }) => {
    const tracks = trackedPoints(capture);
    if (!tracks) return { notApplicable: 'too few tracked points' };
    const score = homographyResidual(tracks);
    return { score, quality: 1, reason: `${(100 * score).toFixed(2)} % of the face’s size are left of a plane` };
  });
}
