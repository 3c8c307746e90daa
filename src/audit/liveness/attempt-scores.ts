import type { Attempt } from './attempt.ts';

/** The scores of a check, of the attempts to which it applies. */
export const scoresOf = (attempts: readonly Attempt[], check: string): number[] =>
  attempts.flatMap(({ checks }) => {
    const own = checks[check];
    return own && 'score' in own ? [own.score] : [];
  });

/** The value that all but this share of some reach; undefined of none. */
export const reachedByAllBut = (share: number, values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(share * values.length)];
