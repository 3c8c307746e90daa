import { normaliseOrZero } from '../../metric/similarity.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import { dot, type LabelledVectors, linearDiscriminant } from './linear-discriminant.ts';

/** A projection that takes directions out of embeddings. */
export interface NullSpaceProjection {
  /** What is taken out: orthonormal, [D] each, in the order in which they were found. */
  readonly directions: readonly Float64Array[];
  /** The embedding [D] without the directions, as a copy; its length falls. */
  apply(embedding: Float32Array): Float32Array;
}

/** How far the projection goes. */
export interface ProjectionOptions extends JobOptions {
  /** Directions, at most; default 16. Fewer are taken out where the means of both classes have become one. */
  readonly directions?: number;
}

/**
 * Iterative null-space projection: a linear classifier is trained to tell the attribute, its direction is taken out of the embeddings, and so on. How many times is given, and not seen from held-out people: of
 * a rare attribute these are so few that the first classifier already looks like chance.
 *
 * What is left may still be read, above all by what is not linear, and recognition loses the directions: measure both. Embeddings are taken at length 1, as cosine similarity sees them.
 *
 * Source: Ravfogel, Elazar, Gonen, Twiton, Goldberg, Null It Out: Guarding Protected Attributes by Iterative Nullspace Projection, ACL 2020, algorithm 1; the classifier here is Fisher's
 * discriminant with both classes of equal weight.
 *
 * Cost: for each direction about 120 passes over the embeddings.
 *
 * @param fitted - embeddings of the people that the classifiers are trained on; none of them may be judged.
 * @throws InputError where nobody has the attribute, or everybody; ShapeError where lengths differ; InterruptedError between two directions.
 */
export function fitNullSpaceProjection(fitted: LabelledVectors, options: ProjectionOptions = {}): NullSpaceProjection {
  const { directions: most = 16 } = options;
  const directions: Float64Array[] = [];
  let rest = fitted.vectors.map(normaliseOrZero);
  while (directions.length < most) {
    throwIfAborted(options);
    const found = linearDiscriminant({ vectors: rest, labels: fitted.labels });
    if (!found) break;
    const direction = orthonormal(found, directions);
    directions.push(direction);
    rest = rest.map((vector) => without(vector, [direction]));
    options.onProgress?.({ stage: 'projecting', done: directions.length, total: most });
  }
  return { directions, apply: (embedding) => without(embedding, directions) };
}

function without(vector: Float32Array, directions: readonly Float64Array[]): Float32Array {
  const out = Float64Array.from(vector);
  for (const direction of directions) {
    const along = dot(direction, out);
    for (let j = 0; j < out.length; j++) out[j] = (out[j] as number) - along * (direction[j] as number);
  }
  return Float32Array.from(out);
}

/** A discriminant of projected embeddings is orthogonal to what was taken out but for rounding, which would add up. */
function orthonormal(direction: Float64Array, others: readonly Float64Array[]): Float64Array {
  const out = direction.slice();
  for (const other of others) {
    const along = dot(other, out);
    for (let j = 0; j < out.length; j++) out[j] = (out[j] as number) - along * (other[j] as number);
  }
  const length = Math.sqrt(dot(out, out));
  return out.map((value) => value / length);
}
