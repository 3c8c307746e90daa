import type { Value } from '../graph/builder.ts';
import { clip } from '../graph/ops/activation.ts';
import { log, mul, sub } from '../graph/ops/arithmetic.ts';
import { flip, slice } from '../graph/ops/indexing.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { float32 } from '../graph/tensor.ts';
import type { BundledModelOptions } from '../runtime/bundled-models.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { CANONICAL_VIEW, type FaceView } from './alignment.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { openSexAndAgeReader } from './sex-and-age-reader.ts';

/** The canonical frame at the size that the network was trained with; a margin of 7 or 13 units is no better on 500 faces of CelebA's calibration people. */
const VIEW: FaceView = { ...CANONICAL_VIEW, widthPx: 224, heightPx: 224 };

/** ImageNet's means, blue first, 0..255: what faceres was trained with (HSE-FaceRec), as {@link ../encoder/bundled.ts} feeds it. */
const BLUE_GREEN_RED_MEANS = [103.939, 116.779, 123.68] as const;

/**
 * Who is likelier below this age than not is Young. CelebA's Young has no age in years; of 25, 30, 33, 36, ... 50 this has the highest AUC and nearly the lowest
 * cross-entropy (0.280; 0.276 at 45) on 500 faces of CelebA's calibration people.
 */
const YOUNG_BELOW_YEARS = 42;

/** Probabilities closer to 0 or 1 than this say no more. */
const SURE = 1e-6;

/**
 * Opens the bundled faceres network as a reader of Male and Young, on its own view of 224x224 px. It was trained by others on other data (VGGFace2, IMDB-WIKI, by HSE-FaceRec), so that it judges
 * independently of networks of ours.
 *
 * @throws ModelFileError, StoreError as {@link openSexAndAgeReader}; CapabilityError where the device is not offered.
 */
export const openFaceresReader = (options: BundledModelOptions & SessionOptions): Promise<AttributeReader> =>
  openSexAndAgeReader('faceres', options, {
    view: VIEW,
    input: (portrait) => {
      const means = portrait.builder.constant(float32([...BLUE_GREEN_RED_MEANS], [1, 3, 1, 1]), 'means');
      return sub(mul(flip(portrait, 1), 255), means);
    },
    logOdds: ({ male, age }) => male && age && [logOdds(male), logOdds(young(age))],
  });

/** Of 100 probabilities [N,100], each for a year, those below the limit: [N,1]. */
const young = (age: Value): Value =>
  reduceSum(slice(age, { starts: [0], ends: [YOUNG_BELOW_YEARS], axes: [1] }), [1], true);

function logOdds(probability: Value): Value {
  const bounded = clip(probability, SURE, 1 - SURE);
  return sub(log(bounded), log(sub(1, bounded)));
}
