import type { Calibration } from './calibration.ts';

/** How like its original a changed face has to stay for one encoder. */
export interface MatchLimit {
  /** Cosine similarity with the original. */
  readonly similarity: number;
  /** Share of the genuine comparisons that matched before and are expected to match still; null where the calibration does not tell, and a stricter threshold stands in. */
  readonly tar: number | null;
  /** In words, for receipts. */
  readonly basis: string;
}

/** The rate of false matches at which matches are kept, and the stricter one whose threshold stands in where genuine pairs are unknown. */
const [KEPT_FMR, STRICTER_FMR] = [1e-3, 1e-4];

/**
 * The least similarity with its original at which a changed photo still matches the person's *other* photos as often as is asked: at the threshold of an FMR of 0.1 %, at least
 * the share `tar` of the genuine comparisons that matched before.
 *
 * A change knows nothing of the other photos, so that it takes away from the similarity with them what it takes away from the similarity with its original: of the part above
 * what strangers have in common (b), the share (c - b) / (1 - b) is left. With q the similarity that the share `tar` of the matching genuine pairs reach and t the threshold,
 * c = b + (t - b) (1 - b) / (q - b).
 *
 * Where the calibration has no genuine pairs it is the threshold of an FMR of 0.01 %.
 *
 * @param tar - in (0, 1).
 * @returns undefined without a calibration of both thresholds.
 */
export function matchLimit(
  calibration: Pick<Calibration, 'thresholds' | 'genuine'> | undefined,
  tar: number,
): MatchLimit | undefined {
  const thresholdOf = (fmr: number): number | undefined =>
    calibration?.thresholds.find((threshold) => threshold.fmr === fmr)?.similarity;
  const [threshold, stricter] = [thresholdOf(KEPT_FMR), thresholdOf(STRICTER_FMR)];
  if (threshold === undefined || stricter === undefined) return undefined;
  const genuine = calibration?.genuine;
  if (!genuine) {
    return {
      similarity: stricter,
      tar: null,
      basis: `the threshold at an FMR of ${100 * STRICTER_FMR} %, for want of genuine pairs`,
    };
  }
  const { quantiles, impostorMean: strangers } = genuine;
  const reached = matchingQuantile(quantiles, threshold, 1 - tar);
  return {
    similarity: Math.min(1, strangers + ((threshold - strangers) * (1 - strangers)) / (reached - strangers)),
    tar,
    basis: `at least ${100 * tar} % of the genuine comparisons that matched at an FMR of ${100 * KEPT_FMR} %`,
  };
}

/** The similarity that all but the share `lost` of the genuine pairs at or above the threshold reach; between quantiles linearly, at the threshold too. */
function matchingQuantile(quantiles: readonly number[], threshold: number, lost: number): number {
  const last = quantiles.length - 1;
  const above = quantiles.findIndex((value) => value >= threshold);
  if (above < 0) return Math.max(threshold, quantiles[last] ?? threshold);
  const [before, behind] = [quantiles[above - 1], quantiles[above]];
  const from = before === undefined || behind === undefined ? above : above - (behind - threshold) / (behind - before);
  const at = from + lost * (last - from);
  const [low, high] = [quantiles[Math.floor(at)] ?? threshold, quantiles[Math.ceil(at)] ?? threshold];
  return Math.max(threshold + 1e-6, low + (at - Math.floor(at)) * (high - low));
}
