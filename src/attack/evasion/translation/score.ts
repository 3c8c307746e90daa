import { clusterBootstrap, type Estimate } from '../../../metric/intervals.ts';
import { cosineSimilarity } from '../../../metric/similarity.ts';
import type { Threshold } from '../../../metric/threshold.ts';
import type { Random } from '../../../util/random.ts';

/** Held-out faces as one encoder sees them; `translated[i]` was made of `from[i]`. */
export interface TranslationEmbeddings {
  readonly from: readonly Float32Array[];
  readonly translated: readonly Float32Array[];
  /** The references of both people: their photos as they are. */
  readonly fromReferences: readonly Float32Array[];
  readonly toReferences: readonly Float32Array[];
}

/** In how many comparisons faces pass as a person, with an interval from resampling whole faces. */
export interface PassRate {
  readonly name: string;
  readonly comparisons: number;
  readonly passed: Estimate;
  /** Median cosine similarity. */
  readonly similarity: number;
}

/**
 * How often an encoder takes translated faces for the other person, and still for their own, beside the same faces untranslated and beside the other person's photos among
 * themselves. A photo is not compared with itself, nor with its own translation.
 */
export function scoreTranslation(
  embeddings: TranslationEmbeddings,
  threshold: Pick<Threshold, 'similarity'>,
  random: Random,
): PassRate[] {
  const { from, translated, fromReferences, toReferences } = embeddings;
  const rate = (
    name: string,
    probes: readonly Float32Array[],
    references: readonly Float32Array[],
    isSame: (probe: number, reference: number) => boolean = () => false,
  ): PassRate => {
    const similarities = probes.map((probe, i) =>
      references.filter((_, k) => !isSame(i, k)).map((reference) => cosineSimilarity(probe, reference)),
    );
    const passed = similarities.map((own) => own.map((similarity) => (similarity >= threshold.similarity ? 1 : 0)));
    const all = similarities.flat().sort((a, b) => a - b);
    return {
      name,
      comparisons: all.length,
      passed: clusterBootstrap(passed, { random: random.fork(name) }),
      similarity: all[Math.floor(all.length / 2)] ?? Number.NaN,
    };
  };
  const isOwn = (probe: number, reference: number): boolean => probe === reference;
  return [
    rate('translated, as the other', translated, toReferences),
    rate('translated, as their own', translated, fromReferences, isOwn),
    rate('untranslated, as the other', from, toReferences),
    rate('untranslated, as their own', from, fromReferences, isOwn),
    rate('the other’s photos among themselves', toReferences, toReferences, isOwn),
  ];
}
