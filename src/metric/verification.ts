import { InputError } from '../util/errors.ts';
import { type Rate, wilson } from './intervals.ts';
import { countAtLeast, type ScoreSet, type Similarities, sortSimilarities } from './score-set.ts';
import { similarityAllowing, similarityAtFmr, type Threshold } from './threshold.ts';

/** What a threshold costs: false matches among impostors, false non-matches among genuine comparisons. */
export interface ErrorRates {
  readonly fmr: Rate;
  readonly fnmr: Rate;
}

/** FMR and FNMR at a threshold (accepted: similarity >= threshold). @throws InputError where a set is empty or not finite. */
export function errorRates(
  genuine: Similarities,
  impostors: Similarities,
  threshold: Pick<Threshold, 'similarity'>,
): ErrorRates {
  const mated = sortSimilarities(genuine, 'genuine');
  const nonMated = sortSimilarities(impostors, 'impostor');
  return {
    fmr: wilson(countAtLeast(nonMated, threshold.similarity), nonMated.length),
    fnmr: wilson(mated.length - countAtLeast(mated, threshold.similarity), mated.length),
  };
}

/** A point of the receiver operating characteristic. */
export interface RocPoint {
  readonly similarity: number;
  readonly fmr: number;
  /** True match rate: 1 - FNMR. */
  readonly tmr: number;
}

/** A point of the detection error trade-off. */
export interface DetPoint {
  readonly similarity: number;
  readonly fmr: number;
  readonly fnmr: number;
}

/**
 * The ROC curve, from FMR 0 to FMR 1, at measured points whose FMRs are spaced evenly on a logarithmic axis.
 *
 * @param options.points - points at most (default 200, at least 3); fewer where the impostor pairs do not tell them apart.
 * @throws InputError where a set is empty or not finite.
 */
export function rocCurve(
  genuine: Similarities,
  impostors: Similarities,
  options: { readonly points?: number } = {},
): RocPoint[] {
  const mated = sortSimilarities(genuine, 'genuine');
  const nonMated = sortSimilarities(impostors, 'impostor');
  const steps = Math.max(3, options.points ?? 200) - 2;
  const falseMatches = Array.from({ length: steps + 1 }, (_, i) => Math.round(nonMated.length ** (i / steps)));
  const thresholds = new Set([0, ...falseMatches].map((count) => similarityAllowing(nonMated, count)));
  return [...thresholds].map((similarity) => ({
    similarity,
    fmr: countAtLeast(nonMated, similarity) / nonMated.length,
    tmr: countAtLeast(mated, similarity) / mated.length,
  }));
}

/** The DET curve: the points of {@link rocCurve} as the two error rates. Throws as it does. */
export function detCurve(
  genuine: Similarities,
  impostors: Similarities,
  options: { readonly points?: number } = {},
): DetPoint[] {
  return rocCurve(genuine, impostors, options).map(({ similarity, fmr, tmr }) => ({ similarity, fmr, fnmr: 1 - tmr }));
}

/** Where FMR and FNMR are most nearly equal. */
export interface EqualErrorRate extends DetPoint {
  /** Mean of the two. */
  readonly rate: number;
}

/**
 * The equal error rate: of all similarities that occur, the threshold where FMR and FNMR differ least.
 *
 * @throws InputError where a set is empty or not finite.
 */
export function equalErrorRate(genuine: Similarities, impostors: Similarities): EqualErrorRate {
  const mated = sortSimilarities(genuine, 'genuine');
  const nonMated = sortSimilarities(impostors, 'impostor');
  const thresholds = distinctSorted(mated, nonMated);
  const at = (index: number): EqualErrorRate => {
    const similarity = thresholds[index] as number;
    const fmr = countAtLeast(nonMated, similarity) / nonMated.length;
    const fnmr = 1 - countAtLeast(mated, similarity) / mated.length;
    return { similarity, fmr, fnmr, rate: (fmr + fnmr) / 2 };
  };
  // As the threshold rises FMR falls and FNMR rises: find the first where FNMR has caught up.
  let low = 0;
  let high = thresholds.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { fmr, fnmr } = at(middle);
    if (fnmr >= fmr) high = middle;
    else low = middle + 1;
  }
  const after = at(low);
  if (low === 0) return after;
  const before = at(low - 1);
  return Math.abs(before.fmr - before.fnmr) < Math.abs(after.fmr - after.fnmr) ? before : after;
}

