import { successfulAttackRate } from '../metric/sar.ts';
import type { JobOptions } from '../util/progress.ts';
import { MEASURE, type Rate } from './findings.ts';
import { type Judge, similaritiesTo } from './judge.ts';
import type { Subject } from './subjects.ts';

/** How often the judge accepts two real photos of one person: the ceiling of every attack. */
export async function genuineRates(subjects: readonly Subject[], judge: Judge, job?: JobOptions): Promise<Rate[]> {
  const templates = await judge.embed(
    subjects.map(({ template }) => template),
    job,
  );
  const similarities = await similaritiesTo(
    templates,
    subjects.map(({ others }) => others[0]),
    judge,
    job,
  );
  if (similarities.length === 0) return [];
  return judge.thresholds.map((threshold) => {
    const { successes, trials, rate, low, high } = successfulAttackRate({ type: 'type-II', threshold, similarities });
    const { id } = judge.encoder;
    return {
      name: MEASURE.genuine,
      attack: 'real photos',
      target: id,
      judge: id,
      fmr: threshold.fmr,
      successes,
      trials,
      rate,
      low,
      high,
    };
  });
}
