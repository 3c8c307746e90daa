import { classifierEvidence } from '../../attack/inference/membership/evidence.ts';
import { similaritiesTo } from '../../metric/similarity.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Membership, SelfTest } from '../findings.ts';
import type { Judge } from '../judge.ts';
import { directionOf } from './gallery.ts';
import { MEMBERSHIP_LEVEL } from './level.ts';
import { type AskedPhoto, membershipRows, type Witness } from './membership.ts';

/** Photos that a planted model is made of and asked about, at most. */
const MOST_PHOTOS = 1000;

/** Logit of a class of which the planted model knows this very photo. */
const SHARPNESS = 16;

/** Standard errors within which luck is an excuse; the intervals have 1.96. */
const LUCK = 3.29;

/** Whether a membership measurement can be believed. */
export interface MembershipControls {
  /** Of the attack itself. */
  readonly selfTests: readonly SelfTest[];
  /** How a model that has seen neither kind of photo tells them apart; undefined where none does. It is the photos' doing, and not the attack's: their membership cannot be measured. */
  readonly confound: string | undefined;
}

/**
 * What must hold of any membership measurement that works:
 * - an overfitted model is found: a look-up table of its training photos, by the judge's features. Fails where members and others are mixed up, or labels and answers;
 * - a model that was trained on shuffled labels is found by whoever knows these labels, and is *less* sure of its training photos at the true ones. Fails where labels do not count;
 * - of models that have seen neither nothing is found: the judges are taken for the audited model. Fails where the held-out photos differ from the training photos in other ways (another
 *   camera, another day, another choice), so that any model would tell them apart: a {@link MembershipControls.confound}.
 */
export async function membershipControls(
  photos: readonly AskedPhoto[],
  judges: readonly { readonly judge: Judge; readonly witness: Witness }[],
  options: { readonly random: Random; readonly job: JobOptions },
): Promise<MembershipControls> {
  const [first] = judges;
  if (!first) return { selfTests: [], confound: undefined };
  const { random, job } = options;
  const unseen = judges.map(({ witness }) => {
    const others = judges.flatMap((other) => (other.witness === witness ? [] : [other.witness]));
    return unseenTest(membershipRows(photos, witness, others, random.fork('unseen')), witness.name);
  });
  const failed = unseen.find(({ held }) => !held);
  const some = wholePeople(photos);
  const embeddings = await first.judge.embed(
    some.map(({ face }) => face),
    job,
  );
  const features = embeddings.map(directionOf);
  const labels = some.map(({ label }) => label);
  const shuffled = shuffledLabels(some, random.fork('shuffled labels'));
  const measure = (name: string, trained: readonly number[], asked: readonly number[]): Membership[] =>
    membershipRows(
      some,
      { name, evidence: classifierEvidence(lookUp(some, features, trained), dense(asked, trained)) },
      [],
      random.fork(name),
    );
  return {
    selfTests: [
      overfittedTest(measure('planted look-up', labels, labels)),
      shuffledTest(
        measure('planted look-up, shuffled', shuffled, shuffled),
        measure('planted look-up, true', shuffled, labels),
      ),
      ...(failed ? [] : unseen),
    ],
    confound: failed?.sentence,
  };
}

/** The photos of as many people as fit. */
function wholePeople(photos: readonly AskedPhoto[]): AskedPhoto[] {
  const chosen: AskedPhoto[] = [];
  for (const own of Map.groupBy(photos, ({ person }) => person).values()) {
    if (chosen.length > 0 && chosen.length + own.length > MOST_PHOTOS) break;
    chosen.push(...own);
  }
  return chosen;
}

/** Labels of the photos, dealt out anew to all of them. */
function shuffledLabels(photos: readonly AskedPhoto[], random: Random): number[] {
  return random.shuffle(photos.map(({ label }) => label));
}

/** Places of labels among those that occur. */
function dense(labels: readonly number[], among: readonly number[]): number[] {
  const places = new Map([...new Set(among)].sort((a, b) => a - b).map((label, place) => [label, place]));
  return labels.map((label) => places.get(label) ?? -1);
}

/**
 * Logits of a model that knows its training photos by heart: for each class how near the nearest of its photos is, by a bell curve as wide as the training photos usually lie apart.
 *
 * @param features - of length 1.
 */
function lookUp(
  photos: readonly AskedPhoto[],
  features: readonly Float32Array[],
  labels: readonly number[],
): Float32Array[] {
  const places = dense(labels, labels);
  const count = new Set(places).size;
  const members = photos.flatMap(({ member }, i) => (member ? [i] : []));
  const known = members.map((i) => features[i] as Float32Array);
  const distances = features.map((feature) => similaritiesTo(feature, known).map((cosine) => Math.max(0, 1 - cosine)));
  const width = usualDistance(members.map((i, k) => (distances[i] as Float32Array).filter((_, other) => other !== k)));
  return distances.map((own) => {
    const logits = new Float32Array(count);
    own.forEach((distance, k) => {
      const place = places[members[k] as number] as number;
      logits[place] = Math.max(logits[place] as number, SHARPNESS * Math.exp(-distance / width));
    });
    return logits;
  });
}

/** The median of the distances to the nearest other. */
function usualDistance(distances: readonly Float32Array[]): number {
  const nearest = Float64Array.from(distances, (own) => Math.min(...own)).sort();
  return Math.max(1e-6, nearest[nearest.length >> 1] ?? 1);
}

const figure = ({ auc, attack, reference }: Membership): string =>
  `AUC ${auc.value.toFixed(3)} (${auc.low.toFixed(3)} to ${auc.high.toFixed(3)}) by ${attack}${reference === null ? '' : ` ${reference}`}`;

const seen = (rows: readonly Membership[]): string => rows.map(figure).join('; ') || 'too few photos to tell';

function overfittedTest(rows: readonly Membership[]): SelfTest {
  return {
    name: 'membership in an overfitted model is found',
    sentence: `${seen(rows)}, in a look-up table of the training photos`,
    held: rows.some(({ auc }) => auc.low > MEMBERSHIP_LEVEL),
  };
}

function shuffledTest(asTrained: readonly Membership[], asTrue: readonly Membership[]): SelfTest {
  return {
    name: 'membership in a model of shuffled labels is found at these labels alone',
    sentence: `${seen(asTrained)} at the labels that it was trained with; ${seen(asTrue)} at the true ones, where it must be below 0.5`,
    held: asTrained.some(({ auc }) => auc.low > MEMBERSHIP_LEVEL) && asTrue.some(({ auc }) => auc.high < 0.5),
  };
}

function unseenTest(rows: readonly Membership[], name: string): SelfTest {
  return {
    name: `no membership is found in a model that has seen neither: ${name}`,
    sentence: `in ${name} ${seen(rows)}; 0.5 is chance`,
    held: rows.length > 0 && rows.every(isChance),
  };
}

/**
 * Whether luck explains that an area is not 0.5, by the interval over people or by the rank-sum test's standard error, whichever is larger: of few photos a bootstrap is too narrow.
 *
 * Source: Mann and Whitney, Ann. Math. Statist. 18 (1947), the variance of U where there is nothing to tell.
 */
function isChance({ auc: { value, low, high }, members, nonMembers }: Membership): boolean {
  const byRanks = Math.sqrt((members + nonMembers + 1) / (12 * members * nonMembers));
  const [below, above] = [value - low, high - value].map((side) => LUCK * Math.max(side / 1.96, byRanks));
  return value - (below ?? 0) <= 0.5 && value + (above ?? 0) >= 0.5;
}
