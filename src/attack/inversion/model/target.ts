import type { Encoder, EncoderView } from '../../../encoder/encoder.ts';
import type { Value } from '../../../graph/builder.ts';
import type { Graph } from '../../../graph/graph.ts';
import { log, maximum, mul } from '../../../graph/ops/arithmetic.ts';
import { matMul } from '../../../graph/ops/matrix.ts';
import { normaliseL2 } from '../../../graph/ops/normalisation.ts';
import { float32 } from '../../../graph/tensor.ts';
import { cosineSimilarityOr, normalise } from '../../../metric/similarity.ts';
import { InputError, ShapeError } from '../../../util/errors.ts';

/** How what a model answers to a face tells its person, who is one class of the training set. */
export type ClassHead =
  /** A classifier: one logit for each class. */
  | { readonly kind: 'logits' }
  /** A classifier that gives probabilities. */
  | { readonly kind: 'probabilities' }
  /** A recogniser: the class whose centre is the most alike. The attacker is granted the centres, such as the mean training template of each person. */
  | { readonly kind: 'centres'; readonly centres: readonly Float32Array[] };

/** A trained model under attack, its weights at hand. */
export interface ModelTarget {
  /** Input `face` [N,3,view.heightPx,view.widthPx], RGB, 0..1; output `embedding` [N,outputSize], which for a classifier is what it says of each class. */
  readonly graph: Graph;
  readonly view: EncoderView;
  readonly outputSize: number;
  readonly head: ClassHead;
}

/**
 * What cosines are multiplied by to be logits. A quarter of what ArcFace trains with: the confidences of faces that are all taken for the class
 * still differ.
 */
const CENTRE_SCALE = 16;

/** The least probability whose logarithm is taken. */
export const LEAST_PROBABILITY = 1e-12;

/**
 * The white-box view of a model; undefined where its weights are not at hand.
 *
 * @param model - a recogniser, or a classifier opened as an encoder: its embedding is then its answer for each class.
 * @throws InputError where there are no classes; ShapeError where a centre is none of the model's.
 */
export function modelTarget(model: Encoder, head: ClassHead): ModelTarget | undefined {
  const { graph, view, embeddingSize: outputSize } = model;
  checkHead(head, outputSize);
  return graph && { graph, view, outputSize, head };
}

/** @throws InputError, ShapeError as {@link modelTarget}. */
export function checkHead(head: ClassHead, outputSize: number): void {
  if (classCountOf(head, outputSize) < 2)
    throw new InputError('a model with fewer than two classes tells nobody apart');
  if (head.kind !== 'centres') return;
  const odd = head.centres.findIndex((centre) => centre.length !== outputSize);
  if (odd >= 0)
    throw new ShapeError(`the centre of class ${odd} has ${head.centres[odd]?.length} numbers, not ${outputSize}`);
}

/** Classes that a model tells apart. */
export const classCountOf = (head: ClassHead, outputSize: number): number =>
  head.kind === 'centres' ? head.centres.length : outputSize;

/** Logits [N,K] of faces as the model sees them [N,3,view.heightPx,view.widthPx]: higher is more of the class. */
export function classLogits({ graph, outputSize, head }: ModelTarget, seen: Value): Value {
  const { builder } = seen;
  const { embedding } = builder.import(graph, { inputs: { face: seen } });
  if (!embedding) throw new ShapeError(`the graph "${graph.name}" has no output "embedding"`);
  switch (head.kind) {
    case 'logits':
      return embedding;
    case 'probabilities':
      return log(maximum(embedding, LEAST_PROBABILITY));
    case 'centres': {
      const count = head.centres.length;
      const columns = new Float32Array(outputSize * count);
      head.centres.forEach((centre, k) => {
        normalise(centre).forEach((value, i) => {
          columns[i * count + k] = value;
        });
      });
      const centres = builder.constant(float32(columns, [outputSize, count]), 'centres');
      return mul(matMul(normaliseL2(embedding), centres), CENTRE_SCALE);
    }
  }
}

/** The class that a model's answer to one face tells. */
export function labelOf(head: ClassHead, answer: Float32Array): number {
  const likeness =
    head.kind === 'centres' ? head.centres.map((centre) => cosineSimilarityOr(-1, answer, centre)) : answer;
  let label = 0;
  likeness.forEach((value, k) => {
    if (value > (likeness[label] as number)) label = k;
  });
  return label;
}

/** Whether a classifier's answers are probabilities or logits: none is below nought and each row's sum is 1, or not so. */
export function classifierHead(answers: readonly Float32Array[]): ClassHead {
  const isShare = (row: Float32Array): boolean =>
    row.every((value) => value >= 0) && Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) < 1e-3;
  return { kind: answers.length > 0 && answers.every(isShare) ? 'probabilities' : 'logits' };
}

/**
 * The centre of each class: the mean direction of its embeddings.
 *
 * @param labels - the class of each embedding, 0..classCount-1.
 * @throws InputError where a class has no embedding, or a label is no class.
 */
export function classCentres(
  embeddings: readonly Float32Array[],
  labels: readonly number[],
  classCount: number,
): Float32Array[] {
  const sums = Array.from({ length: classCount }, () => new Float32Array(embeddings[0]?.length ?? 0));
  const counts = new Array<number>(classCount).fill(0);
  embeddings.forEach((embedding, i) => {
    const label = labels[i] ?? -1;
    const sum = sums[label];
    if (!sum) throw new InputError(`embedding ${i} is of class ${label}, and there are ${classCount} classes`);
    counts[label] = (counts[label] as number) + 1;
    normalise(embedding).forEach((value, j) => {
      sum[j] = (sum[j] as number) + value;
    });
  });
  const empty = counts.indexOf(0);
  if (empty >= 0) throw new InputError(`class ${empty} has no embedding, and so no centre`);
  return sums.map(normalise);
}
