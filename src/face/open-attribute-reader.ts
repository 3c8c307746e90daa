import type { Graph } from '../graph/graph.ts';
import { writeGraph } from '../graph/onnx-file.ts';
import { dequantiseWeights } from '../graph/quantisation.ts';
import { float32 } from '../graph/tensor.ts';
import type { Image } from '../image/image.ts';
import { toPlanar } from '../image/tensor.ts';
import { createSession, type Session, type SessionOptions } from '../runtime/session.ts';
import { ModelFileError, ShapeError } from '../util/errors.ts';
import { toHex } from '../util/hex.ts';
import type { FaceView } from './alignment.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { portraitView } from './portrait.ts';

/** Faces in one run of the network. */
const BATCH_SIZE = 64;

/** How a reader is opened. */
export interface OpenReaderOptions extends SessionOptions {
  /** Default: 'reader-' and the beginning of its hash. */
  readonly id?: string;
  /** Default: the SHA-256 of the graph as a file. */
  readonly hash?: string;
}

/**
 * Opens an attribute reader that `faceward train attributes` wrote, with int8 weights or without: input `portrait` [N,3,S,S], RGB, 0..1, output `log_odds` [N,A].
 *
 * @throws ModelFileError where the graph is no such reader; CapabilityError where the device is not offered.
 */
export async function openAttributeReader(graph: Graph, options: OpenReaderOptions = {}): Promise<AttributeReader> {
  const { attributes, sizePx } = describedBy(graph);
  const hash = options.hash ?? (await sha256(writeGraph(graph)));
  const whole = dequantiseWeights(graph);
  return readerFromGraph(whole, {
    session: await createSession(whole, options),
    id: options.id ?? `reader-${hash.slice(0, 8)}`,
    hash,
    attributes,
    view: portraitView(sizePx),
  });
}

/** What {@link readerFromGraph} needs to know of a network. */
export interface ReaderParts extends Omit<AttributeReader, 'read' | 'close' | 'graph'> {
  readonly session: Session;
}

/** Makes a reader of a network with input `portrait` [N,3,view.heightPx,view.widthPx] and output `log_odds` [N,A]; it closes the session. */
export function readerFromGraph(graph: Graph, { session, ...known }: ReaderParts): AttributeReader {
  return {
    ...known,
    graph,
    read: async (faces) => {
      const rows: Float32Array[] = [];
      for (let start = 0; start < faces.length; start += BATCH_SIZE) {
        rows.push(...(await readBatch(session, faces.slice(start, start + BATCH_SIZE), known)));
      }
      return rows;
    },
    close: () => session.release(),
  };
}

async function readBatch(
  session: Session,
  faces: readonly Image[],
  { id, attributes, view }: Pick<AttributeReader, 'id' | 'attributes' | 'view'>,
): Promise<Float32Array[]> {
  requireView(faces, id, view);
  const shape = [faces.length, 3, view.heightPx, view.widthPx];
  const { log_odds: logOdds } = await session.run({ portrait: float32(toPlanar(faces), shape) });
  const count = attributes.length;
  if (logOdds?.dtype !== 'float32' || logOdds.data.length !== faces.length * count) {
    throw new ModelFileError(`reader "${id}" gave [${logOdds?.shape}], not ${count} attributes a face`);
  }
  return faces.map((_, i) => logOdds.data.slice(i * count, (i + 1) * count));
}

function requireView(faces: readonly Image[], id: string, view: FaceView): void {
  const other = faces.find(({ widthPx, heightPx }) => widthPx !== view.widthPx || heightPx !== view.heightPx);
  if (!other) return;
  throw new ShapeError(
    `reader "${id}" takes ${view.widthPx}x${view.heightPx} px, not ${other.widthPx}x${other.heightPx}`,
    { hint: 'cut the reader’s view out of the photo first (face/alignment)' },
  );
}

/** What a reader's file says of itself. */
function describedBy(graph: Graph): { readonly attributes: string[]; readonly sizePx: number } {
  const attributes = (graph.metadata.attributes ?? '').split(',').filter((name) => name !== '');
  const input = graph.inputs.find(({ name }) => name === 'portrait');
  const [, channels, heightPx, widthPx] = input?.shape ?? [];
  const output = graph.outputs.find(({ name }) => name === 'log_odds');
  const isReader = graph.metadata.kind === 'attribute-reader' && attributes.length > 0 && output !== undefined;
  if (!isReader || channels !== 3 || typeof widthPx !== 'number' || heightPx !== widthPx) {
    throw new ModelFileError(`graph "${graph.name}" is no attribute reader`, {
      hint: 'train one with `faceward train attributes`',
    });
  }
  return { attributes, sizePx: widthPx };
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', Uint8Array.from(bytes));
  return toHex(new Uint8Array(digest));
}
