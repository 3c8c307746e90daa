import { readCalibration, shippedCalibration, thresholdsOf } from '../audit/calibration.ts';
import type { Encoder } from '../encoder/encoder.ts';
import type { Threshold } from '../metric/threshold.ts';
import { InputError } from '../util/errors.ts';

/**
 * The threshold of an encoder at a false match rate, from a calibration file or from the one that is shipped.
 *
 * @returns undefined where there is neither.
 * @throws InputError where the calibration has none at that rate, or the file cannot be read.
 */
export async function chooseThreshold(
  encoder: Encoder,
  fmr: string,
  path: string | undefined,
): Promise<Threshold | undefined> {
  const calibration = path === undefined ? await shippedCalibration(encoder) : await readCalibration(path, encoder);
  if (!calibration) return undefined;
  const thresholds = thresholdsOf(calibration);
  const threshold = thresholds.find((candidate) => candidate.fmr === Number(fmr));
  if (threshold) return threshold;
  throw new InputError(`there is no threshold at FMR ${fmr}`, {
    hint: `there is one at: ${thresholds.map((candidate) => candidate.fmr).join(', ')}`,
  });
}
