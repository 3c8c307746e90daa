import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { type Rate, wilson } from '../../../metric/intervals.ts';
import { InputError } from '../../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import type { Random } from '../../../util/random.ts';
import { type Norm, project } from '../perturbation.ts';
import { quantisePerturbation } from './eight-bit.ts';
import { type DetectorTarget, openEvasion } from './evade.ts';

export interface DetectorEvasionOptions extends JobOptions {
  readonly norm: Norm;
  /** Budgets, 0..1 as {@link sizeOfPerturbation} counts them. */
  readonly epsilons: readonly number[];
  /** Default 30. */
  readonly steps?: number;
  /** For the noise. */
  readonly random: Random;
}

/** In how many of the photos that show a face when clean it is still found. */
export interface DetectorEvasionRow {
  readonly epsilon: number;
  /** Under noise of equal size. */
  readonly noise: Rate;
  readonly attack: Rate;
}

/** How the pipeline holds out against attacks on its detector. */
export interface DetectorEvasion {
  /** Photos in which a face is found when clean: all else is of these. */
  readonly clean: Rate;
  readonly rows: readonly DetectorEvasionRow[];
  /** Of the smallest perturbation that loses each photo's faces, 0..1, in the photos' order; infinite where 64 grey levels do not suffice. */
  readonly smallest: readonly number[];
}

/**
 * Measures detector evasion on photos: the share in which a face is still found, clean, under noise and under attack, and the smallest perturbation of each.
 *
 * Cost: on a core about 20 s a photo of 250 px, for four budgets.
 *
 * @throws InputError where no photo shows a face; as {@link evadeDetector} for options.
 */
export async function detectorEvasion(
  photos: readonly Image[],
  target: DetectorTarget,
  options: DetectorEvasionOptions,
): Promise<DetectorEvasion> {
  const { epsilons, random, norm } = options;
  const shown: Image[] = [];
  for (const photo of photos) if (await isFound(photo, target)) shown.push(photo);
  if (shown.length === 0) throw new InputError('no face was found in any of the photos');
  const found = epsilons.map(() => ({ noise: 0, attack: 0 }));
  const smallest: number[] = [];
  // The attack reports its own steps to nobody: what counts here is photos.
  const quiet = { ...options, onProgress: () => undefined };
  for (const [k, photo] of shown.entries()) {
    const evasion = await openEvasion(photo, target, quiet);
    for (const [i, epsilon] of epsilons.entries()) {
      throwIfAborted(options);
      const counts = found[i] as { noise: number; attack: number };
      const noisy = addNoise(photo, epsilon, norm, random.fork(`noise ${k} ${epsilon}`));
      if (await isFound(noisy, target)) counts.noise++;
      if ((await evasion.evade(epsilon)).found) counts.attack++;
    }
    smallest.push((await evasion.smallest())?.size ?? Number.POSITIVE_INFINITY);
    options.onProgress?.({ stage: 'evading the detector', done: k + 1, total: shown.length });
  }
  return {
    clean: wilson(shown.length, photos.length),
    rows: epsilons.map((epsilon, i) => ({
      epsilon,
      noise: wilson(found[i]?.noise ?? 0, shown.length),
      attack: wilson(found[i]?.attack ?? 0, shown.length),
    })),
    smallest,
  };
}

/** The photo with noise of exactly this size where no pixel is at the end of its range: random signs for linf, normal for l2. */
export function addNoise(photo: Image, epsilon: number, norm: Norm, random: Random): Image {
  const clean = toPlanar([photo]);
  const noisy = clean.map((value) => {
    const along = norm === 'linf' ? (random.uniform() < 0.5 ? -1 : 1) : random.normal();
    return value + epsilon * along;
  });
  project(noisy, clean, epsilon, norm);
  return quantisePerturbation(photo, noisy, epsilon, norm);
}

const isFound = async (photo: Image, { pipeline }: DetectorTarget): Promise<boolean> =>
  (await pipeline.detect(photo)).length > 0;
