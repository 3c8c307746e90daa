import { type Calibration, readCalibration, shippedCalibration, thresholdsOf } from '../audit/calibration.ts';
import type { EncoderDescription } from '../encoder/encoder.ts';
import type { Threshold } from '../metric/threshold.ts';
import { InputError } from '../util/errors.ts';

type Identity = Pick<EncoderDescription, 'id' | 'hash'>;

/** Thresholds for encoders whose own data has too few people to measure them on. */
export interface Calibrations {
  /** What the given files hold. */
  readonly given: readonly Calibration[];
  /** From a given file, else shipped; undefined where there is neither. */
  readonly thresholdsOf: (encoder: Identity) => Promise<Threshold[] | undefined>;
  /** The whole calibration, found alike. */
  readonly of: (encoder: Identity) => Promise<Calibration | undefined>;
}

/**
 * Reads calibration files and finds out of which encoder each is.
 *
 * @throws InputError for a file that cannot be read, or that is of none of the encoders.
 */
export async function calibrationsFor(paths: readonly string[], encoders: readonly Identity[]): Promise<Calibrations> {
  const given = await Promise.all(paths.map((path) => readForOneOf(path, encoders)));
  const calibrationOf = async (encoder: Identity): Promise<Calibration | undefined> =>
    given.find((calibration) => calibration.encoder.hash === encoder.hash) ?? (await shippedCalibration(encoder));
  return {
    given,
    of: calibrationOf,
    thresholdsOf: async (encoder) => {
      const calibration = await calibrationOf(encoder);
      return calibration && thresholdsOf(calibration);
    },
  };
}

async function readForOneOf(path: string, encoders: readonly Identity[]): Promise<Calibration> {
  let problem: unknown;
  for (const encoder of encoders) {
    try {
      return await readCalibration(path, encoder);
    } catch (error) {
      problem = error;
    }
  }
  throw problem ?? new InputError(`${path}: there is no encoder that it could be of`);
}
