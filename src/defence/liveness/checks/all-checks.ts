import { PRESENTATION_CHECK } from '../network/observation.ts';
import type { LlrCalibration } from './calibration.ts';
import { challengeFollowed } from './challenge-followed.ts';
import type { CheckInput, LivenessCheck, Measurement } from './check.ts';
import { enrolledShapeCheck } from './enrolled-shape.ts';
import { observedCheck } from './observed.ts';
import { planeCheck } from './plane.ts';
import { repeatedMotion } from './repeated-motion.ts';

/** Every check that there is. */
const CHECKS: readonly ((calibration: LlrCalibration) => LivenessCheck)[] = [
  challengeFollowed,
  planeCheck,
  enrolledShapeCheck,
  repeatedMotion,
  (calibration) => observedCheck(PRESENTATION_CHECK, calibration),
];

const UNCALIBRATED: LlrCalibration = { slope: 1, offset: 0, limit: 1, bonaFide: 1, attacks: 1, dataset: 'none' };

/** The checks that are calibrated, by their names. */
export function livenessChecks(calibrations: Readonly<Record<string, LlrCalibration>>): LivenessCheck[] {
  return CHECKS.flatMap((make) => {
    const calibration = calibrations[make(UNCALIBRATED).name];
    return calibration ? [make(calibration)] : [];
  });
}

/** Every check, for what is only measured: its score stays as it is. */
export const uncalibratedChecks = (): LivenessCheck[] => CHECKS.map((make) => make(UNCALIBRATED));

/** What every check measures, before any calibration: what calibrations are fitted on. */
export function measureChecks(input: CheckInput): Record<string, Measurement> {
  return Object.fromEntries(
    uncalibratedChecks().map((check) => {
      const { name, applicable, score, quality, reason } = check.measure(input);
      const measured = applicable && score !== undefined ? { score, quality, reason } : { notApplicable: reason };
      return [name, measured];
    }),
  );
}
