import { attributeRule, balancedAccuracy } from '../../metric/attribute-inference.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import { dot, type LabelledVectors, linearDiscriminant } from './linear-discriminant.ts';

/** A projection that takes directions out of embeddings. */
export interface NullSpaceProjection {
  /** What is taken out: orthonormal, [D] each, in the order in which they were found. */
  readonly directions: readonly Float64Array[];
  /** Balanced accuracy, on the people that it was watched by, of the linear classifier that finds what is left; 0.5 is chance. */
  readonly left: number;
  /** The embedding [D] without the directions, as a copy; its length falls. */
  apply(embedding: Float32Array): Float32Array;
}

/** How far the projection goes. */
export interface ProjectionOptions extends JobOptions {
  /** Directions at most; default 20. */
  readonly maxDirections?: number;
  /** Where a new linear classifier is no better than this, nothing more is taken out; default 0.52. */
  readonly enough?: number;
}

/**
 * Iterative null-space projection: a linear classifier is trained to tell the attribute, its direction is taken out of the embeddings, and so on, until a newly trained one is at chance
 * on people that it has not seen.
 *
 * What is left may still be read by what is not linear, and recognition loses the directions: measure both. Embeddings are taken at length 1, as cosine similarity sees them.
 *
 * Source: Ravfogel, Elazar, Gonen, Twiton, Goldberg, Null It Out: Guarding Protected Attributes by Iterative Nullspace Projection, ACL 2020, algorithm 1; the classifier here is Fisher's
 * discriminant with both classes of equal weight.
 *
 * Cost: for each direction about 120 passes over the embeddings.
 *
 * @param fitted - embeddings of the people that the classifiers are trained on.
 * @param watched - of other people, by whom it is seen when to stop; nobody of these or those may be judged.
 * @throws InputError where nobody has the attribute, or everybody; ShapeError where lengths differ; InterruptedError between two directions.
 */
export function fitNullSpaceProjection(
  fitted: LabelledVectors,
  watched: LabelledVectors,
  options: ProjectionOptions = {},
): NullSpaceProjection {
  const { maxDirections = 20, enough = 0.52 } = options;
  const directions: Float64Array[] = [];
  let [rest, restWatched] = [fitted.vectors.map(unit), watched.vectors.map(unit)];
  for (;;) {
    throwIfAborted(options);
    const found = linearDiscriminant({ vectors: rest, labels: fitted.labels });
    const left = found ? readBy(found, { ...fitted, vectors: rest }, { ...watched, vectors: restWatched }) : 0.5;
    if (!found || left <= enough || directions.length >= maxDirections) {
      return { directions, left, apply: (embedding) => without(embedding, directions) };
    }
    const direction = orthonormal(found, directions);
    directions.push(direction);
    [rest, restWatched] = [rest, restWatched].map((vectors) =>
      vectors.map((vector) => without(vector, [direction])),
    ) as [Float32Array[], Float32Array[]];
    options.onProgress?.({ stage: 'projecting', done: directions.length, total: maxDirections, figures: { left } });
  }
}

/** How well a direction tells the attribute of others, by a threshold of those that it was fitted on; turned round where that is better. */
function readBy(direction: Float64Array, fitted: LabelledVectors, watched: LabelledVectors): number {
  const along = ({ vectors }: LabelledVectors): number[] => vectors.map((vector) => dot(direction, vector));
  const { threshold } = attributeRule(along(fitted), fitted.labels);
  const accuracy = balancedAccuracy(along(watched), watched.labels, threshold);
  return Math.max(accuracy, 1 - accuracy);
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

/** At length 1; an embedding of zeros stays one. */
function unit(embedding: Float32Array): Float32Array {
  const length = Math.sqrt(dot(embedding, embedding));
  return length > 0 ? embedding.map((value) => value / length) : embedding.slice();
}
