import { InputError } from '../util/errors.ts';
import { type Rate, wilson } from './intervals.ts';
import type { Similarities } from './score-set.ts';
import type { Threshold } from './threshold.ts';

/** Which image the reconstruction is compared with: type-I the one that was inverted, type-II another image of that person. */
export type SarType = 'type-I' | 'type-II';

/** Reconstructions compared with images of their people. */
export interface AttackComparisons {
  readonly type: SarType;
  /** One for each comparison, as the judge gives them; higher is more alike. */
  readonly similarities: Similarities;
  /** The judge's own threshold. */
  readonly threshold: Threshold;
}

/** A successful attack rate with the threshold it was measured at. */
export interface SarRow extends Rate {
  readonly type: SarType;
  readonly threshold: Threshold;
}

/**
 * The share of comparisons that the judge accepts (similarity >= threshold), with its Wilson interval.
 *
 * Source: Mai et al., On the Reconstruction of Face Images from Deep Face Templates, IEEE TPAMI 41 (2019), type-I and type-II attacks.
 *
 * @throws InputError where there is no comparison, or a similarity is not a number.
 */
export function successfulAttackRate(attack: AttackComparisons): SarRow {
  const { type, threshold, similarities } = attack;
  const accepted = Array.from(similarities).filter((similarity) => isAccepted(similarity, threshold));
  return { type, threshold, ...wilson(accepted.length, similarities.length) };
}

/** How much of one person the attack gives away. */
export interface PersonSar extends SarRow {
  readonly person: string;
}

/**
 * The successful attack rate of each person, the most exposed first (then by the lower limit, then by name): the rows of a leak register.
 *
 * @param people - the person of each comparison.
 * @throws InputError where there is not one person for each comparison, or a similarity is not a number.
 */
export function successfulAttackRateByPerson(attack: AttackComparisons, people: readonly string[]): PersonSar[] {
  const { similarities, ...rest } = attack;
  if (people.length !== similarities.length) {
    throw new InputError(`${similarities.length} comparisons but ${people.length} names of people`);
  }
  const byPerson = new Map<string, number[]>();
  people.forEach((person, i) => {
    const own = byPerson.get(person) ?? [];
    own.push(similarities[i] ?? Number.NaN);
    byPerson.set(person, own);
  });
  return [...byPerson]
    .map(([person, own]) => ({ person, ...successfulAttackRate({ ...rest, similarities: own }) }))
    .sort((a, b) => b.rate - a.rate || b.low - a.low || (a.person < b.person ? -1 : 1));
}

function isAccepted(similarity: number, threshold: Threshold): boolean {
  if (Number.isNaN(similarity)) throw new InputError('a similarity is not a number');
  return similarity >= threshold.similarity;
}
