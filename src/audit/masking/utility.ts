import { classCentres } from '../../attack/inversion/model/target.ts';
import { clusterRate, type Rate } from '../../metric/intervals.ts';
import type { ScoreSet } from '../../metric/score-set.ts';
import { cosineSimilarity, similaritiesTo } from '../../metric/similarity.ts';
import { type FoldAccuracy, tenFoldAccuracy } from '../../metric/verification.ts';
import { InputError } from '../../util/errors.ts';
import type { JobOptions } from '../../util/progress.ts';
import { Random } from '../../util/random.ts';
import type { Recognition } from '../findings.ts';
import type { Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import { directionsOf } from '../training/gallery.ts';
import type { TrainingPerson } from '../training/people.ts';
import { strangersRecognised } from '../training/utility.ts';

/** What a recogniser is good for. */
export interface Utility {
  /** Of people whom it was not trained on, as LFW's protocol has it. */
  readonly folds: FoldAccuracy;
  /** The same people, all pairs. */
  readonly strangers: Recognition;
  /** Held-out photos of people whom it was trained on that are named rightly among all of them. */
  readonly named: Rate;
  /** What `named` is by chance. */
  readonly namedByChance: number;
}

/** Folds of the protocol. */
const FOLDS = 10;

/** Two faces, by their places, and whether they are one person. */
interface Pair {
  readonly a: number;
  readonly b: number;
  readonly same: boolean;
}

/**
 * Pairs for the fold protocol: each person is in one fold, all pairs of a person's photos are genuine, and as many impostors are drawn among the fold's people. The same faces and seed give the same
 * pairs, so that recognisers are compared on the same ones.
 *
 * Source: LFW's View 2 (Huang et al. 2007), whose folds are disjoint in people too.
 *
 * @throws InputError where not every fold has two people, one with two photos.
 */
export function foldPairs(people: readonly string[], seed: number): Pair[][] {
  const random = new Random(seed).fork('folds');
  const places = Map.groupBy(people.keys(), (place) => people[place] as string);
  const shuffled = random.shuffle([...places.keys()]);
  return Array.from({ length: FOLDS }, (_, fold) => {
    const own = shuffled.filter((_person, i) => i % FOLDS === fold).map((person) => places.get(person) ?? []);
    const genuine = own.flatMap((photos) =>
      photos.flatMap((a, i) => photos.slice(i + 1).map((b) => ({ a, b, same: true }))),
    );
    if (own.length < 2 || genuine.length === 0) {
      throw new InputError(`${places.size} people are too few for ${FOLDS} folds`, {
        hint: `bring ${2 * FOLDS} people or more to the test side, with two photos each`,
      });
    }
    const impostors = genuine.map(() => {
      const [one = [], other = []] = random.sample(own, 2);
      const pick = (photos: readonly number[]): number => photos[random.integer(photos.length)] as number;
      return { a: pick(one), b: pick(other), same: false };
    });
    return [...genuine, ...impostors];
  });
}

/** How well a recogniser tells strangers apart, and knows its own people in photos that it has not seen. */
export async function measureUtility(
  model: Judge,
  { people, strangers }: { readonly people: readonly TrainingPerson[]; readonly strangers: readonly AuditFace[] },
  { seed, ...job }: JobOptions & { readonly seed: number },
): Promise<Utility> {
  const random = new Random(seed).fork('utility');
  const recognised = await strangersRecognised(model, strangers, { ...job, random });
  if (!recognised) throw new InputError('nobody on the test side has two photos');
  const directions = await directionsOf(model, strangers, job);
  const folds = foldPairs(
    strangers.map(({ person }) => person),
    seed,
  ).map((pairs) => scoresOf(pairs, directions));
  return {
    folds: tenFoldAccuracy(folds),
    strangers: recognised,
    ...(await heldOutNamed(model, people, { ...job, random })),
  };
}

function scoresOf(pairs: readonly Pair[], directions: readonly Float32Array[]): ScoreSet {
  const of = (wanted: boolean): number[] =>
    pairs
      .filter(({ same }) => same === wanted)
      .map(({ a, b }) => cosineSimilarity(directions[a] as Float32Array, directions[b] as Float32Array));
  return { genuine: of(true), impostors: of(false) };
}

/** Each held-out photo against the mean embedding of each person's training photos. */
async function heldOutNamed(
  model: Judge,
  people: readonly TrainingPerson[],
  { random, ...job }: JobOptions & { readonly random: Random },
): Promise<Pick<Utility, 'named' | 'namedByChance'>> {
  const known = await directionsOf(
    model,
    people.flatMap(({ faces }) => faces),
    job,
  );
  const labels = people.flatMap(({ faces }, place) => faces.map(() => place));
  const centres = classCentres(known, labels, people.length);
  const asked = people.flatMap(({ heldOut }, place) => heldOut.map((face) => ({ face, place })));
  const seen = await directionsOf(
    model,
    asked.map(({ face }) => face),
    job,
  );
  const outcomes = people.map((_, place) =>
    asked.flatMap((one, i) => {
      if (one.place !== place) return [];
      const similarities = similaritiesTo(seen[i] as Float32Array, centres);
      return [similarities.indexOf(Math.max(...similarities)) === place];
    }),
  );
  return {
    named: clusterRate(outcomes, { random: random.fork('named'), samples: 500 }),
    namedByChance: 1 / people.length,
  };
}
