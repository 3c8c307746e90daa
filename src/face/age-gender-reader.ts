import { AGE_GENDER_SIZE_PX } from '../graph/faceapi-age-gender.ts';
import { div, mul, sub } from '../graph/ops/arithmetic.ts';
import type { BundledModelOptions } from '../runtime/bundled-models.ts';
import type { SessionOptions } from '../runtime/session.ts';
import type { FaceView } from './alignment.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { openSexAndAgeReader } from './sex-and-age-reader.ts';

/** Of six boxes the one from which Young is read with the lowest cross-entropy, and Male nearly best, on 500 faces of CelebA's calibration people; dlib's own view. */
const VIEW: FaceView = {
  box: { x: 7, y: 22, width: 98, height: 98 },
  widthPx: AGE_GENDER_SIZE_PX,
  heightPx: AGE_GENDER_SIZE_PX,
};

/** The age from which on Young is rather absent, and the years that change its odds e-fold: the lowest cross-entropy on those faces. */
const YOUNG = { belowYears: 46, scaleYears: 6 } as const;

/**
 * Opens face-api's network for age and sex, which comes with that package, as a reader of Male and Young, on its own view of 112x112 px. It was trained by others on other data, so that it judges
 * independently of networks of ours, and of faceres.
 *
 * @throws ModelFileError, StoreError as {@link openSexAndAgeReader}; CapabilityError where the device is not offered.
 */
export const openAgeGenderReader = (options: BundledModelOptions & SessionOptions): Promise<AttributeReader> =>
  openSexAndAgeReader('age-gender', options, {
    view: VIEW,
    input: (portrait) => mul(portrait, 255),
    logOdds: ({ male_log_odds: male, age }) => male && age && [male, div(sub(YOUNG.belowYears, age), YOUNG.scaleYears)],
  });
