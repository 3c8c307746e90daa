import type { Graph } from '../graph/graph.ts';
import { inSinglePrecision } from '../graph/precision.ts';
import { float32 } from '../graph/tensor.ts';
import type { Image } from '../image/image.ts';
import { toPlanar } from '../image/tensor.ts';
import { createSession, type SessionOptions } from '../runtime/session.ts';
import { ModelFileError, ShapeError } from '../util/errors.ts';
import type { Encoder, EncoderView } from './encoder.ts';
import { adaptInput, type InputConvention } from './input-convention.ts';

/** Faces in one run of the network: more gain nothing on a CPU and hold more memory. */
const BATCH_SIZE = 32;

/** What {@link encoderFromGraph} makes an encoder of. */
export interface GraphEncoderOptions extends InputConvention, SessionOptions {
  readonly id: string;
  /** Hash of the weights. */
  readonly hash: string;
  readonly graph: Graph;
  readonly view: EncoderView;
  /** Default: as the graph's output says, or as a first run shows. */
  readonly embeddingSize?: number;
}

/**
 * Makes an encoder of a network, whatever image it wants: {@link Encoder.graph} takes RGB 0..1 all the same.
 *
 * @throws ModelFileError where the network has no such input or output, or gives no one row of float32 a face; CapabilityError where the device is not offered.
 */
export async function encoderFromGraph(options: GraphEncoderOptions): Promise<GraphEncoder> {
  const { id, hash, view, graph: network } = options;
  const declared = options.embeddingSize ?? declaredSize(network, options.output);
  const adapted = adaptInput(network, { ...options, ...view, embeddingSize: declared ?? 1 });
  const embeddingSize = declared ?? (await measuredSize(adapted, view, options));
  const graph = withEmbeddingSize(adapted, embeddingSize);
  return new GraphEncoder({
    id,
    hash,
    view,
    embeddingSize,
    graph: inSinglePrecision(graph),
    session: await createSession(withDeclaredSize(graph, network, options), options),
  });
}

/**
 * The image's size left free where the network leaves it so and has branches: ONNX Runtime checks the shapes of those too that are never taken, and refuses a network
 * for one that its exporter only wrote for other sizes.
 */
function withDeclaredSize(graph: Graph, network: Graph, { input, layout }: GraphEncoderOptions): Graph {
  const hasBranches = network.nodes.some(({ attributes }) =>
    Object.values(attributes).some((attribute) => attribute.type === 'graph'),
  );
  if (!hasBranches) return graph;
  const shape = network.inputs.find(({ name }) => name === (input ?? network.inputs[0]?.name))?.shape;
  const declared = layout === 'nhwc' ? shape?.slice(1, 3) : shape?.slice(2, 4);
  const size = declared?.length === 2 ? declared : ['height', 'width'];
  return {
    ...graph,
    inputs: graph.inputs.map((info) => ({ ...info, shape: [...(info.shape?.slice(0, 2) ?? []), ...size] })),
  };
}

interface GraphEncoderParts {
  readonly id: string;
  readonly hash: string;
  readonly view: EncoderView;
  readonly embeddingSize: number;
  readonly graph: Graph;
  readonly session: Awaited<ReturnType<typeof createSession>>;
}

/** An encoder whose network runs here. Its `graph` computes in float32, whatever the network does: that is what a gradient needs. */
export class GraphEncoder implements Encoder {
  readonly id: string;
  readonly hash: string;
  readonly view: EncoderView;
  readonly embeddingSize: number;
  readonly graph: Graph;
  readonly #session: GraphEncoderParts['session'];
  /** The batch that the network fixes; undefined where it is free. */
  readonly #fixedBatch: number | undefined;
  #queries = 0;

  constructor(parts: GraphEncoderParts) {
    this.id = parts.id;
    this.hash = parts.hash;
    this.view = parts.view;
    this.embeddingSize = parts.embeddingSize;
    this.graph = parts.graph;
    this.#session = parts.session;
    const batch = parts.graph.inputs[0]?.shape?.[0];
    this.#fixedBatch = typeof batch === 'number' && batch > 0 ? batch : undefined;
  }

  get queries(): number {
    return this.#queries;
  }

  async embed(faces: readonly Image[]): Promise<Float32Array[]> {
    const embeddings = await this.probe(faces);
    this.#queries += faces.length;
    return embeddings;
  }

  /** {@link embed} that counts no query: to find out about the network. @param batchSize - faces in one run, where the network leaves that free. */
  async probe(faces: readonly Image[], batchSize = BATCH_SIZE): Promise<Float32Array[]> {
    const { widthPx, heightPx } = this.view;
    for (const face of faces) {
      if (face.widthPx !== widthPx || face.heightPx !== heightPx) {
        throw new ShapeError(
          `encoder "${this.id}" takes ${widthPx}x${heightPx} px, not ${face.widthPx}x${face.heightPx}`,
          {
            hint: 'cut the encoder’s view out of the photo first (face/alignment)',
          },
        );
      }
    }
    const size = this.#fixedBatch ?? batchSize;
    const embeddings: Float32Array[] = [];
    for (let start = 0; start < faces.length; start += size) {
      embeddings.push(...(await this.#embedBatch(faces.slice(start, start + size))));
    }
    return embeddings;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  async #embedBatch(faces: readonly Image[]): Promise<Float32Array[]> {
    const { widthPx, heightPx } = this.view;
    const count = this.#fixedBatch ?? faces.length;
    const data = new Float32Array(count * 3 * heightPx * widthPx);
    data.set(toPlanar(faces));
    const results = await this.#session.run({ face: float32(data, [count, 3, heightPx, widthPx]) });
    const rows = results.embedding;
    if (rows?.dtype !== 'float32' || rows.data.length !== count * this.embeddingSize) {
      throw new ModelFileError(`encoder "${this.id}" gave [${rows?.shape}], not ${this.embeddingSize} numbers a face`);
    }
    return faces.map((_, i) => rows.data.slice(i * this.embeddingSize, (i + 1) * this.embeddingSize));
  }
}

/** The numbers a face that the graph's output declares; undefined where it does not say, or has no axis for the batch. */
function declaredSize(graph: Graph, output: string | undefined): number | undefined {
  const shape = graph.outputs.find(({ name }) => name === (output ?? graph.outputs[0]?.name))?.shape?.slice(1);
  if (!shape?.length || !shape.every((extent) => typeof extent === 'number' && extent > 0)) return undefined;
  return shape.reduce<number>((size, extent) => size * Number(extent), 1);
}

async function measuredSize(graph: Graph, view: EncoderView, options: SessionOptions): Promise<number> {
  const undeclared = { ...graph, outputs: graph.outputs.map((info) => ({ ...info, shape: undefined })) };
  const session = await createSession(undeclared, options);
  const batch = graph.inputs[0]?.shape?.[0];
  const count = typeof batch === 'number' && batch > 0 ? batch : 1;
  const data = new Float32Array(count * 3 * view.heightPx * view.widthPx);
  const { embedding } = await session.run({ face: float32(data, [count, 3, view.heightPx, view.widthPx]) });
  await session.release();
  if (embedding?.dtype !== 'float32') throw new ModelFileError(`network "${graph.name}" gives no float32 embedding`);
  return embedding.data.length / count;
}

function withEmbeddingSize(graph: Graph, embeddingSize: number): Graph {
  const outputs = graph.outputs.map((info) => ({ ...info, shape: [info.shape?.[0] ?? 'N', embeddingSize] }));
  return { ...graph, outputs };
}
