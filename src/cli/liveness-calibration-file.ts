import { readFile } from 'node:fs/promises';
import { type LivenessCalibration, parseLivenessCalibration } from '../defence/liveness/liveness-calibration.ts';
import { InputError } from '../util/errors.ts';

/** Reads the calibration that an audit of our own verification left. @throws InputError where it cannot be read, or is none. */
export async function readLivenessCalibration(path: string): Promise<LivenessCalibration> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InputError(`${path} cannot be read`, {
      hint: 'give the calibration.json of faceward audit liveness',
      cause,
    });
  });
  return parseLivenessCalibration(text, path);
}
