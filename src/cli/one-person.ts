import { cosineSimilarityOr } from '../metric/similarity.ts';

/**
 * Which of the faces are hardly those of the person whom most show: their median similarity to the others is below the threshold. Where two people share a folder evenly, all are.
 *
 * @param embeddings - of one encoder.
 * @returns indices in order; none of fewer than three faces.
 */
export function strangersAmong(embeddings: readonly Float32Array[], threshold: number): number[] {
  if (embeddings.length < 3) return [];
  return embeddings.flatMap((own, i) => {
    const others = embeddings.filter((_, k) => k !== i);
    return medianSimilarity([own], others) < threshold ? [i] : [];
  });
}

/** The median of the similarities of all pairs. */
export function medianSimilarity(some: readonly Float32Array[], others: readonly Float32Array[]): number {
  const sorted = Float64Array.from(
    some.flatMap((one) => others.map((other) => cosineSimilarityOr(-1, one, other))),
  ).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? -1;
}
