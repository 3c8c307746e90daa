import { InputError } from '../util/errors.ts';
import type { Random } from '../util/random.ts';
import { drawnCounts, type Estimate, percentileEstimate, quantileOfSorted } from './intervals.ts';

/** What an attack says of faces, what is true of them, and whose they are. */
export interface ScoredFaces {
  /** Higher where the attribute is rather there. */
  readonly scores: ArrayLike<number>;
  readonly labels: readonly boolean[];
  /** The person of each face: intervals draw whole people. */
  readonly people: readonly string[];
}

/** How an attacker decides: fixed on other people than those that are judged. */
export interface AttributeRule {
  /** The attribute is called there where the score is at least this. */
  readonly threshold: number;
  /** Rising limits between the bins of scores whose information is measured. */
  readonly limits: readonly number[];
}

/** How much an attack learns of an attribute. */
export interface AttributeLeakage {
  readonly present: number;
  readonly absent: number;
  readonly people: number;
  /** Mean of the shares of present and of absent that are called rightly, 0..1; 0.5 is chance. */
  readonly balancedAccuracy: Estimate;
  /** Area under the ROC curve, 0..1; 0.5 is chance. */
  readonly auc: Estimate;
  /** Equal error rate, 0..1; 0.5 is chance. */
  readonly eer: Estimate;
  /** Mutual information of binned score and attribute in bits, its bias taken off; at least 0. */
  readonly informationBits: Estimate;
  /** What 95 % of random labellings stay under, in the same measure: the labels of whole people are dealt out anew, since faces of one person are alike. */
  readonly informationChanceBits: number;
  /** Entropy of the attribute itself in bits: the most there is to learn. */
  readonly entropyBits: number;
}

/** Bins of scores. */
const BINS = 8;

/** Draws of the bootstrap and of the random labellings. */
const DRAWS = 500;
const LABELLINGS = 200;

/**
 * The attacker's rule from people whose attributes he knows: the threshold of the highest balanced accuracy, halfway between two scores that occur (of several alike the middle one),
 * and limits that part the scores into bins of equally many.
 *
 * @throws InputError where nobody has the attribute, or everybody, or a score is not finite.
 */
export function attributeRule(scores: ArrayLike<number>, labels: readonly boolean[]): AttributeRule {
  const { order, present, absent } = sorted(scores, labels);
  const values = order.map((i) => scores[i] as number);
  let best = Number.NEGATIVE_INFINITY;
  let thresholds: number[] = [];
  // Below the k-th everything is called absent.
  let [presentBelow, absentBelow] = [0, 0];
  values.forEach((value, k) => {
    const below = k === 0 ? value - 1 : (values[k - 1] as number);
    if (k === 0 || below < value) {
      const accuracy = (absentBelow / absent + (present - presentBelow) / present) / 2;
      if (accuracy > best) thresholds = [];
      if (accuracy >= best) thresholds.push((below + value) / 2);
      best = Math.max(best, accuracy);
    }
    if (labels[order[k] as number]) presentBelow++;
    else absentBelow++;
  });
  const limits = Array.from(
    { length: BINS - 1 },
    (_, b) => values[Math.floor(((b + 1) * values.length) / BINS)] as number,
  );
  return { threshold: thresholds[thresholds.length >> 1] as number, limits: [...new Set(limits)] };
}

/**
 * How much an attack learns of an attribute, with 95 % intervals by a bootstrap over people.
 *
 * An attacker may turn a rule round that is wrong more often than right: where a figure is on the wrong side of chance, it and its interval are mirrored (max(accuracy, 1 - accuracy)).
 * So an attribute that is always flipped counts as read.
 *
 * Sources: Efron and Tibshirani, An Introduction to the Bootstrap (1993), percentile interval; Hanley and McNeil, Radiology 143 (1982), AUC as the share of pairs in order, ties by half;
 * Miller, Note on the bias of information estimates (1955). A resample has the bias of its own drawing besides, so that it is taken off twice there.
 *
 * @throws InputError where nobody has the attribute, or everybody, lengths differ, or a score is not finite.
 */
