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
