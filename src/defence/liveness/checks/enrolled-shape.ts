import { compareWithEnrolled } from '../geometry/enrolment.ts';
import type { LlrCalibration } from './calibration.ts';
import { type LivenessCheck, livenessCheck } from './check.ts';
import { trackedPoints } from './tracked-points.ts';

/**
 * Whether the tracks have the shape that was enrolled: minus the distance of `compareWithEnrolled`. Stops photos and warps, reenactment in part; misses a replay of the person.
 *
 * Its quality is how much the head turned. A photo shows no turn either: low quality takes the evidence away and lets nobody pass that needs this check.
 */
export function enrolledShapeCheck(calibration: LlrCalibration): LivenessCheck {
  return livenessCheck('enrolled-shape', calibration, ({ capture, enrolledShape }) => {
    const tracks = trackedPoints(capture);
    if (!tracks) return { notApplicable: 'too few tracked points' };
    if (!enrolledShape) return { notApplicable: 'no shape was enrolled' };
    const compared = compareWithEnrolled(tracks, enrolledShape);
    if (!compared) return { notApplicable: 'too few tracked points of those that were enrolled' };
    const { distance, quality, points } = compared;
    return {
      score: -distance,
      quality,
      reason: `sine ${distance.toFixed(3)} from the enrolled shape; ${points} points`,
    };
  });
}