export function attributeLeakage(
  { scores, labels, people }: ScoredFaces,
  rule: AttributeRule,
  { random, draws = DRAWS }: { readonly random: Random; readonly draws?: number },
): AttributeLeakage {
  if (people.length !== labels.length)
    throw new InputError(`${labels.length} labels and ${people.length} people do not belong together`);
  const faces = sortedFaces({ scores, labels, people }, rule);
  const once = new Float64Array(faces.people).fill(1);
  const whole = measure(faces, once, 1);
  const drawn = Array.from({ length: draws }, () => measure(faces, drawnCounts(faces.people, random), 2)).filter(
    ({ auc }) => !Number.isNaN(auc),
  );
  const estimate = (of: (figures: Figures) => number): Estimate => percentileEstimate(of(whole), drawn.map(of));
  const [present, absent] = [whole.present, whole.absent];
  return {
    present,
    absent,
    people: faces.people,
    balancedAccuracy: atLeastChance(estimate(({ balancedAccuracy }) => balancedAccuracy)),
    auc: atLeastChance(estimate(({ auc }) => auc)),
    eer: mirrored(atLeastChance(mirrored(estimate(({ eer }) => eer)))),
    informationBits: estimate(({ informationBits }) => informationBits),
    informationChanceBits: informationOfRandomLabels(faces, once, random),
    entropyBits: entropy([present, absent]),
  };
}

/** Balanced accuracy of calling the attribute there from a threshold on, 0..1, as it is: not mirrored. @throws InputError as {@link attributeLeakage}. */
export function balancedAccuracy(scores: ArrayLike<number>, labels: readonly boolean[], threshold: number): number {
  const { present, absent } = sorted(scores, labels);
  let [hits, rejections] = [0, 0];
  labels.forEach((label, i) => {
    const called = (scores[i] as number) >= threshold;
    if (label && called) hits++;
    if (!label && !called) rejections++;
  });
  return (hits / present + rejections / absent) / 2;
}

/**
 * Mutual information of the rows and columns of a table of counts, in bits: the plug-in estimate less `times` the bias (rows - 1)(columns - 1) / (2 N ln 2), empty rows and columns not
 * counted; at least 0.
 *
 * Source: Miller 1955 (Miller and Madow's correction).
 */
export function mutualInformation(table: readonly (readonly number[])[], times = 1): number {
  const rows = table.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = (table[0] ?? []).map((_, j) => table.reduce((sum, row) => sum + (row[j] ?? 0), 0));
  const cells = table.flat();
  const total = rows.reduce((sum, count) => sum + count, 0);
  const used = (counts: readonly number[]): number => counts.filter((count) => count > 0).length;
  const bias = ((used(rows) - 1) * (used(columns) - 1)) / (2 * total * Math.LN2);
  return Math.max(0, entropy(rows) + entropy(columns) - entropy(cells) - times * bias);
}

/** Entropy of counts in bits. */
function entropy(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count) => (count > 0 ? sum - (count / total) * Math.log2(count / total) : sum), 0);
}

const atLeastChance = (estimate: Estimate): Estimate => (estimate.value < 0.5 ? mirrored(estimate) : estimate);

const mirrored = ({ value, low, high }: Estimate): Estimate => ({ value: 1 - value, low: 1 - high, high: 1 - low });

/** Faces from the lowest score to the highest, with all that a pass over them needs. */
interface SortedFaces {
  /** For each face: whether it has the attribute (1), its person, its bin, whether it is called present (1), and whether the next score is higher (1). */
  readonly label: Uint8Array;
  readonly person: Int32Array;
  readonly bin: Uint8Array;
  readonly called: Uint8Array;
  readonly ends: Uint8Array;
  readonly people: number;
  readonly bins: number;
}

interface Figures {
  readonly present: number;
  readonly absent: number;
  readonly balancedAccuracy: number;
  readonly auc: number;
  readonly eer: number;
  readonly informationBits: number;
}

