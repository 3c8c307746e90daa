import type { Value } from '../../../graph/builder.ts';
import { logSoftmax } from '../../../graph/ops/activation.ts';
import { abs, add, div, exp, log, maximum, mul, neg, sqrt, square, sub } from '../../../graph/ops/arithmetic.ts';
import { reduceMean, reduceSum } from '../../../graph/ops/reduction.ts';
import type { LatentObjective } from '../latent-optimisation.ts';
import { classCountOf, classLogits, type ModelTarget } from './target.ts';

/** How far logits are from a class: the surprise at it, or {@link poincareDistance}, whose gradient does not fade where the model is sure. */
export type ClassLoss = 'cross-entropy' | 'poincare';

/** How far the class's corner is drawn in from the edge of the ball, where distances are infinite. */
const CORNER_INSET = 1e-4;

/** That the model takes the face for the class whose goal ({@link classGoal}) it is; the figure is its confidence, 0..1. */
export function classObjective(target: ModelTarget, loss: ClassLoss): LatentObjective {
  return {
    view: target.view,
    goalSize: classCountOf(target.head, target.outputSize),
    build: (seen, goals) => {
      const logits = classLogits(target, seen);
      const logConfidence = reduceSum(mul(logSoftmax(logits, 1), goals), [1]);
      const match = loss === 'poincare' ? neg(poincareDistance(logits, goals)) : logConfidence;
      return { match, figure: exp(logConfidence) };
    },
  };
}

/** The goal of a class: 1 for it, 0 for the others. */
export function classGoal(label: number, classCount: number): Float32Array {
  const goal = new Float32Array(classCount);
  goal[label] = 1;
  return goal;
}

/**
 * Distance [N] in the Poincaré ball of logits [N,K], about their mean and scaled to an absolute sum of 1, from the corners of their classes (one-hot [N,K]).
 *
 * Source: Struppek et al. 2022 (Plug & Play Attacks), equation 5, whose logits are about nought by themselves. What all logits of a face have in common changes
 * no probability; left in, it made the optimisation end with less of the class than it began with.
 */
export function poincareDistance(logits: Value, goals: Value): Value {
  const apartFromMean = sub(logits, reduceMean(logits, [1], true));
  const point = div(apartFromMean, add(reduceSum(abs(apartFromMean), [1], true), 1e-12));
  const corner = mul(goals, 1 - CORNER_INSET);
  const cornerRoom = 1 - (1 - CORNER_INSET) ** 2;
  const pointRoom = maximum(sub(1, reduceSum(square(point), [1])), 1e-6);
  const apart = div(reduceSum(square(sub(point, corner)), [1]), mul(pointRoom, cornerRoom / 2));
  // arccosh(1 + d) = ln(1 + d + sqrt(d (d + 2))).
  return log(add(add(apart, 1), sqrt(add(mul(apart, add(apart, 2)), 1e-12))));
}
