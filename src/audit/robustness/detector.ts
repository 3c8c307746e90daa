import type { DetectorTarget } from '../../attack/evasion/detector/evade.ts';
import { detectorEvasion } from '../../attack/evasion/detector/measure.ts';
import type { Image } from '../../image/image.ts';
import { wilson } from '../../metric/intervals.ts';
import type { Rate, Smallest } from '../findings.ts';
import type { RobustnessContext } from './context.ts';
import { keepNumbers } from './kept.ts';
import { smallestRow } from './smallest.ts';

/** Name of the detector in findings: it is Faceward's own, whatever encoder is audited. */
const DETECTOR = 'bundled detector';

/** What is counted. */
const NO_FACE = 'no face found';

/** What became of the detector. */
export interface DetectorMeasurements {
  readonly rates: Rate[];
  readonly smallest: Smallest[];
}

/**
 * How often a photo is changed so that no face is found in it any more, at the audit's budgets, beside noise of equal size; and the smallest change that does it.
 *
 * @param photos - whole photos; those that show no face when clean count for nothing.
 */
export async function evadedDetector(
  context: RobustnessContext,
  photos: readonly Image[],
  target: DetectorTarget,
): Promise<DetectorMeasurements> {
  const { store } = context;
  // Less than a level is nothing in the 8-bit photo that the detector gets.
  const epsilons = context.epsilons.filter((epsilon) => epsilon >= 1);
  const outcomes: number[][] = [];
  for (const [i, photo] of photos.entries()) {
    const key = `detector ${epsilons.join(' ')} ${i}`;
    outcomes.push(await keepNumbers(store, key, () => attackPhoto(photo, { ...context, epsilons }, target, key)));
    context.onProgress?.({ stage: 'evading the detector', done: i + 1, total: photos.length });
  }
  const shown = outcomes.filter((own) => own.length > 0);
  if (shown.length === 0) return { rates: [], smallest: [] };
  const rates = epsilons.flatMap((epsilon, k) =>
    (['noise of equal size', 'steps against the detector'] as const).map((attack, j) => ({
      name: NO_FACE,
      attack,
      target: DETECTOR,
      judge: DETECTOR,
      fmr: null,
      perturbation: { norm: 'linf' as const, epsilon, madeWith: j === 0 ? [] : [DETECTOR] },
      ...wilson(shown.filter((own) => own[2 * k + j] === 0).length, shown.length),
    })),
  );
  const sizes = shown.map((own) => own.at(-1) as number);
  const attack = 'steps against the detector';
  return {
    rates,
    smallest: [smallestRow(sizes, { name: NO_FACE, attack, target: DETECTOR, norm: 'linf', fmr: null })],
  };
}

/**
 * For each budget 1 where a face is still found under noise, and 1 where it is under attack; at the end the smallest perturbation that succeeds, in levels, infinite where none does. Nothing where
 * the clean photo shows no face.
 */
async function attackPhoto(
  photo: Image,
  context: RobustnessContext,
  target: DetectorTarget,
  key: string,
): Promise<number[]> {
  if ((await target.pipeline.detect(photo)).length === 0) return [];
  const { signal } = context;
  const { rows, smallest } = await detectorEvasion([photo], target, {
    norm: 'linf',
    epsilons: context.epsilons.map((epsilon) => epsilon / 255),
    random: context.random.fork(key),
    ...(signal ? { signal } : {}),
  });
  return [...rows.flatMap(({ noise, attack }) => [noise.successes, attack.successes]), 255 * (smallest[0] as number)];
}
