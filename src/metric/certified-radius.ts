import { type Rate, wilson } from './intervals.ts';
import { normalQuantile } from './normal-distribution.ts';

/**
 * The radius within which the majority's decision under Gaussian noise stands: sigma * Phi^-1(share), in the noise's own units, Euclidean. Undefined where the share is not above
 * one half: nothing is certified, and the smoothed decision abstains.
 *
 * Source: Cohen, Rosenfeld, Kolter 2019, theorem 1, with one minus the share for the other decision's.
 *
 * @param lowerLimit - of the majority's share ({@link shareLowerLimit}).
 */
export function certifiedRadius(lowerLimit: number, sigma: number): number | undefined {
  return lowerLimit > 0.5 ? sigma * normalQuantile(lowerLimit) : undefined;
}

/** A Euclidean length over `numbers` pixel values in 0..1 as RobFR counts perturbations: root mean square, in levels of 255. */
export const lengthInLevels = (length: number, numbers: number): number => (255 * length) / Math.sqrt(numbers);

/** What a smoothed decision came to; `radius` is undefined where it abstained. */
export interface CertifiedDecision {
  readonly right: boolean;
  readonly radius: number | undefined;
}

/** The share of decisions that are right and certified at least to a radius. */
export interface CertifiedShare {
  readonly radius: number;
  readonly share: Rate;
}

/**
 * Certified accuracy against radius: the share of all decisions that are right and whose radius reaches it, with Wilson's interval. What abstains, and what is certified wrong, counts
 * against it. At radius 0 it is the accuracy of the smoothed decision.
 *
 * @throws InputError where there is no decision.
 */
export function certifiedAccuracy(
  decisions: readonly CertifiedDecision[],
  radii: readonly number[],
): readonly CertifiedShare[] {
  return radii.map((radius) => ({
    radius,
    share: wilson(
      decisions.filter(({ right, radius: own }) => right && own !== undefined && own >= radius).length,
      decisions.length,
    ),
  }));
}
