import type { LlrCalibration } from './calibration.ts';
import { type LivenessCheck, livenessCheck } from './check.ts';

/** A check of what was observed in the frames under its name: it takes the measurement as it was stored, and does not apply where there is none. */
export function observedCheck(name: string, calibration: LlrCalibration): LivenessCheck {
  return livenessCheck(name, calibration, ({ observations }) => {
    const measured = observations && Object.hasOwn(observations, name) ? observations[name] : undefined;
    if (!measured) return { notApplicable: 'the frames were not looked at' };
    if ('notApplicable' in measured || Number.isFinite(measured.quality)) return measured;
    return { notApplicable: 'the quality is not a finite number' };
  });
}
