import type { Value } from '../../../graph/builder.ts';
import { matMul } from '../../../graph/ops/matrix.ts';
import { flatten, reshape } from '../../../graph/ops/shape.ts';
import { InputError } from '../../../util/errors.ts';
import type { RandomNumbers } from '../../../util/random.ts';

/** The largest part that one face may have in a mix. Source: InstaHide (Huang et al., ICML 2020), section 4. */
export const LARGEST_PART = 0.65;

/** Most and fewest faces that a mix is made of where their number is chosen. */
export const [FEWEST_MIXED, MOST_MIXED] = [2, 6] as const;

/** How a mix's parts are drawn. */
export interface WeightLaw {
  /** Of the normal numbers; 1 is InstaHide's law, larger ones make the parts more unlike, and 0 makes them equal. Default 1. */
  readonly power?: number;
}

/**
 * The parts of `count` faces in a mix: |N(0,1)|^power each, divided by their sum, drawn again while the largest exceeds {@link LARGEST_PART}. A mix of one has the part 1.
 *
 * Source: InstaHide (Huang et al. 2020), algorithm 1 and its code; that law with a power is ours.
 */
export function drawParts(count: number, random: RandomNumbers, { power = 1 }: WeightLaw = {}): number[] {
  if (count === 1) return [1];
  for (;;) {
    const drawn = Array.from({ length: count }, () => Math.abs(random.normal()) ** power);
    const total = drawn.reduce((sum, value) => sum + value, 0);
    const parts = drawn.map((value) => value / total);
    if (Math.max(...parts) <= LARGEST_PART) return parts;
  }
}

/**
 * Rows of a batch to mix each row with: its own first, then `count - 1` of other people, each of another person.
 *
 * @param people - whose face each row is.
 * @throws InputError where the batch has fewer people than that.
 */
export function drawPartners(people: readonly number[], count: number, random: RandomNumbers): number[][] {
  return people.map((person, row) => {
    const rows = [row];
    const taken = new Set([person]);
    for (const other of random.shuffle(people.map((_, i) => i))) {
      if (rows.length === count) break;
      if (taken.has(people[other] as number)) continue;
      rows.push(other);
      taken.add(people[other] as number);
    }
    if (rows.length < count) {
      throw new InputError(`a batch of ${people.length} faces shows ${taken.size} people, too few to mix ${count}`, {
        hint: 'bring more people, or take larger batches',
      });
    }
    return rows;
  });
}

/** Partners as numbers for a graph: [B,slots,B], 1 where the slot of a row is that other row; rows may have fewer. */
export function partnerMatrix(partners: readonly (readonly number[])[], slots: number): Float32Array {
  const batch = partners.length;
  const out = new Float32Array(batch * slots * batch);
  partners.forEach((rows, row) => {
    rows.forEach((other, slot) => {
      out[(row * slots + slot) * batch + other] = 1;
    });
  });
  return out;
}

/** Parts as numbers for a graph: each row's parts, filled up with zeros. */
export function padParts(parts: readonly number[], slots: number): number[] {
  return [...parts, ...new Array<number>(slots - parts.length).fill(0)];
}

/**
 * Mixes a batch: row i becomes the sum of its partners' rows by its parts. Two products of matrices, so that it costs next to nothing.
 *
 * @param masked - [B,C,h,w].
 * @param parts - [N,slots], rows of sum 1; N is B, or less where only the first rows are mixed.
 * @param partners - [N,slots,B], of {@link partnerMatrix}.
 */
export function mixRows(masked: Value, parts: Value, partners: Value): Value {
  const [rows, slots] = parts.shape as [number, number];
  const [batch, ...shape] = masked.shape as [number, ...number[]];
  const mix = reshape(matMul(reshape(parts, [rows, 1, slots]), partners), [rows, batch]);
  return reshape(matMul(mix, flatten(masked)), [rows, ...shape]);
}
