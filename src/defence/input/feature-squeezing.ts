import type { Encoder } from '../../encoder/encoder.ts';
import type { Image } from '../../image/image.ts';
import { type Rate, wilson } from '../../metric/intervals.ts';
import { countAtLeast, sortSimilarities } from '../../metric/score-set.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import { similarityAllowing } from '../../metric/threshold.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { parseInputDefences } from './input-defence.ts';

/** How faces are squeezed: what a person hardly sees, and a perturbation hardly survives. Source: Xu et al. 2018, section III. */
const SQUEEZERS = ['bits:4', 'median:3', 'smooth:1'] as const;

/**
 * How far the squeezed versions of each face lie from the face itself: the largest cosine distance, 0..2. A clean face stays where it is; an adversarial one moves.
 *
 * Cost: four queries for each face.
 *
 * Source: Xu, Evans, Qi 2018, equation 9, with the cosine distance of embeddings in place of the L1 distance of class probabilities.
 *
 * @param faces - crops of the encoder's view.
 */
export async function squeezingDistances(encoder: Encoder, faces: readonly Image[]): Promise<number[]> {
  const bare = await encoder.embed(faces);
  const distances = faces.map(() => 0);
  for (const spec of SQUEEZERS) {
    const [squeezer] = parseInputDefences(spec);
    if (!squeezer || squeezer.isRandom) throw new InputError(`${spec} is no squeezer: it must be one, and not random`);
    const squeezed = await Promise.all(faces.map((face) => squeezer.apply(face, new Random(0))));
    const moved = await encoder.embed(squeezed);
    moved.forEach((embedding, i) => {
      // A face that an encoder cannot make out once it is squeezed has moved as far as can be.
      const distance = 1 - cosineSimilarityOr(-1, embedding, bare[i] as Float32Array);
      distances[i] = Math.max(distances[i] as number, distance);
    });
  }
  return distances;
}

/** From which distance on a face is taken for adversarial, and what that costs on clean ones. */
export interface SqueezingAlarm {
  /** An alarm is raised where the distance is at least this. */
  readonly distance: number;
  /** The false alarm rate that was asked for; the measured one is at most this. */
  readonly falseAlarmRate: number;
  /** Measured on the calibration faces. */
  readonly interval: Rate;
}

/**
 * The lowest distance that at most a share `falseAlarmRate` of clean faces reaches.
 *
 * @param distances - {@link squeezingDistances} of clean calibration faces, one a person.
 * @throws InputError where the rate is outside (0, 1), or there are too few faces to fix it.
 */
export function alarmAtRate(distances: readonly number[], falseAlarmRate: number): SqueezingAlarm {
  if (!(falseAlarmRate > 0 && falseAlarmRate < 1)) {
    throw new InputError(`a false alarm rate must be inside (0, 1), not ${falseAlarmRate}`);
  }
  const sorted = sortSimilarities(distances, 'squeezing');
  const allowed = Math.floor(falseAlarmRate * sorted.length + 1e-9);
  if (allowed < 1) {
    throw new InputError(`a false alarm rate of ${falseAlarmRate} cannot be fixed on ${sorted.length} faces`, {
      hint: 'bring more calibration faces, or allow more false alarms',
    });
  }
  const distance = similarityAllowing(sorted, allowed);
  return { distance, falseAlarmRate, interval: wilson(countAtLeast(sorted, distance), sorted.length) };
}

/** What feature squeezing says of a face. */
export interface SqueezingVerdict {
  readonly distance: number;
  readonly alarm: boolean;
}

/** Says of each face whether it looks adversarial. Cost: as {@link squeezingDistances}. */
export async function detectAdversarial(
  encoder: Encoder,
  faces: readonly Image[],
  alarm: Pick<SqueezingAlarm, 'distance'>,
): Promise<SqueezingVerdict[]> {
  const distances = await squeezingDistances(encoder, faces);
  return distances.map((distance) => ({ distance, alarm: distance >= alarm.distance }));
}
