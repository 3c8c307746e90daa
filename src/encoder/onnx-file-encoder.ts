import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Graph, ValueInfo } from '../graph/graph.ts';
import { readGraph } from '../graph/onnx-file.ts';
import type { Image } from '../image/image.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError, ModelFileError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import type { Encoder, EncoderView } from './encoder.ts';
import { freeBatch } from './free-batch.ts';
import { dropUndefined, type ModelConvention, readModelConvention } from './model-convention.ts';
import { detectRange } from './normalisation-detection.ts';
import { encoderFromGraph, type GraphEncoderOptions } from './onnx-encoder.ts';
import { CANONICAL_EXTENT } from './view.ts';

/** An encoder made of a file, with what had to be assumed about it. */
export interface OpenedModel {
  readonly encoder: Encoder;
  /** What neither the options nor the JSON beside the file said: one sentence each, for a person to confirm. */
  readonly notes: readonly string[];
}

/** What is given goes before the JSON beside the file, and that before what the graph shows. */
export interface OnnxFileOptions extends SessionOptions {
  readonly convention?: ModelConvention;
}

/**
 * Opens an encoder from an `.onnx` file, with the JSON beside it where there is one ({@link readModelConvention}).
 *
 * Networks with a fixed batch are freed of it where that changes no output, else run one batch at a time.
 *
 * @throws InputError where the file or its JSON cannot be read, or contradicts the graph; ModelFileError where the network takes no picture.
 */
export async function openOnnxFile(path: string, options: OnnxFileOptions = {}): Promise<OpenedModel> {
  const bytes = await readModel(path);
  const graph = readGraph(bytes);
  const beside = await readModelConvention(path);
  const given = { ...beside?.convention, ...dropUndefined(options.convention ?? {}) };
  const { convention, view, notes } = resolveConvention(graph, given);
  const hash = createHash('sha256').update(bytes).update(JSON.stringify({ convention, view })).digest('hex');
  const id = `${basename(path).replace(/\.onnx$/i, '')}-${hash.slice(0, 8)}`;
  const { device, threads } = options;
  const { encoder, note } = await openWithFreeBatch({
    ...convention,
    ...dropUndefined({ device, threads }),
    id,
    hash,
    graph,
    view,
  });
  return { encoder, notes: note === undefined ? notes : [...notes, note] };
}

type Resolved = Required<Pick<ModelConvention, 'layout' | 'channels' | 'range' | 'flip' | 'input' | 'output'>>;

function resolveConvention(
  graph: Graph,
  given: ModelConvention,
): { convention: Resolved; view: EncoderView; notes: string[] } {
  const notes: string[] = [];
  const input = requireValue(graph, 'input', given.input ?? graph.inputs[0]?.name);
  const output = requireValue(graph, 'output', given.output ?? likelyOutput(graph)?.name);
  if (given.output === undefined && graph.outputs.length > 1) {
    notes.push(`the embedding is taken from output "${output.name}" of ${graph.outputs.length}`);
  }
  const layout = given.layout ?? layoutOf(input);
  const size = sizeOf(input, layout, given);
  if (size.assumed) notes.push(`the size of the face is assumed: ${size.widthPx}x${size.heightPx} px`);
  const detected = given.range === undefined ? detectRange(graph, input.name) : undefined;
  if (detected) notes.push(`the range is taken to be ${detected.range}: ${detected.because}`);
  else if (given.range === undefined)
    notes.push('the range is assumed to be -1..1: the network holds no normalisation');
  if (given.channels === undefined) notes.push('the channels are assumed to be RGB');
  if (given.box === undefined) notes.push('the face is assumed to be aligned to ArcFace’s 112x112 template');
  return {
    convention: {
      layout,
      channels: given.channels ?? 'rgb',
      range: given.range ?? detected?.range ?? '-1..1',
      flip: given.flip ?? false,
      input: input.name,
      output: output.name,
    },
    view: {
      box: given.box ?? { x: 0, y: 0, width: CANONICAL_EXTENT, height: CANONICAL_EXTENT },
      widthPx: size.widthPx,
      heightPx: size.heightPx,
    },
    notes,
  };
}

