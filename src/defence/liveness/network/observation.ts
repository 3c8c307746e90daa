import { medianOf } from '../../../metric/median.ts';
import type { Measurement } from '../checks/check.ts';
import type { FaceFrame, PresentationNetwork } from './presentation-network.ts';

/** Under which name {@link observePresentation} is stored, and read by `observedCheck`. */
export const PRESENTATION_CHECK = 'presentation-network';

/** Probabilities nearer to 0 or 1 than this say no more. */
const SURE = 1e-4;

/** Frames with a face below which nothing is said. */
const FEWEST_FRAMES = 3;

/**
 * What a presentation-attack network sees in a capture's frames: the median of their log-odds of being bona fide, so that a few frames in which a hand passes, or a light, decide nothing. The quality is the
 * share of the frames that show a face.
 *
 * @param frames - undefined where no face was found.
 */
export async function observePresentation(
  network: PresentationNetwork,
  frames: readonly (FaceFrame | undefined)[],
): Promise<Measurement> {
  const seen = frames.filter((frame) => frame !== undefined);
  if (seen.length < FEWEST_FRAMES) return { notApplicable: `${seen.length} of ${frames.length} frames show a face` };
  const logOdds = (await network.score(seen)).map((score) => {
    const bounded = Math.min(1 - SURE, Math.max(SURE, score));
    return Math.log(bounded / (1 - bounded));
  });
  const score = medianOf(logOdds);
  const probability = 1 / (1 + Math.exp(-score));
  return {
    score,
    quality: seen.length / frames.length,
    reason: `${network.name}: ${(100 * probability).toFixed(1)} % bona fide, median of ${seen.length} frames`,
  };
}
