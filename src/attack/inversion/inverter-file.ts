import type { Graph } from '../../graph/graph.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { ModelFileError, ShapeError } from '../../util/errors.ts';
import { type Adapter, adaptEmbedding } from './adapter.ts';
import type { Inverter } from './attack.ts';
import { openGenerator } from './generator-adapter.ts';
import type { Generator } from './latent-optimisation.ts';

/** An inverter model: what `faceward train inverter` writes and the shipped ones are. */
export interface InverterModel {
  /** Input `embedding` [N,D], output `face` [N,3,128,128]; the inner value `latent` is the standardised embedding. */
  readonly graph: Graph;
  /** The encoder whose embeddings it inverts. */
  readonly encoderId: string;
  readonly encoderHash: string;
  /** Mean and factor that standardise an embedding. */
  readonly mean: Float32Array;
  readonly factor: number;
}

/** Reads what an inverter's file says about itself. @throws ModelFileError where the graph is no inverter. */
export function inverterModel(graph: Graph): InverterModel {
  const { encoder, encoder_hash: encoderHash } = graph.metadata;
  const mean = graph.initializers.get('embedding_mean');
  const factor = graph.initializers.get('embedding_factor');
  if (encoder === undefined || encoderHash === undefined || mean?.dtype !== 'float32' || factor?.dtype !== 'float32') {
    throw new ModelFileError(`graph "${graph.name}" is no inverter`, {
      hint: 'train one with `faceward train inverter`',
    });
  }
  return { graph, encoderId: encoder, encoderHash, mean: mean.data, factor: factor.data[0] as number };
}

/** The standardised embedding. */
export function standardise(
  { mean, factor }: Pick<InverterModel, 'mean' | 'factor'>,
  embedding: Float32Array,
): Float32Array {
  if (embedding.length !== mean.length) {
    throw new ShapeError(`the inverter takes embeddings of ${mean.length} numbers, got ${embedding.length}`);
  }
  return embedding.map((value, i) => (value - (mean[i] as number)) * factor);
}

/** Makes an inverter of its model; with an adapter, one for the encoder that the adapter comes from. */
export async function openInverter(
  model: InverterModel,
  options: SessionOptions & { readonly adapter?: Adapter } = {},
): Promise<Inverter> {
  const { adapter } = options;
  const generator: Generator = { graph: model.graph, latentSize: model.mean.length };
  const made = await openGenerator(generator, options);
  const latentOf = (embedding: Float32Array): Float32Array =>
    standardise(model, adapter ? adaptEmbedding(adapter, embedding, { fullNorm: true }) : embedding);
  return {
    name: adapter
      ? `inverter of ${model.encoderId} behind an adapter from ${adapter.pairs} pairs`
      : `inverter of ${model.encoderId}`,
    invert: (embeddings) => made.generate(embeddings.map(latentOf)),
    asGenerator: { generator, latentOf },
    close: made.close,
  };
}
