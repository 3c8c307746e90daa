import { InputError } from '../util/errors.ts';
import { type BootstrapOptions, drawnCounts, type Estimate, percentileEstimate, wilson } from './intervals.ts';

/** Things that an attack scores, and what is true of them. */
export interface ScoredTrials {
  /** Higher where the attack rather says yes. */
  readonly scores: ArrayLike<number>;
  /** Whether yes is right. */
  readonly positive: readonly boolean[];
  /** The person of each trial by number, 0 and up: intervals draw whole people. */
  readonly person: ArrayLike<number>;
  /** Of a comparison of two people's faces the other one; default: each trial is of one person. */
  readonly other?: ArrayLike<number>;
}

/** What a threshold on the scores tells of the truth. */
export interface RocArea {
  readonly positives: number;
  readonly negatives: number;
  readonly people: number;
  /** Share of the pairs of a positive and a negative that are in order, ties by half: 0.5 is chance. */
  readonly auc: Estimate;
  /** Share of the positives found at the lowest threshold that no more than the asked share of negatives reaches; undefined where there are too few negatives to fix it. */
  readonly tpr: Estimate | undefined;
}

/** How {@link rocArea} measures. */
export interface RocAreaOptions extends Pick<BootstrapOptions, 'random' | 'samples'> {
  /** False positive rate at which the true positive rate is taken; default 0.01. */
  readonly fpr?: number;
}

/** Draws of the bootstrap. */
const DRAWS = 500;

/** 0.01 * 300 must count as 3, though it may be a little less in binary. */
const ROUNDING = 1e-9;

/**
 * Area under the ROC curve, and the true positive rate at a low false positive rate, with 95 % percentile intervals by a bootstrap over people: a comparison counts as often as both of its
 * people are drawn. In each draw the threshold is chosen anew. The rate's interval is no narrower than Wilson's: where nobody is found, no draw finds anybody.
 *
 * Sources: Hanley and McNeil, Radiology 143 (1982); Carlini et al., "Membership inference attacks from first principles", S&P 2022, section III (why the low end counts); Bolle, Ratha,
 * Pankanti, CVIU 93 (2004).
 *
 * @throws InputError where there is no positive or no negative, lengths differ, or a score is not finite.
 */
export function rocArea(trials: ScoredTrials, options: RocAreaOptions): RocArea {
  const { random, samples = DRAWS, fpr = 0.01 } = options;
  if (!(fpr > 0 && fpr < 1)) throw new InputError(`a false positive rate must be inside (0, 1), not ${fpr}`);
  const sorted = sortedTrials(trials);
  const once = new Float64Array(sorted.people).fill(1);
  const whole = measure(sorted, once, fpr);
  const drawn = Array.from({ length: samples }, () => measure(sorted, drawnCounts(sorted.people, random), fpr)).filter(
    ({ auc }) => Number.isFinite(auc),
  );
  const estimate = (of: (figures: Figures) => number): Estimate => percentileEstimate(of(whole), drawn.map(of));
  const { positives, negatives } = whole;
  return {
    positives,
    negatives,
    people: sorted.people,
    auc: estimate(({ auc }) => auc),
    tpr:
      negatives >= 1 / fpr - ROUNDING
        ? shareOf(
            estimate(({ tpr }) => tpr),
            positives,
          )
        : undefined,
  };
}

/** An estimate of a share of so many trials, with limits at least as wide as Wilson's. */
function shareOf({ value, low, high }: Estimate, trials: number): Estimate {
  const own = wilson(Math.round(value * trials), trials);
  return { value, low: Math.min(low, own.low), high: Math.max(high, own.high) };
}

/** Trials from the highest score to the lowest. */
interface SortedTrials {
  readonly positive: Uint8Array;
  readonly person: Int32Array;
  readonly other: Int32Array;
  /** Whether the next score is lower (1). */
  readonly ends: Uint8Array;
  readonly people: number;
}

function sortedTrials({ scores, positive, person, other = person }: ScoredTrials): SortedTrials {
  if ([scores, person, other].some(({ length }) => length !== positive.length))
    throw new InputError(`${scores.length} scores and ${positive.length} answers do not belong together`);
  const order = positive.map((_, i) => i).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const at = (k: number): number => scores[order[k] as number] as number;
  if (order.some((_, k) => !Number.isFinite(at(k))))
    throw new InputError('a score of an attack is not a finite number');
  const yes = positive.filter(Boolean).length;
  if (yes === 0 || yes === positive.length)
    throw new InputError(`${yes} positives among ${positive.length} trials tell nothing of an attack`);
  const people = order.reduce((most, i) => Math.max(most, person[i] as number, other[i] as number), 0) + 1;
  return {
    positive: Uint8Array.from(order, (i) => Number(positive[i])),
    person: Int32Array.from(order, (i) => person[i] as number),
    other: Int32Array.from(order, (i) => other[i] as number),
    ends: Uint8Array.from(order, (_, k) => Number(k === order.length - 1 || at(k + 1) < at(k))),
    people,
  };
}

interface Figures {
  readonly positives: number;
  readonly negatives: number;
  readonly auc: number;
  readonly tpr: number;
}

/** All figures of one weighting of people, in one pass from the highest score down; NaN where a side is not drawn. */
function measure(trials: SortedTrials, weights: Float64Array, fpr: number): Figures {
  const { positive, person, other, ends } = trials;
  const weightOf = (k: number): number => {
    const [a, b] = [person[k] as number, other[k] as number];
    return a === b ? (weights[a] as number) : (weights[a] as number) * (weights[b] as number);
  };
  let [positives, negatives] = [0, 0];
  positive.forEach((isPositive, k) => {
    if (isPositive) positives += weightOf(k);
    else negatives += weightOf(k);
  });
  const allowed = fpr * negatives + ROUNDING;
  let [found, alarms, tiedFound, tiedAlarms, inOrder, atLimit] = [0, 0, 0, 0, 0, 0];
  positive.forEach((isPositive, k) => {
    if (isPositive) tiedFound += weightOf(k);
    else tiedAlarms += weightOf(k);
    if (!ends[k]) return;
    inOrder += tiedAlarms * (found + tiedFound / 2);
    found += tiedFound;
    alarms += tiedAlarms;
    if (alarms <= allowed) atLimit = found;
    [tiedFound, tiedAlarms] = [0, 0];
  });
  return { positives, negatives, auc: inOrder / (positives * negatives), tpr: atLimit / positives };
}
