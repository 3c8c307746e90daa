import { createHash, type Hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { compile } from '../graph/compile.ts';
import { type Graph, namesRead, type ValueInfo } from '../graph/graph.ts';
import { readGraph } from '../graph/onnx-file.ts';
import type { DataType } from '../graph/tensor.ts';
import type { Image } from '../image/image.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError, ModelFileError, ShapeError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import type { Encoder, EncoderView } from './encoder.ts';
import { externalWeights } from './external-weights.ts';
import { freeBatch, withBatch } from './free-batch.ts';
import { PIXEL_RANGES } from './input-convention.ts';
import { dropUndefined, type ModelConvention, readModelConvention } from './model-convention.ts';
import { type DetectedRange, detectRange } from './normalisation-detection.ts';
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
  const { graph, hash: weightHash } = await readNetwork(path);
  const beside = await readModelConvention(path);
  const given = { ...beside?.convention, ...dropUndefined(options.convention ?? {}) };
  const { convention, view, notes } = resolveConvention(graph, given);
  const hash = weightHash.update(JSON.stringify({ convention, view })).digest('hex');
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

/** The graph with its weights, and a hash of the file's bytes (and of those of the files beside it), which are then let go. */
async function readNetwork(path: string): Promise<{ graph: Graph; hash: Hash }> {
  const bytes = await readModel(path);
  const hash = createHash('sha256').update(bytes);
  return { graph: readGraph(bytes, { readExternal: externalWeights(path, hash) }), hash };
}

type Resolved = Required<Pick<ModelConvention, 'layout' | 'channels' | 'range' | 'flip' | 'input' | 'output'>>;

function resolveConvention(
  graph: Graph,
  given: ModelConvention,
): { convention: Resolved; view: EncoderView; notes: string[] } {
  const notes: string[] = [];
  const input = requireValue(graph, 'input', given.input ?? likelyInput(graph)?.name);
  const output = requireValue(graph, 'output', given.output ?? likelyOutput(graph)?.name);
  if (given.output === undefined && graph.outputs.length > 1) {
    notes.push(`the embedding is taken from output "${output.name}" of ${graph.outputs.length}`);
  }
  refuseOtherInputs(graph, input.name);
  const { layout, channels } = layoutOf(input, given);
  const size = sizeOf(input, layout, given);
  if (size.assumed) notes.push(`the size of the face is assumed: ${size.widthPx}x${size.heightPx} px`);
  const detected = given.range === undefined ? rangeOf(graph, input) : undefined;
  if (detected) notes.push(`the range is taken to be ${detected.range}: ${detected.because}`);
  else if (given.range === undefined)
    notes.push('the range is assumed to be -1..1: the network holds no normalisation');
  if (given.channels === undefined && channels === 'rgb') notes.push('the channels are assumed to be RGB');
  if (given.channels === undefined && channels === 'gray')
    notes.push('the face is made grey: the network takes one channel');
  if (given.box === undefined) notes.push('the face is assumed to be aligned to ArcFace’s 112x112 template');
  return {
    convention: {
      layout,
      channels,
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

/** What a picture, and an embedding, may be made of. */
const IMAGE_TYPES: readonly DataType[] = ['float32', 'float16', 'float64', 'uint8', 'int32', 'int64'];
const EMBEDDING_TYPES: readonly DataType[] = [...IMAGE_TYPES, 'int8', 'int16'];

function requireValue(graph: Graph, kind: 'input' | 'output', name: string | undefined): ValueInfo {
  const values = kind === 'input' ? graph.inputs : graph.outputs;
  const found = values.find((value) => value.name === name);
  if (!found) {
    throw new InputError(`the network "${graph.name}" has no ${kind} "${name}"`, {
      hint: `it has: ${values.map((value) => value.name).join(', ')}`,
    });
  }
  if (!(kind === 'input' ? IMAGE_TYPES : EMBEDDING_TYPES).includes(found.dtype)) {
    throw new ModelFileError(`the network's ${kind} "${found.name}" is ${found.dtype}`, {
      hint: 'name the right one, or export it with float32 inputs and outputs',
    });
  }
  return found;
}

/** The first input that may be a batch of pictures (some have a switch or a number before it), else the first. */
function likelyInput(graph: Graph): ValueInfo | undefined {
  return graph.inputs.find(({ shape }) => shape === undefined || shape.length === 4) ?? graph.inputs[0];
}

/** The first output that is large enough for an embedding (some give its norm beside it), else the first. */
function likelyOutput(graph: Graph): ValueInfo | undefined {
  const isLarge = ({ shape }: ValueInfo) =>
    shape?.slice(1).some((extent) => typeof extent === 'number' && extent >= 32);
  return graph.outputs.find(isLarge) ?? graph.outputs[0];
}

/** The axes and colours of the network's image, from what is given and from where its input has three channels, or one. */
function layoutOf(
  { name, shape }: ValueInfo,
  given: ModelConvention,
): { layout: 'nchw' | 'nhwc'; channels: NonNullable<ModelConvention['channels']> } {
  const isImage = (axis: 1 | 3): boolean => {
    if (shape === undefined || (shape.length === 4 && typeof shape[axis] === 'string')) return true;
    return shape.length === 4 && (shape[axis] === 3 || shape[axis] === 1);
  };
  const layouts = given.layout ? [given.layout] : (['nchw', 'nhwc'] as const);
  // A channel axis that says how many goes before one that is free.
  const known = layouts.filter((layout) => typeof shape?.[CHANNEL_AXIS[layout]] === 'number');
  const layout = [...known, ...layouts].find((candidate) => isImage(CHANNEL_AXIS[candidate]));
  if (!layout) {
    throw new ModelFileError(
      `the network's input "${name}" is [${shape?.join(',')}]: no batch of pictures with three channels, or one`,
      {
        hint: 'name the right one with "input", or export the network with a batch of images [N,3,H,W] or [N,H,W,3] as its input',
      },
    );
  }
  const isGray = shape?.[CHANNEL_AXIS[layout]] === 1;
  const channels = given.channels ?? (isGray ? 'gray' : 'rgb');
  if (isGray !== (channels === 'gray') && typeof shape?.[CHANNEL_AXIS[layout]] === 'number') {
    throw new InputError(`the channels "${channels}" do not fit the network's input "${name}" [${shape.join(',')}]`);
  }
  return { layout, channels };
}

const CHANNEL_AXIS = { nchw: 1, nhwc: 3 } as const;

/** The range that the input's element type or a normalisation inside the network tells. */
function rangeOf(graph: Graph, { name, dtype }: ValueInfo): DetectedRange | undefined {
  const declared = PIXEL_RANGES.find((range) => range === graph.metadata.range);
  if (declared) return { range: declared, because: 'the model says so' };
  if (dtype.startsWith('float')) return detectRange(graph, name);
  return { range: '0..255', because: `the network's input is ${dtype}` };
}

/** A network that wants more than a face cannot be run. */
function refuseOtherInputs(graph: Graph, image: string): void {
  const read = new Set(graph.nodes.flatMap(namesRead));
  const others = graph.inputs.filter(({ name }) => name !== image && read.has(name));
  if (others.length === 0) return;
  throw new InputError(
    `the network "${graph.name}" wants more than an image: ${others.map(({ name }) => name).join(', ')}`,
    {
      hint: 'export it with these as constants',
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

/**
 * Opens the network so that several faces go through it at once, where that gives each the embedding that it has alone: a fixed batch is freed, and a free one is kept.
 * Some networks do not allow it: shapes are written into them, or a norm or a quantisation looks at the whole batch.
 */
async function openWithFreeBatch(
  options: GraphEncoderOptions & { readonly input: string },
): Promise<{ encoder: Encoder; note?: string }> {
  const { graph, input } = options;
  const freed = freeBatch(graph, input);
  const fixed = freed?.fixed ?? withBatch(graph, input, 1);
  const free = freed?.graph ?? graph;
  const faces = [noise(options.view, 1, 256), noise(options.view, 2, 16)];
  const expected = freed && (await probeOnce({ ...options, graph: fixed }, faces));
  const encoder = acceptsBatch(free, options) ? await encoderFromGraph({ ...options, graph: free }) : undefined;
  if (encoder) {
    const together = await encoder.probe(faces).catch(() => undefined);
    if (together && areClose(expected ?? (await encoder.probe(faces, 1)), together)) return { encoder };
    await encoder.close();
  }
  return {
    encoder: await encoderFromGraph({ ...options, graph: fixed }),
    note:
      freed === undefined
        ? 'in this network a face’s embedding depends on the others in its batch: each is embedded alone, which is slower'
        : 'the network works with its fixed batch alone, which is slower: export it with a free batch',
  };
}

/** Whether the shapes in a network fit more than one face, as far as that shows without running it (ONNX Runtime would complain on stderr). */
function acceptsBatch(graph: Graph, { input, layout, view }: GraphEncoderOptions): boolean {
  const name = input ?? graph.inputs[0]?.name ?? '';
  const depth = graph.inputs.find((info) => info.name === name)?.shape?.[layout === 'nhwc' ? 3 : 1] === 1 ? 1 : 3;
  const { heightPx, widthPx } = view;
  const fits = (batch: number): boolean => {
    const shape = layout === 'nhwc' ? [batch, heightPx, widthPx, depth] : [batch, depth, heightPx, widthPx];
    try {
      compile(graph, { shapes: { [name]: shape } });
    } catch (error) {
      return !(error instanceof ShapeError);
    }
    return true;
  };
  // What fits one face no better says nothing about batches.
  return fits(2) || !fits(1);
}

async function probeOnce(options: GraphEncoderOptions, faces: readonly Image[]): Promise<Float32Array[]> {
  const encoder = await encoderFromGraph(options);
  try {
    return await encoder.probe(faces);
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

/** Noise of `levels` grey levels: what looks at a whole batch sees faces of different contrast. */
function noise({ widthPx, heightPx }: EncoderView, seed: number, levels: number): Image {
  const random = new Random(seed);
  return { widthPx, heightPx, data: Uint8Array.from({ length: 3 * widthPx * heightPx }, () => random.integer(levels)) };
}

async function readModel(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new InputError(`the model ${path} cannot be read`, { cause, hint: 'check the path' });
  }
}