function requireValue(graph: Graph, kind: 'input' | 'output', name: string | undefined): ValueInfo {
  const values = kind === 'input' ? graph.inputs : graph.outputs;
  const found = values.find((value) => value.name === name);
  if (!found) {
    throw new InputError(`the network "${graph.name}" has no ${kind} "${name}"`, {
      hint: `it has: ${values.map((value) => value.name).join(', ')}`,
    });
  }
  if (found.dtype !== 'float32') {
    throw new ModelFileError(`the network's ${kind} "${found.name}" is ${found.dtype}, not float32`, {
      hint: 'export it with float32 inputs and outputs',
    });
  }
  return found;
}

/** The first output that is large enough for an embedding (some give its norm beside it), else the first. */
function likelyOutput(graph: Graph): ValueInfo | undefined {
  const isLarge = ({ shape }: ValueInfo) =>
    shape?.slice(1).some((extent) => typeof extent === 'number' && extent >= 32);
  return graph.outputs.find(isLarge) ?? graph.outputs[0];
}

function layoutOf({ name, shape }: ValueInfo): 'nchw' | 'nhwc' {
  if (!shape) return 'nchw';
  if (shape.length === 4 && shape[1] === 3) return 'nchw';
  if (shape.length === 4 && shape[3] === 3) return 'nhwc';
  if (shape.length === 4 && typeof shape[1] === 'string' && typeof shape[3] === 'string') return 'nchw';
  throw new ModelFileError(
    `the network's input "${name}" is [${shape.join(',')}]: no batch of pictures with three channels`,
    {
      hint: 'name the right one with "input", or export the network with an RGB image as its input',
    },
  );
}

/** Width and height from what is given, else from the graph, else of the canonical frame. */
function sizeOf(
  { name, shape }: ValueInfo,
  layout: 'nchw' | 'nhwc',
  given: ModelConvention,
): { widthPx: number; heightPx: number; assumed: boolean } {
  const axis = layout === 'nchw' ? 2 : 1;
  const extent = (dimension: number | string | undefined, wanted: number | undefined): number | undefined => {
    if (typeof dimension !== 'number' || dimension <= 0) return wanted;
    if (wanted === undefined || wanted === dimension) return dimension;
    throw new InputError(
      `a size of ${wanted} px was given, but the network's input "${name}" is [${shape?.join(',')}]`,
    );
  };
  const heightPx = extent(shape?.[axis], given.heightPx);
  const widthPx = extent(shape?.[axis + 1], given.widthPx);
  return {
    widthPx: widthPx ?? CANONICAL_EXTENT,
    heightPx: heightPx ?? CANONICAL_EXTENT,
    assumed: widthPx === undefined || heightPx === undefined,
  };
}

/** Opens the network with a free batch where that gives the same embeddings as the batch in its file. */
async function openWithFreeBatch(
  options: GraphEncoderOptions & { readonly input: string },
): Promise<{ encoder: Encoder; note?: string }> {
  const freed = freeBatch(options.graph, options.input);
  if (!freed) return { encoder: await encoderFromGraph(options) };
  const faces = [noise(options.view, 1), noise(options.view, 2), noise(options.view, 3)];
  const expected = await embedOnce({ ...options, graph: freed.fixed }, faces);
  const found = await embedOnce({ ...options, graph: freed.graph }, faces).catch(() => undefined);
  if (found && areClose(expected, found))
    return { encoder: await encoderFromGraph({ ...options, graph: freed.graph }) };
  return {
    encoder: await encoderFromGraph({ ...options, graph: freed.fixed }),
    note: 'the network works with its fixed batch alone, which is slower: export it with a free batch',
  };
}

async function embedOnce(options: GraphEncoderOptions, faces: readonly Image[]): Promise<Float32Array[]> {
  const encoder = await encoderFromGraph(options);
  try {
    return await encoder.embed(faces);
  } finally {
    await encoder.close();
  }
}

function areClose(expected: readonly Float32Array[], found: readonly Float32Array[]): boolean {
  return expected.every((row, i) => {
    const scale = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return row.every((value, j) => Math.abs(value - (found[i]?.[j] ?? Number.NaN)) <= 1e-4 * scale);
  });
}

function noise({ widthPx, heightPx }: EncoderView, seed: number): Image {
  const random = new Random(seed);
  return { widthPx, heightPx, data: Uint8Array.from({ length: 3 * widthPx * heightPx }, () => random.integer(256)) };
}

async function readModel(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new InputError(`the model ${path} cannot be read`, { cause, hint: 'check the path' });
  }
}
