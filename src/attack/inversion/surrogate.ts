import type { EncoderView } from '../../encoder/encoder.ts';
import { renderView } from '../../encoder/view.ts';
import type { Value } from '../../graph/builder.ts';
import type { Graph } from '../../graph/graph.ts';

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

/** What an encoder makes of faces [N,3,S,S] in the canonical frame: its embeddings [N,D], as values of the same graph. */
export function seenBy(encoder: { readonly graph: Graph; readonly view: EncoderView }, faces: Value): Value {
  const outputs = faces.builder.import(encoder.graph, { inputs: { face: renderView(faces, encoder.view) } });
  return outputs.embedding as Value;
}
