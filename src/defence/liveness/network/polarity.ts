import { type Estimate, wilson } from '../../../metric/intervals.ts';
import { rocArea } from '../../../metric/roc-area.ts';
import type { Random } from '../../../util/random.ts';

/** What a network said of one frame, and of whom it was. */
export interface ScoredFrame {
  readonly score: number;
  /** The person who is shown, or for whom the attack is meant. */
  readonly person: string;
}

/** Which way a network's scores go. */
export interface Polarity {
  /** Share of the pairs of a bona fide frame and an attack in which the former has the higher score, ties by half: 0.5 is chance. */
  readonly auc: Estimate;
  /** 'inverted': attacks have the higher scores; 'undecided': the interval holds 0.5. */
  readonly polarity: 'as stated' | 'inverted' | 'undecided';
}

/**
 * Measures whether a network's scores are higher for bona fide frames, as they should be. The interval, of 95 %, is that of whole people, and no narrower than Wilson's for as many trials as the side of
 * fewer people has people: three of them prove nothing, however clear they are.
 *
 * It holds for these attacks and cameras: a network can be the right way round on one species and the wrong way on another.
 *
 * @throws InputError where a side is empty or a score is not finite.
 */
export function measurePolarity(
  bonaFide: readonly ScoredFrame[],
  attacks: readonly ScoredFrame[],
  options: { readonly random: Random },
): Polarity {
  const trials = [...bonaFide, ...attacks];
  const numbers = new Map([...new Set(trials.map(({ person }) => person))].map((person, i) => [person, i]));
  const { auc } = rocArea(
    {
      scores: trials.map(({ score }) => score),
      positive: trials.map((_, i) => i < bonaFide.length),
      person: trials.map(({ person }) => numbers.get(person) ?? 0),
    },
    options,
  );
  const people = Math.min(...[bonaFide, attacks].map((side) => new Set(side.map(({ person }) => person)).size));
  const few = wilson(Math.round(auc.value * people), people);
  const estimate = { value: auc.value, low: Math.min(auc.low, few.low), high: Math.max(auc.high, few.high) };
  const decided = estimate.low > 0.5 ? 'as stated' : 'inverted';
  return { auc: estimate, polarity: estimate.low <= 0.5 && estimate.high >= 0.5 ? 'undecided' : decided };
}
