import { quantileOfSorted } from '../../../metric/intervals.ts';

/** The middle value, or the mean of the two; NaN where there is none. */
export function medianOf(values: readonly number[]): number {
  return quantileOfSorted(Float64Array.from(values).sort(), 0.5);
}
