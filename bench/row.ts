/** One measured figure beside a peer's, both from the same run. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Median. */
  readonly ours: number;
  readonly peer: number | null;
  /** How many times faster we are; null without a peer. */
  readonly ratio: number | null;
  /** Measurements behind each median. */
  readonly runs: number;
}

/** Median; of an even number of values the mean of the middle two. NaN where there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
