import type { Value } from '../../graph/builder.ts';
import { gradients } from '../../graph/differentiate.ts';
import { add, maximum, minimum, mul, sign, sub } from '../../graph/ops/arithmetic.ts';

/** The perturbation that adversarial training trains against. */
export interface AdversarialSettings {
  /** Largest change of a value, of faces in 0..1. */
  readonly epsilonLinf: number;
  /** Gradient steps before each update of the weights. */
  readonly steps: number;
}

/** Length of a step: all of them together reach two and a half times as far as the bound, as Madry et al. have it. */
const REACH = 2.5;

/**
 * The batch perturbed by PGD against the network as it stands: from a random start, along the sign of the loss's gradient, within epsilon of the clean faces and within 0..1. A part
 * of the training graph: the network's weights are in it already, and the sign lets no gradient through, so that the update sees the perturbed faces as data.
 *
 * Cost: one forward and one backward pass for each step.
 *
 * Source: Madry et al. 2018, section 2.1.
 *
 * @param face - [N,3,S,S], 0..1.
 * @param start - of the same shape, -1..1: where within epsilon it begins.
 * @param lossOf - the loss of faces, a scalar.
 */
export function adversarialBatch(
  face: Value,
  start: Value,
  lossOf: (face: Value) => Value,
  { epsilonLinf, steps }: AdversarialSettings,
): Value {
  const bounded = (moved: Value): Value => {
    const near = minimum(maximum(moved, sub(face, epsilonLinf)), add(face, epsilonLinf));
    return minimum(maximum(near, 0), 1);
  };
  let perturbed = bounded(add(face, mul(start, epsilonLinf)));
  for (let step = 0; step < steps; step++) {
    const [gradient] = gradients(lossOf(perturbed), [perturbed]) as [Value];
    perturbed = bounded(add(perturbed, mul(sign(gradient), (REACH * epsilonLinf) / steps)));
  }
  return perturbed;
}
