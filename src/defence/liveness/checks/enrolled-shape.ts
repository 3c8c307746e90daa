import { factorise, RIGID_RANK } from '../geometry/factorisation.ts';
import { shapeDistance } from '../geometry/shape-distance.ts';
import type { LlrCalibration } from './calibration.ts';
import { type LivenessCheck, livenessCheck } from './check.ts';
import { trackedPoints } from './tracked-points.ts';

/**
 * Whether the tracks have the shape that was enrolled: minus {@link shapeDistance}. Stops photos and warps, reenactment in part; misses a replay of the person.
 *
 * Its quality is how much the head turned: the strength of the third direction of the shape against the fourth, which is the strongest of the noise; 0 where they are alike and 1 from three times on. A photo has none
 * either: low quality takes the evidence away and lets nobody pass that needs this check.
 */
export function enrolledShapeCheck(calibration: LlrCalibration): LivenessCheck {
  return livenessCheck('enrolled-shape', calibration, ({ capture, enrolledShape }) => {
    const tracks = trackedPoints(capture);
    if (!tracks) return { notApplicable: 'too few tracked points' };
    if (!enrolledShape) return { notApplicable: 'no shape was enrolled' };
    if (enrolledShape.columns !== tracks.points || enrolledShape.rows !== RIGID_RANK)
      return { notApplicable: `the enrolled shape has ${enrolledShape.columns} points, not ${tracks.points}` };
    const own = factorise(tracks);
    const distance = shapeDistance(own, { shape: enrolledShape });
    const [, , third = 0, noise = 0] = own.strengths;
    const quality = Math.max(0, Math.min(1, (third / (noise || Number.MIN_VALUE) - 1) / 2));
    return { score: -distance, quality, reason: `sine ${distance.toFixed(3)} from the enrolled shape` };
  });
}
