import { fitLogistic } from '../logistic-regression.ts';

/** What turns a check's score into evidence. It holds for the presentations that it was fitted on, of other people than those who are judged. */
export interface LlrCalibration {
  readonly slope: number;
  readonly offset: number;
  /** The log-likelihood ratio is kept between minus and plus this. */
  readonly limit: number;
  readonly bonaFide: number;
  readonly attacks: number;
  /** Name of the presentations, with the split by person. */
  readonly dataset: string;
}

/**
 * Fits the line from scores (higher speaks for bona fide) to log-likelihood ratios.
 *
 * So many trials can prove no more than that an error is rarer than about one in them: that is the limit.
 *
 * @throws InputError where a side is empty or a score is not finite.
 */
export function fitCalibration(
  bonaFide: readonly number[],
  attacks: readonly number[],
  dataset: string,
): LlrCalibration {
  const scores = [...bonaFide, ...attacks].map((score) => [score]);
  const fit = fitLogistic(scores, [...bonaFide.map(() => true), ...attacks.map(() => false)]);
  return {
    slope: fit.weights[0] ?? 0,
    offset: fit.offset,
    limit: Math.log(1 + Math.min(bonaFide.length, attacks.length)),
    bonaFide: bonaFide.length,
    attacks: attacks.length,
    dataset,
  };
}

/** ln of how much likelier the score is of a bona fide presentation than of an attack. */
export function logLikelihoodRatio({ slope, offset, limit }: LlrCalibration, score: number): number {
  return Math.max(-limit, Math.min(limit, offset + slope * score));
}
