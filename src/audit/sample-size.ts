import { normalQuantile } from '../metric/normal-distribution.ts';

/** Two-sided, 95 %. */
const Z_95 = normalQuantile(0.975);

/**
 * Trials after which a rate, should it stay as observed, is told from a level: its 95 % Wilson interval then lies on one side of it.
 *
 * Source: Wilson 1927. The interval excludes `level` exactly where the score test does, |rate - level| > z sqrt(level (1 - level) / n),
 * which is solved for n.
 *
 * @param rate - observed, 0..1.
 * @param level - strictly between 0 and 1.
 * @returns undefined where the rate stands on the level, so that no number of trials would do.
 */
export function trialsToSettle(rate: number, level: number): number | undefined {
  const gap = Math.abs(rate - level);
  if (gap < 1e-9) return undefined;
  return Math.floor((Z_95 * Z_95 * level * (1 - level)) / (gap * gap)) + 1;
}