/** A true accept rate and the threshold it was measured at. */
export interface TarAtFmr {
  readonly similarity: number;
  readonly tar: Rate;
  /** Measured on the same comparisons: at most what was asked for. */
  readonly fmr: Rate;
}

/**
 * The share of genuine comparisons accepted at the threshold that these impostors give for `fmr` (as thresholdAtFmr chooses it).
 *
 * @throws InputError where a set is empty or not finite, fmr is outside (0, 1), or there are fewer than 1/fmr impostor pairs.
 */
export function tarAtFmr(genuine: Similarities, impostors: Similarities, fmr: number): TarAtFmr {
  const mated = sortSimilarities(genuine, 'genuine');
  const nonMated = sortSimilarities(impostors, 'impostor');
  const similarity = similarityAtFmr(nonMated, fmr);
  return {
    similarity,
    tar: wilson(countAtLeast(mated, similarity), mated.length),
    fmr: wilson(countAtLeast(nonMated, similarity), nonMated.length),
  };
}

/** Accuracy over folds. */
export interface FoldAccuracy {
  readonly mean: number;
  /** Of the folds' accuracies, with n - 1 in the denominator. */
  readonly standardDeviation: number;
  /** standardDeviation / sqrt(folds): what the LFW protocol asks to report. */
  readonly standardError: number;
  /** Each fold with the threshold that the others chose for it. */
  readonly folds: readonly { readonly accuracy: number; readonly similarity: number }[];
}

/**
 * Accuracy as the LFW protocol has it: each fold is judged at the threshold that does best on all the others.
 *
 * Source: Huang et al., Labeled Faces in the Wild, UMass TR 07-49 (2007), View 2.
 *
 * @param folds - ten of them in LFW; two at least.
 * @throws InputError where there are fewer than two folds, or a fold is empty or not finite.
 */
export function tenFoldAccuracy(folds: readonly ScoreSet[]): FoldAccuracy {
  if (folds.length < 2) throw new InputError(`the fold protocol needs at least two folds, not ${folds.length}`);
  const sorted = folds.map((fold) => ({
    mated: sortSimilarities(fold.genuine, 'genuine'),
    nonMated: sortSimilarities(fold.impostors, 'impostor'),
  }));
  const judged = sorted.map((fold) => {
    const others = sorted.filter((other) => other !== fold);
    const similarity = mostAccurateSimilarity(
      mergeSorted(others.map((other) => other.mated)),
      mergeSorted(others.map((other) => other.nonMated)),
    );
    return { similarity, accuracy: accuracyAt(fold.mated, fold.nonMated, similarity) };
  });
  const mean = judged.reduce((sum, { accuracy }) => sum + accuracy, 0) / judged.length;
  const squares = judged.reduce((sum, { accuracy }) => sum + (accuracy - mean) ** 2, 0);
  const standardDeviation = Math.sqrt(squares / (judged.length - 1));
  return { mean, standardDeviation, standardError: standardDeviation / Math.sqrt(judged.length), folds: judged };
}

/** The middle one of the most accurate thresholds, each halfway between two similarities that occur. */
function mostAccurateSimilarity(mated: Float64Array, nonMated: Float64Array): number {
  const occurring = distinctSorted(mated, nonMated);
  let best = -1;
  let candidates: number[] = [];
  occurring.forEach((above, i) => {
    const similarity = (above + (occurring[i - 1] ?? above)) / 2;
    const accuracy = accuracyAt(mated, nonMated, similarity);
    if (accuracy > best) candidates = [];
    if (accuracy >= best) candidates.push(similarity);
    best = Math.max(best, accuracy);
  });
  return candidates[candidates.length >> 1] ?? Number.NaN;
}

function accuracyAt(mated: Float64Array, nonMated: Float64Array, similarity: number): number {
  const right = countAtLeast(mated, similarity) + nonMated.length - countAtLeast(nonMated, similarity);
  return right / (mated.length + nonMated.length);
}

function distinctSorted(...parts: readonly Float64Array[]): Float64Array {
  return mergeSorted(parts).filter((value, i, all) => value !== all[i - 1]);
}

function mergeSorted(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out.sort();
}