function sortedFaces({ scores, labels, people }: ScoredFaces, { threshold, limits }: AttributeRule): SortedFaces {
  const { order } = sorted(scores, labels);
  const numbers = new Map([...new Set(people)].map((person, i) => [person, i]));
  const at = (k: number): number => scores[order[k] as number] as number;
  return {
    label: Uint8Array.from(order, (i) => Number(labels[i])),
    person: Int32Array.from(order, (i) => numbers.get(people[i] as string) ?? 0),
    bin: Uint8Array.from(order, (i) => limits.filter((limit) => (scores[i] as number) >= limit).length),
    called: Uint8Array.from(order, (i) => Number((scores[i] as number) >= threshold)),
    ends: Uint8Array.from(order, (_, k) => Number(k === order.length - 1 || at(k + 1) > at(k))),
    people: numbers.size,
    bins: limits.length + 1,
  };
}

/** All figures of one weighting of people, in one pass from the lowest score to the highest; NaN where a class is not drawn. */
function measure(faces: SortedFaces, weights: Float64Array, biases: number): Figures {
  const { label, person, bin, called, ends } = faces;
  const table = Array.from({ length: faces.bins }, () => [0, 0]);
  let [present, absent, hits, rejections] = [0, 0, 0, 0];
  label.forEach((isPresent, k) => {
    const weight = weights[person[k] as number] as number;
    const row = table[bin[k] as number] as number[];
    row[isPresent] = (row[isPresent] as number) + weight;
    if (isPresent) {
      present += weight;
      hits += called[k] ? weight : 0;
    } else {
      absent += weight;
      rejections += called[k] ? 0 : weight;
    }
  });
  // As the threshold rises over each score, present faces are missed and absent ones rejected.
  let [missed, rejected, inOrder, tiedPresent, tiedAbsent] = [0, 0, 0, 0, 0];
  let nearest = { gap: Number.POSITIVE_INFINITY, rate: 0.5 };
  const look = (): void => {
    const [missRate, alarmRate] = [missed / present, 1 - rejected / absent];
    const gap = Math.abs(missRate - alarmRate);
    if (gap < nearest.gap - 1e-12) nearest = { gap, rate: (missRate + alarmRate) / 2 };
  };
  look();
  label.forEach((isPresent, k) => {
    const weight = weights[person[k] as number] as number;
    if (isPresent) tiedPresent += weight;
    else tiedAbsent += weight;
    if (!ends[k]) return;
    inOrder += tiedPresent * (rejected + tiedAbsent / 2);
    missed += tiedPresent;
    rejected += tiedAbsent;
    [tiedPresent, tiedAbsent] = [0, 0];
    look();
  });
  return {
    present,
    absent,
    balancedAccuracy: (hits / present + rejections / absent) / 2,
    auc: inOrder / (present * absent),
    eer: nearest.rate,
    informationBits: mutualInformation(table, biases),
  };
}

function informationOfRandomLabels(faces: SortedFaces, once: Float64Array, random: Random): number {
  const byPerson = [...Map.groupBy(faces.label.keys(), (k) => faces.person[k] as number).values()];
  const places = byPerson.flat();
  const own = byPerson.map((faceNumbers) => faceNumbers.map((k) => faces.label[k] as number));
  const values = Float64Array.from({ length: LABELLINGS }, () => {
    const label = new Uint8Array(places.length);
    // People have unlike many faces: one person's labels may run over into the next one's, but as many faces have each as before.
    random
      .shuffle(own)
      .flat()
      .forEach((isPresent, i) => {
        label[places[i] as number] = isPresent;
      });
    return measure({ ...faces, label }, once, 1).informationBits;
  }).sort();
  return quantileOfSorted(values, 0.95);
}

function sorted(
  scores: ArrayLike<number>,
  labels: readonly boolean[],
): { readonly order: number[]; readonly present: number; readonly absent: number } {
  if (scores.length !== labels.length)
    throw new InputError(`${scores.length} scores and ${labels.length} labels do not belong together`);
  const order = labels.map((_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  if (order.some((i) => !Number.isFinite(scores[i])))
    throw new InputError('a score of an attribute is not a finite number');
  const present = labels.filter((label) => label).length;
  const absent = labels.length - present;
  if (present === 0 || absent === 0)
    throw new InputError(`${present} faces with an attribute and ${absent} without it tell nothing of it`, {
      hint: 'give more people, or another attribute',
    });
  return { order, present, absent };
}
