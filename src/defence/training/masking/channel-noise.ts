import { z } from 'zod';
import type { Value } from '../../../graph/builder.ts';
import { softmax } from '../../../graph/ops/activation.ts';
import { add, div, mul } from '../../../graph/ops/arithmetic.ts';
import { reshape } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';
import { filled, type Parameters, type Weights } from '../../../nn/parameters.ts';
import { ModelFileError } from '../../../util/errors.ts';

/** Name of the weight that divides the noise among the channels. */
const BUDGET = 'noise.budget';

/** Share of the budget that every channel has, so that no noise is without bound. */
const FIXED_SHARE = 0.1;

/**
 * Deviations of noise [C,1,1] that are learnt within a budget: the sum over the channels of 1 / deviation is that of equal deviations, and no channel has less than a tenth of its equal share.
 *
 * Source: DCTDP (Ji et al., ECCV 2022), section 3.3, which learns how a privacy budget is divided among frequencies; with Gaussian noise in place of Laplace's.
 */
export function learntDeviations(p: Parameters, channels: number, deviation: number): Value {
  const shares = softmax(p.weight(BUDGET, [channels], filled(0)), 0);
  const budget = add(mul(shares, channels * (1 - FIXED_SHARE)), FIXED_SHARE);
  return reshape(div(deviation, budget), [channels, 1, 1]);
}

/** Weights by which all channels have the same deviation, as before any training. */
export const equalNoise = (channels: number): Weights =>
  new Map([[BUDGET, float32(new Float32Array(channels), [channels])]]);

/** What a model's metadata say of noise that was learnt with it; nothing where none was. */
export function noiseMetadata(weights: Weights): Readonly<Record<string, string>> {
  const budget = weights.get(BUDGET);
  return budget ? { noise: JSON.stringify([...budget.data]) } : {};
}

/** The weights of {@link noiseMetadata}; undefined where a model has none. @throws ModelFileError where they cannot be read. */
export function readNoise({ noise }: Readonly<Record<string, string>>): Weights | undefined {
  if (noise === undefined) return undefined;
  try {
    const budget = z.array(z.number()).nonempty().parse(JSON.parse(noise));
    return new Map([[BUDGET, float32(budget, [budget.length])]]);
  } catch (cause) {
    throw new ModelFileError('the noise of a masking cannot be read', { cause });
  }
}
