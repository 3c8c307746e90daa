import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
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

/** In place of a file: the calibration that comes with Faceward. */
export const SHIPPED_CALIBRATION = 'shipped';

/** The calibration that comes with Faceward, of `--network faceward`; [results/liveness.md](../../docs/results/liveness.md) says what it was fitted on. */
export const shippedLivenessCalibration = (): Promise<LivenessCalibration> =>
  // models/ lies two folders up from src/cli and from dist/cli alike.
  readLivenessCalibration(fileURLToPath(new URL('../../models/calibration/liveness.json', import.meta.url)));

/** Refuses scores of one network under the calibration of another. @throws InputError that names both. */
export function requireItsNetwork({ network: its }: LivenessCalibration, network: string | undefined): void {
  if (network === undefined || network === its) return;
  throw new InputError(
    its === undefined
      ? `the calibration was made without a presentation-attack network, and does not know ${network}`
      : `the calibration was made with the presentation-attack network ${its}, and does not know ${network}`,
    { hint: 'give --network as the audit had it that wrote the calibration, or leave it out' },
  );
}
