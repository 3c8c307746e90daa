import type { Value } from '../../../graph/builder.ts';
import { mul, sub } from '../../../graph/ops/arithmetic.ts';
import { normaliseL2 } from '../../../graph/ops/normalisation.ts';
import { float32 } from '../../../graph/tensor.ts';

/** Middle and spread of directions: of embeddings brought to length 1. */
export interface DirectionScale {
  readonly mean: Float32Array;
  /** One for all dimensions, so that angles and distances stay in proportion. */
  readonly factor: number;
}

/** The scale that brings directions to mean 0 and, over all dimensions, variance 1. @param embeddings - one at least, of one length. */
export function directionScale(embeddings: readonly Float32Array[]): DirectionScale {
  const size = embeddings[0]?.length ?? 0;
  const sums = new Float64Array(size);
  let squares = 0;
  for (const embedding of embeddings) {
    const norm = Math.hypot(...embedding) || 1;
    embedding.forEach((value, i) => {
      sums[i] = (sums[i] as number) + value / norm;
      squares += (value / norm) ** 2;
    });
  }
  const mean = Float32Array.from(sums, (sum) => sum / embeddings.length);
  const variance = squares / embeddings.length - mean.reduce((sum, value) => sum + value ** 2, 0);
  return { mean, factor: variance > 1e-12 ? Math.sqrt(size / variance) : 1 };
}

/** Embeddings [N,D] as they are -> directions at the scale. */
export function standardiseDirections(embeddings: Value, { mean, factor }: DirectionScale): Value {
  const centre = embeddings.builder.constant(float32(mean, [1, mean.length]), 'mean_direction');
  return mul(sub(normaliseL2(embeddings), centre), factor);
}
