import { clusterRate, type Rate as Interval, wilson } from '../../metric/intervals.ts';
import { cosineSimilarity } from '../../metric/similarity.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import { MEASURE, type Rate } from '../findings.ts';
import { directionOf, type Gallery } from './gallery.ts';
import type { MadeFaces } from './reconstruct.ts';

/** Ranks up to which a face counts as found, and what that is called. */
const PLACES = [
  { places: 1, name: MEASURE.accuracyOne },
  { places: 5, name: MEASURE.accuracyFive },
] as const;

/** Confidence at which what should be chance is told from it: one control in a thousand fails by luck. */
const CHANCE_CONFIDENCE = 0.998;

/** A rate, and whether it owes anything to the attack. */
export interface AccuracyRow {
  readonly row: Rate;
  /** What guessing gives: the share of the people in that many places. */
  readonly chance: number;
  /** Whether luck does not explain that it is above chance. */
  readonly isAboveChance: boolean;
}

/** Whom the faces of an attack should be, by their place in the gallery. */
export interface AttackedPeople {
  readonly attacked: readonly number[];
  /** Name of the model whose classes were inverted. */
  readonly target: string;
  readonly random: Random;
}

/**
 * Attack accuracy: how often a judge that had no part in the attack finds a made face to be most like its person among all people of the gallery, or among the five that are most like it. An attack
 * that gave up failed. Intervals draw people, whose faces of several seeds are not independent, and are no narrower than Wilson's of so many people.
 *
 * Source: Zhang et al., CVPR 2020 (attack accuracy under an evaluation classifier); here the evaluator compares with each person's mean training embedding.
 *
 * @returns accuracy@1, and accuracy@5 where there are more than five people.
 */
export async function accuracyRows(
  made: MadeFaces,
  gallery: Gallery,
  { attacked, target, random }: AttackedPeople,
  job?: JobOptions,
): Promise<AccuracyRow[]> {
  const { judge, centres } = gallery;
  const embeddings = await judge.embedImages(
    made.faces.flat().filter((face) => face !== undefined),
    job,
  );
  let next = 0;
  const ranks = made.faces.map((faces, i) =>
    faces.map((face) =>
      face === undefined
        ? Number.POSITIVE_INFINITY
        : rankOf(directionOf(embeddings[next++] as Float32Array), attacked[i] as number, centres),
    ),
  );
  return PLACES.filter(({ places }) => places < centres.length).map(({ places, name }) => {
    const outcomes = ranks.map((own) => own.map((rank) => rank <= places));
    const draw = (confidence: number): Interval => {
      const rate = clusterRate(outcomes, {
        random: random.fork(`${name} ${made.attack} ${target} ${judge.encoder.id}`),
        samples: 1000,
        confidence,
      });
      // More seeds do not make more people.
      const { low, high } = wilson(Math.round(rate.rate * outcomes.length), outcomes.length, confidence);
      return { ...rate, low: Math.min(rate.low, low), high: Math.max(rate.high, high) };
    };
    const chance = places / centres.length;
    const { id } = judge.encoder;
    return {
      row: { name, attack: made.attack, target, judge: id, fmr: null, ...draw(0.95) },
      chance,
      isAboveChance: draw(CHANCE_CONFIDENCE).low > chance,
    };
  });
}

/** The place of a person among all, by likeness to their centres; of equals the last. */
function rankOf(direction: Float32Array, person: number, centres: readonly Float32Array[]): number {
  const similarities = centres.map((centre) => cosineSimilarity(direction, centre));
  const own = similarities[person] as number;
  return similarities.filter((similarity) => similarity >= own).length;
}
