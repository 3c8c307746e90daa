import { PORTRAIT_PX } from '../../../face/portrait.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { FrozenParameters, type Weights } from '../../../nn/parameters.ts';
import { type PortraitNetwork, portraitNetwork } from './portrait-networks.ts';

/** What makes a reader of the weights that `trainPortraitNetwork` gives. */
export interface ReaderGraphOptions {
  readonly network: PortraitNetwork;
  /** CelebA's names, in the order of the labels that it was trained with. */
  readonly attributes: readonly string[];
  /** Where it comes from: data, steps, seed. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * An attribute reader as a model that `openAttributeReader` takes: input `portrait` [N,3,64,64], RGB, 0..1; output `log_odds` [N,A]; the names of the attributes in its metadata.
 *
 * @throws ModelFileError where a weight is missing or of another shape.
 */
export function readerGraph(weights: Weights, options: ReaderGraphOptions): Graph {
  const { network, attributes, metadata } = options;
  const builder = new GraphBuilder('attribute_reader');
  const portrait = builder.input('portrait', [1, 3, PORTRAIT_PX, PORTRAIT_PX]);
  const parameters = new FrozenParameters(builder, weights);
  builder.output('log_odds', portraitNetwork(parameters, portrait, { network, attributes: attributes.length }));
  builder.describe({ ...metadata, kind: 'attribute-reader', network, attributes: attributes.join(',') });
  return withFreeBatch(builder.build());
}
