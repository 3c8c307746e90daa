import { type RocArea, rocArea } from '../../../metric/roc-area.ts';
import type { Random } from '../../../util/random.ts';

/** A photo, or a person, of which an attack said how likely it was trained on. */
export interface MembershipTrial {
  readonly person: string;
  /** Whether it was. */
  readonly member: boolean;
  /** Higher where the attack rather says yes. */
  readonly score: number;
}

/**
 * How well an attack tells members from others: the area, and the share of members that it finds at a false positive rate of 1 % (0.01 by chance; undefined for fewer than 100
 * non-members), with intervals over people.
 *
 * What to expect. A model that was trained too long on too little: far above chance. One that was not trained: at chance. One trained on shuffled labels: above chance at the labels
 * that it was trained with, the more the better it fits, since it can only have learnt them by heart; below chance at the true ones, since it is sure of another person for just those photos
 * that it knows; and its inversion and linkage find nobody.
 *
 * @throws InputError where there is no member or no other.
 */
export function measureMembership(
  trials: readonly MembershipTrial[],
  options: { readonly random: Random; readonly draws?: number },
): RocArea {
  const { random, draws } = options;
  const numbers = new Map([...new Set(trials.map(({ person }) => person))].map((person, i) => [person, i]));
  return rocArea(
    {
      scores: trials.map(({ score }) => score),
      positive: trials.map(({ member }) => member),
      person: trials.map(({ person }) => numbers.get(person) ?? 0),
    },
    { random, ...(draws === undefined ? {} : { samples: draws }) },
  );
}
