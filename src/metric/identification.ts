import { InputError } from '../util/errors.ts';
import { type Rate, wilson } from './intervals.ts';
import { similarityMatrix } from './similarity.ts';
import type { Threshold } from './threshold.ts';

/** An embedding and whose it is. */
export interface LabelledEmbedding {
  readonly person: string;
  readonly embedding: Float32Array;
}

/**
 * The rank of each probe's person in the gallery: 1 where no other person is as similar; Infinity where the person is not enrolled.
 *
 * A person counts with the most similar of their references; a tie counts against the probe, so that an encoder that says the same of everyone scores nothing.
 *
 * @throws InputError where the gallery is empty; as similarityMatrix.
 */
export function identificationRanks(
  probes: readonly LabelledEmbedding[],
  gallery: readonly LabelledEmbedding[],
): number[] {
  return searches(probes, gallery).map((search) => search.rank);
}

/**
 * The share of probes whose person is among the first `k` of the gallery (rank-1, rank-5).
 *
 * @param ranks - from {@link identificationRanks}.
 * @throws InputError where there is no probe.
 */
export function rankRate(ranks: readonly number[], k: number): Rate {
  return wilson(ranks.filter((rank) => rank <= k).length, ranks.length);
}

/** Errors of an open-set search. */
export interface OpenSetRates {
  /** False positive identification rate: probes of people who are not enrolled, for whom some reference is accepted. Undefined where there are none. */
  readonly fpir: Rate | undefined;
  /** False negative identification rate: probes of enrolled people who are not found at rank 1 at or above the threshold. Undefined where there are none. */
  readonly fnir: Rate | undefined;
}

/**
 * FPIR and FNIR of a search at a threshold (accepted: similarity >= threshold), rank 1.
 *
 * Source: ISO/IEC 19795-1:2021, identification error rates.
 *
 * @throws InputError where the gallery is empty; as similarityMatrix.
 */
export function openSetRates(
  probes: readonly LabelledEmbedding[],
  gallery: readonly LabelledEmbedding[],
  threshold: Pick<Threshold, 'similarity'>,
): OpenSetRates {
  const found = searches(probes, gallery);
  const mated = found.filter((search) => search.own !== undefined);
  const nonMated = found.filter((search) => search.own === undefined);
  const missed = mated.filter(({ own, rank }) => rank > 1 || (own ?? -1) < threshold.similarity);
  const alarms = nonMated.filter(({ best }) => best >= threshold.similarity);
  return {
    fpir: nonMated.length === 0 ? undefined : wilson(alarms.length, nonMated.length),
    fnir: mated.length === 0 ? undefined : wilson(missed.length, mated.length),
  };
}

interface Search {
  readonly rank: number;
  /** Similarity to the most similar reference of all. */
  readonly best: number;
  /** Similarity to the most similar reference of the probe's own person. */
  readonly own: number | undefined;
}

function searches(probes: readonly LabelledEmbedding[], gallery: readonly LabelledEmbedding[]): Search[] {
  if (gallery.length === 0) throw new InputError('nobody is enrolled in the gallery');
  const matrix = similarityMatrix(
    probes.map((probe) => probe.embedding),
    gallery.map((reference) => reference.embedding),
  );
  return probes.map((probe, i) => {
    const best = new Map<string, number>();
    gallery.forEach(({ person }, j) => {
      best.set(person, Math.max(best.get(person) ?? -1, matrix[i]?.[j] ?? -1));
    });
    const own = best.get(probe.person);
    let rank = own === undefined ? Number.POSITIVE_INFINITY : 1;
    for (const [person, similarity] of best) if (person !== probe.person && similarity >= (own ?? 2)) rank++;
    return { rank, own, best: Math.max(...best.values()) };
  });
}
