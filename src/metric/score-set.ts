import { InputError } from '../util/errors.ts';
import { normalise, similaritiesTo } from './similarity.ts';

/** Similarities of comparisons, higher is more alike. */
export type Similarities = ArrayLike<number>;

/** The comparisons that an error rate is measured on. */
export interface ScoreSet {
  /** Similarities of two images of one person (mated). */
  readonly genuine: Similarities;
  /** Similarities of images of two different people (non-mated). */
  readonly impostors: Similarities;
}

/**
 * Compares every embedding with every other one, by cosine similarity.
 *
 * Costs n(n-1)/2 comparisons: 2,000 embeddings of 512 numbers take about a second, all 13,233 of LFW about a minute and 350 MB.
 *
 * @param people - the person of each embedding.
 * @throws InputError where there is not one person for each embedding; as {@link normalise}.
 */
export function compareAll(
  embeddings: readonly Float32Array[],
  people: readonly string[],
): { genuine: Float32Array; impostors: Float32Array } {
  if (embeddings.length !== people.length) {
    throw new InputError(`${embeddings.length} embeddings but ${people.length} names of people`);
  }
  const units = embeddings.map(normalise);
  const genuine = new Float32Array(countGenuine(people));
  const impostors = new Float32Array((people.length * (people.length - 1)) / 2 - genuine.length);
  let genuineCount = 0;
  let impostorCount = 0;
  units.forEach((unit, i) => {
    similaritiesTo(unit, units, i + 1).forEach((similarity, j) => {
      if (people[i] === people[i + 1 + j]) genuine[genuineCount++] = similarity;
      else impostors[impostorCount++] = similarity;
    });
  });
  return { genuine, impostors };
}

function countGenuine(people: readonly string[]): number {
  const counts = new Map<string, number>();
  let pairs = 0;
  for (const person of people) {
    const before = counts.get(person) ?? 0;
    pairs += before;
    counts.set(person, before + 1);
  }
  return pairs;
}

/**
 * A sorted copy, lowest first.
 *
 * @throws InputError where it is empty or holds a number that is not finite.
 */
export function sortSimilarities(similarities: Similarities, what: string): Float64Array {
  if (similarities.length === 0) throw new InputError(`no ${what} similarities were given`);
  const sorted = Float64Array.from(similarities).sort();
  // Infinities sort to the ends, NaN to the last place.
  if (!Number.isFinite(sorted[0]) || !Number.isFinite(sorted.at(-1))) {
    throw new InputError(`a ${what} similarity is not a finite number`);
  }
  return sorted;
}

/** How many of the sorted similarities are at least `similarity`. */
export function countAtLeast(sorted: Float64Array, similarity: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) >= similarity) high = middle;
    else low = middle + 1;
  }
  return sorted.length - low;
}
