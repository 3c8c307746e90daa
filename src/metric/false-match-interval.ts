import { InputError } from '../util/errors.ts';
import { type BootstrapOptions, drawnCounts, type Estimate } from './intervals.ts';

/** Two people, by their index, one face of whom passed for one of the other. */
export type FalseMatch = readonly [number, number];

/**
 * The false match rate over all pairs of faces of different people, with a percentile bootstrap interval that resamples people.
 *
 * A person stands in as many pairs as there are others, so that pairs are not independent: Wilson's interval over them is far too narrow. Of a
 * person drawn several times, copies are not compared with each other. Where false matches are few and of different people, the interval errs on the
 * wide side (by up to sqrt(3)).
 *
 * Source: Bolle, Ratha, Pankanti, "Error analysis of pattern recognition systems: the subsets bootstrap", CVIU 93 (2004).
 *
 * @param facesOf - how many faces each person has.
 * @throws InputError where there are fewer than two people.
 */
export function falseMatchInterval(
  matches: readonly FalseMatch[],
  facesOf: readonly number[],
  options: Pick<BootstrapOptions, 'random' | 'samples'>,
): Estimate {
  const { random, samples = 2000 } = options;
  if (facesOf.length < 2) throw new InputError('a false match rate needs at least two people');
  const once = new Float64Array(facesOf.length).fill(1);
  const rates = Float64Array.from({ length: samples }, () =>
    rateOf(matches, facesOf, drawnCounts(facesOf.length, random)),
  ).sort();
  const quantile = (share: number): number => rates[Math.round(share * (samples - 1))] ?? Number.NaN;
  return { value: rateOf(matches, facesOf, once), low: quantile(0.025), high: quantile(0.975) };
}

/** The rate where person i is there `drawn[i]` times. */
function rateOf(matches: readonly FalseMatch[], facesOf: readonly number[], drawn: Float64Array): number {
  let found = 0;
  for (const [a, b] of matches) found += (drawn[a] ?? 0) * (drawn[b] ?? 0);
  let total = 0;
  let squares = 0;
  facesOf.forEach((faces, i) => {
    const weight = faces * (drawn[i] ?? 0);
    total += weight;
    squares += weight * weight;
  });
  return (2 * found) / (total * total - squares);
}
