import type { Threshold } from '../../metric/threshold.ts';

/** What an adversarial face is to do: not be recognised as its own person, or be recognised as another. */
export type Goal = 'dodge' | 'impersonate';

/** Sign of the similarity's gradient along which the goal is reached. */
export const towards = (goal: Goal): 1 | -1 => (goal === 'impersonate' ? 1 : -1);

/** Whether a similarity to the reference reaches the goal: below the threshold to dodge, at or above it to impersonate. */
export function reaches(goal: Goal, similarity: number, threshold: Pick<Threshold, 'similarity'>): boolean {
  return goal === 'impersonate' ? similarity >= threshold.similarity : similarity < threshold.similarity;
}
