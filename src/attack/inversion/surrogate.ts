import type { EncoderView } from '../../encoder/encoder.ts';
import { renderView } from '../../encoder/view.ts';
import type { Value } from '../../graph/builder.ts';
import type { Graph } from '../../graph/graph.ts';
import { sub } from '../../graph/ops/arithmetic.ts';
import { float32 } from '../../graph/tensor.ts';
import { cosineLoss } from '../../nn/losses.ts';
import { embeddingScale } from './pairs.ts';

/** A white-box encoder that a training looks through; neither the encoder under attack nor one that judges. */
export interface Surrogate {
  /** Input `face` [N,3,h,w] RGB 0..1, output `embedding` [N,D]. */
  readonly graph: Graph;
  readonly view: EncoderView;
  /** Its embedding of each image of the pairs, in their order. */
  readonly embeddings: readonly Float32Array[];
  /** Weight of the identity loss against the pixel losses. */
  readonly weight: number;
}

/**
 * 1 - mean cosine similarity of what the surrogate sees in `faces` [N,3,S,S] to the true embeddings [N,D], both about the mean embedding: encoders that were
 * not trained with a cosine loss give everybody much in common, which would hide the differences.
 */
export function identityLoss(surrogate: Surrogate, faces: Value, embeddings: Value): Value {
  const { mean } = embeddingScale(surrogate.embeddings);
  const centre = faces.builder.constant(float32(mean, [1, mean.length]), 'surrogate_mean');
  return cosineLoss(sub(seenBy(surrogate, faces), centre), sub(embeddings, centre));
}

/** What an encoder makes of faces [N,3,S,S] in the canonical frame: its embeddings [N,D], as values of the same graph. */
function seenBy(encoder: { readonly graph: Graph; readonly view: EncoderView }, faces: Value): Value {
  const outputs = faces.builder.import(encoder.graph, { inputs: { face: renderView(faces, encoder.view) } });
  return outputs.embedding as Value;
}
