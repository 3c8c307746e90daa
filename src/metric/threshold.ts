import { InputError } from '../util/errors.ts';
import { type Rate, wilson } from './intervals.ts';
import { countAtLeast, type Similarities, sortSimilarities } from './score-set.ts';

/** Where the impostor pairs of a threshold come from. */
export interface ThresholdOrigin {
  /** Name of the data set, with its split where it has one. */
  readonly dataset: string;
  /** Id of the encoder. */
  readonly encoder: string;
}

/** A decision threshold with what it means: a comparison is accepted where its similarity >= `similarity`. */
export interface Threshold extends ThresholdOrigin {
  readonly similarity: number;
  /** The false match rate that was asked for; the measured one is at most this. */
  readonly fmr: number;
  readonly impostorPairs: number;
  /** The FMR measured on those pairs, with its Wilson interval. */
  readonly interval: Rate;
}

/**
 * The lowest threshold whose measured FMR is at most `fmr`.
 *
 * Accepted is what reaches the threshold (similarity >= threshold). The threshold is an impostor similarity (or just above the highest); where several tie at the
 * limit, all of them are rejected, so that the measured FMR never exceeds the one asked for.
 *
 * @throws InputError where fmr is outside (0, 1), or there are fewer than 1/fmr impostor pairs: a rate cannot be fixed that one pair would exceed.
 */
export function thresholdAtFmr(impostors: Similarities, fmr: number, origin: ThresholdOrigin): Threshold {
  const sorted = sortSimilarities(impostors, 'impostor');
  const similarity = similarityAtFmr(sorted, fmr);
  return {
    similarity,
    fmr,
    impostorPairs: sorted.length,
    interval: wilson(countAtLeast(sorted, similarity), sorted.length),
    dataset: origin.dataset,
    encoder: origin.encoder,
  };
}

/** {@link thresholdAtFmr} on impostor similarities that are sorted already, as a bare number: for curves only. */
export function similarityAtFmr(sortedImpostors: Float64Array, fmr: number): number {
  if (!(fmr > 0 && fmr < 1)) throw new InputError(`an FMR must be inside (0, 1), not ${fmr}`);
  const needed = pairsNeeded(fmr);
  if (sortedImpostors.length < needed) {
    throw new InputError(
      `a threshold at FMR ${fmr} needs at least ${needed} impostor pairs, but there are ${sortedImpostors.length}`,
      { hint: 'bring more people, or ask for a higher FMR' },
    );
  }
  return similarityAllowing(sortedImpostors, Math.floor(fmr * sortedImpostors.length + ROUNDING));
}

/** Impostor pairs without which a threshold at this FMR is refused. */
export function pairsNeeded(fmr: number): number {
  return Math.ceil(1 / fmr - ROUNDING);
}

/** The lowest similarity that at most `falseMatches` of the sorted impostors reach: one of theirs, or just above the highest. */
export function similarityAllowing(sortedImpostors: Float64Array, falseMatches: number): number {
  const highestRejected = sortedImpostors[sortedImpostors.length - 1 - falseMatches];
  if (highestRejected === undefined) return sortedImpostors[0] ?? Number.POSITIVE_INFINITY;
  const accepted = countAtLeast(sortedImpostors, nextAbove(highestRejected));
  return accepted === 0 ? nextAbove(highestRejected) : (sortedImpostors[sortedImpostors.length - accepted] as number);
}

/** 1e-3 * 3000 must count as 3, though it is a little less in binary. */
const ROUNDING = 1e-9;

/** The next number that a double can hold. */
function nextAbove(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return view.getFloat64(0);
}
