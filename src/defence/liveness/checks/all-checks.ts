import { APPEARANCE_CHECK } from '../light/appearance-innovation.ts';
import { COLOUR_FLASH_CHECK } from '../light/colour-flash.ts';
import { PRESENTATION_CHECK } from '../network/observation.ts';
import type { LlrCalibration } from './calibration.ts';
import { cameraCheck } from './camera.ts';
import { challengeFollowed } from './challenge-followed.ts';
import type { CheckInput, LivenessCheck, Measurement } from './check.ts';
import { enrolledShapeCheck } from './enrolled-shape.ts';
import { observedCheck } from './observed.ts';
import { planeCheck } from './plane.ts';
import { repeatedMotion } from './repeated-motion.ts';

/** Every check that is evidence. */
const CHECKS: readonly ((calibration: LlrCalibration) => LivenessCheck)[] = [
  challengeFollowed,
  planeCheck,
  enrolledShapeCheck,
  repeatedMotion,
  (calibration) => observedCheck(COLOUR_FLASH_CHECK, calibration),
  (calibration) => observedCheck(APPEARANCE_CHECK, calibration),
  (calibration) => observedCheck(PRESENTATION_CHECK, calibration),
];

const UNCALIBRATED: LlrCalibration = { slope: 1, offset: 0, limit: 1, bonaFide: 1, attacks: 1, dataset: 'none' };

/** Checks that are none: a policy may ask something of their scores. */
const WITHOUT_CALIBRATION: readonly LivenessCheck[] = [cameraCheck];

/** The checks that are calibrated, by their names, and those that need no calibration. */
export function livenessChecks(calibrations: Readonly<Record<string, LlrCalibration>>): LivenessCheck[] {
  const calibrated = CHECKS.flatMap((make) => {
    const calibration = calibrations[make(UNCALIBRATED).name];
    return calibration ? [make(calibration)] : [];
  });
  return [...calibrated, ...WITHOUT_CALIBRATION];
}

/** Every check, for what is only measured: its score stays as it is. */
export const uncalibratedChecks = (): LivenessCheck[] => [
  ...CHECKS.map((make) => make(UNCALIBRATED)),
  ...WITHOUT_CALIBRATION,
];

/** What every check that is evidence measures, before any calibration: what calibrations are fitted on. */
export function measureChecks(input: CheckInput): Record<string, Measurement> {
  return Object.fromEntries(
    CHECKS.map((make) => {
      const { name, applicable, score, quality, reason } = make(UNCALIBRATED).measure(input);
      const measured = applicable && score !== undefined ? { score, quality, reason } : { notApplicable: reason };
      return [name, measured];
    }),
  );
}
