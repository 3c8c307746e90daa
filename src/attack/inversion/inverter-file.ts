import { GraphBuilder } from '../../graph/builder.ts';
import type { Graph } from '../../graph/graph.ts';
import { float32, type Tensor } from '../../graph/tensor.ts';
import { createSession, type SessionOptions } from '../../runtime/session.ts';
import { ModelFileError, ShapeError } from '../../util/errors.ts';
import { adaptEmbedding, type Adapter } from './adapter.ts';
import type { Inverter } from './attack.ts';
import { FACE_SIZE_PX } from './inverse-dcgan.ts';
import { FACE_NUMBERS } from './pairs.ts';

/** Faces made at once. */
const BATCH_SIZE = 16;

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
    throw new ModelFileError(`graph "${graph.name}" is no inverter`, { hint: 'train one with `faceward train inverter`' });
  }
  return { graph, encoderId: encoder, encoderHash, mean: mean.data, factor: factor.data[0] as number };
}

/** The standardised embedding. */
export function standardise({ mean, factor }: Pick<InverterModel, 'mean' | 'factor'>, embedding: Float32Array): Float32Array {
  if (embedding.length !== mean.length) {
    throw new ShapeError(`the inverter takes embeddings of ${mean.length} numbers, got ${embedding.length}`);
  }
  return embedding.map((value, i) => (value - (mean[i] as number)) * factor);
}

/** Makes an inverter of its model; with an adapter, one for the encoder that the adapter comes from. */
export async function openInverter(model: InverterModel, options: SessionOptions & { readonly adapter?: Adapter } = {}): Promise<Inverter> {
  const { adapter } = options;
  const builder = new GraphBuilder('inverter');
  const latent = builder.input('latent', [BATCH_SIZE, model.mean.length]);
  const { face } = builder.import(model.graph, { inputs: { latent } });
  if (!face) throw new ModelFileError('the inverter has no output "face"');
  builder.output('face', face);
  const session = await createSession(builder.build(), options);
  const latentOf = (embedding: Float32Array): Float32Array =>
    standardise(model, adapter ? adaptEmbedding(adapter, embedding, { fullNorm: true }) : embedding);
  return {
    name: adapter ? `inverter of ${model.encoderId} behind an adapter from ${adapter.pairs} pairs` : `inverter of ${model.encoderId}`,
    invert: async (embeddings) => {
      const faces: Float32Array[] = [];
      for (let first = 0; first < embeddings.length; first += BATCH_SIZE) {
        const part = embeddings.slice(first, first + BATCH_SIZE).map(latentOf);
        const data = new Float32Array(BATCH_SIZE * model.mean.length);
        part.forEach((row, i) => {
          data.set(row, i * model.mean.length);
        });
        const results = await session.run({ latent: float32(data, [BATCH_SIZE, model.mean.length]) });
        faces.push(...part.map((_, i) => planarFace(results.face, i)));
      }
      return faces;
    },
    asGenerator: { generator: { graph: model.graph, latentSize: model.mean.length }, latentOf },
  };
}

function planarFace(tensor: Tensor | undefined, row: number): Float32Array {
  if (tensor?.dtype !== 'float32' || tensor.shape.slice(1).join() !== `3,${FACE_SIZE_PX},${FACE_SIZE_PX}`) {
    throw new ModelFileError(`the inverter gives ${tensor ? `[${tensor.shape}]` : 'nothing'}, not faces of 3x128x128`);
  }
  return tensor.data.slice(row * FACE_NUMBERS, (row + 1) * FACE_NUMBERS);
}
