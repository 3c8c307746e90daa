import { cosineSimilarityOr } from '../../../metric/similarity.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import type { MaskedFace } from './student.ts';

/** Share of the attacker's people whose pairs choose between what was learnt from the others. */
const HELD_OUT = 0.2;

/** An attacker's pairs, parted by person. */
export interface PartedPairs {
  readonly kept: readonly MaskedFace[];
  readonly heldOut: readonly MaskedFace[];
}

/**
 * Parts an attacker's pairs by person, about a fifth of the people for choosing.
 *
 * @throws InputError where all are of one person.
 */
export function partPairs(pairs: readonly MaskedFace[], seed: number): PartedPairs {
  const people = [...new Set(pairs.map(({ person }) => person))];
  if (people.length < 2) {
    throw new InputError(`what ${pairs.length} pairs of ${people.length} people teach cannot be tried on other people`);
  }
  const chosen = new Set(
    new Random(seed).fork('held out').sample(people, Math.max(1, Math.round(HELD_OUT * people.length))),
  );
  return {
    kept: pairs.filter(({ person }) => !chosen.has(person)),
    heldOut: pairs.filter(({ person }) => chosen.has(person)),
  };
}

/** Mean cosine similarity of what was predicted of templates to what they are about the mean template of the attacker's pairs. */
export function meanSimilarity(predicted: readonly Float32Array[], templates: readonly Float32Array[]): number {
  const total = predicted.reduce((sum, row, i) => sum + cosineSimilarityOr(0, row, templates[i] as Float32Array), 0);
  return total / predicted.length;
}

/** The mean of rows of one length. */
export function meanRow(rows: readonly Float32Array[]): Float32Array {
  const sums = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (row[i] as number);
  return Float32Array.from(sums, (sum) => sum / rows.length);
}

/** Rows less `mean`. */
export function centredRows(rows: readonly Float32Array[], mean: Float32Array): Float32Array[] {
  return rows.map((row) => row.map((value, i) => value - (mean[i] as number)));
}
