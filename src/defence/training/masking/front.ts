import { z } from 'zod';
import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { conv } from '../../../graph/ops/convolution.ts';
import { float32, toNumbers } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { InputError, ModelFileError } from '../../../util/errors.ts';
import { Random, type RandomNumbers } from '../../../util/random.ts';
import {
  BLOCK_CHANNELS,
  BLOCK_PX,
  type BlockTransform,
  blockRows,
  fromBlocks,
  rowsOfBlocks,
  toBlocks,
} from './block-dct.ts';

/** What a face goes through before any recogniser sees it: `pixels` hides nothing, `frequency` keeps some frequencies of each block, in an order of its own. */
export const FRONT_KINDS = ['pixels', 'frequency'] as const;

export type FrontKind = (typeof FRONT_KINDS)[number];

/** Frequencies that the `frequency` front keeps where nothing else is asked. Source: PPFR-FD (Wang et al., AAAI 2022). */
export const KEPT_FREQUENCIES = 36;

/** A front as data: it is stored with what was trained behind it. */
export interface FrontSettings {
  readonly kind: FrontKind;
  /** Side of a face in pixels, a multiple of 8. */
  readonly sizePx: number;
  /** Which of a block's 192 numbers are kept, in the order in which they leave. */
  readonly channels: readonly number[];
  /** Of each of the 192 on the training side. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

const settingsSchema = z.strictObject({
  kind: z.enum(FRONT_KINDS),
  sizePx: z.int().positive().multipleOf(BLOCK_PX),
  channels: z
    .array(
      z
        .int()
        .min(0)
        .max(BLOCK_CHANNELS - 1),
    )
    .nonempty(),
  mean: z.array(z.number()).length(BLOCK_CHANNELS),
  deviation: z.array(z.number().positive()).length(BLOCK_CHANNELS),
});

/** The settings that JSON text holds. @throws ModelFileError where it holds none. */
export function parseFront(text: string): FrontSettings {
  try {
    return settingsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ModelFileError('the front of a masking cannot be read', { cause });
  }
}

/** How a front is measured. */
export interface FitFrontOptions extends SessionOptions {
  readonly kind: FrontKind;
  readonly sizePx: number;
  /** Of `frequency`: how many are kept, those of the largest energy without the three means of the block; default {@link KEPT_FREQUENCIES}. */
  readonly frequencies?: number;
  /** Of the order of the channels; where nobody may guess it, what draws it. */
  readonly seed: number | RandomNumbers;
}

/** Faces measured at a time. */
const BATCH = 16;

/** Below this a deviation says nothing, and would only enlarge rounding. */
const LEAST_DEVIATION = 1e-4;

/** Digits kept of what was measured. */
const DIGITS = 9;

/**
 * Measures a front on faces of the training side: what is kept, its order, its means and deviations.
 *
 * @param faces - square, of `sizePx`.
 * @throws InputError where there is no face, or the settings make no front.
 */
export async function fitFront(faces: readonly Image[], options: FitFrontOptions): Promise<FrontSettings> {
  const { kind, sizePx, frequencies = KEPT_FREQUENCIES, seed } = options;
  if (faces.length === 0) throw new InputError('a front is measured on one face or more');
  if (!Number.isInteger(sizePx) || sizePx < BLOCK_PX || sizePx % BLOCK_PX !== 0)
    throw new InputError(`faces of ${sizePx} px have no whole blocks`, { hint: `give a multiple of ${BLOCK_PX}` });
  if (!(Number.isInteger(frequencies) && frequencies >= 1 && frequencies <= BLOCK_CHANNELS - 3))
    throw new InputError(`${frequencies} frequencies of a block`, { hint: `keep 1 to ${BLOCK_CHANNELS - 3}` });
  const { mean, square } = await moments(faces, options);
  const order = typeof seed === 'number' ? new Random(seed).fork('front') : seed;
  const chosen = kind === 'pixels' ? allChannels() : order.shuffle(strongest(square, frequencies));
  return {
    kind,
    sizePx,
    channels: chosen,
    mean: mean.map(rounded),
    deviation: mean.map((value, i) =>
      rounded(Math.max(LEAST_DEVIATION, Math.sqrt(Math.max(0, (square[i] as number) - value ** 2)))),
    ),
  };
}

/** Faces [N,3,S,S], RGB, 0..1, as a recogniser takes them: [N,C,S/8,S/8], of mean 0 and deviation 1 on the training side. One convolution. */
export function applyFront(faces: Value, { kind, channels, mean, deviation }: FrontSettings): Value {
  const rows = blockRows(transformOf(kind));
  return rowsOfBlocks(
    faces,
    channels.map((channel) => {
      const scale = 1 / (deviation[channel] as number);
      return {
        kernel: rows.kernel(channel).map((weight) => weight * scale),
        offset: (rows.offset(channel) - (mean[channel] as number)) * scale,
      };
    }),
  );
}

/**
 * What can be had back of {@link applyFront} by who knows its settings: [N,C,S/8,S/8] -> faces [N,3,S,S], RGB; exact where all channels were kept. What was dropped is given
 * its mean.
 */
export function invertFront(masked: Value, { kind, channels, mean, deviation }: FrontSettings): Value {
  const { builder } = masked;
  const kernel = new Float32Array(BLOCK_CHANNELS * channels.length);
  channels.forEach((channel, i) => {
    kernel[channel * channels.length + i] = deviation[channel] as number;
  });
  const places = builder.constant(float32(kernel, [BLOCK_CHANNELS, channels.length, 1, 1]), 'places');
  const blocks = conv(masked, places, { bias: builder.constant(float32([...mean], [BLOCK_CHANNELS]), 'means') });
  return fromBlocks(blocks, transformOf(kind));
}

const transformOf = (kind: FrontKind): BlockTransform => (kind === 'pixels' ? 'pixels' : 'dct');

const allChannels = (): number[] => Array.from({ length: BLOCK_CHANNELS }, (_, channel) => channel);

const rounded = (value: number): number => Number(value.toPrecision(DIGITS));

/** The channels of the largest energy, the three means of a block left out: they are the face in small. */
function strongest(square: readonly number[], count: number): number[] {
  return allChannels()
    .filter((channel) => channel % BLOCK_PX ** 2 !== 0)
    .sort((a, b) => (square[b] as number) - (square[a] as number) || a - b)
    .slice(0, count);
}

/** Mean and mean square of each of the 192 numbers of a block, over all blocks of all faces. */
async function moments(
  faces: readonly Image[],
  { kind, sizePx, ...session }: FitFrontOptions,
): Promise<{ readonly mean: number[]; readonly square: number[] }> {
  const [mean, square] = [new Float64Array(BLOCK_CHANNELS), new Float64Array(BLOCK_CHANNELS)];
  const blocksOfFace = (sizePx / BLOCK_PX) ** 2;
  const sessions = new Map<number, Awaited<ReturnType<typeof createSession>>>();
  for (let start = 0; start < faces.length; start += BATCH) {
    const shape = [Math.min(BATCH, faces.length - start), 3, sizePx, sizePx];
    const open = sessions.get(shape[0] as number) ?? (await createSession(blocksGraph(shape, kind), session));
    sessions.set(shape[0] as number, open);
    const { blocks } = await open.run({ face: float32(toPlanar(faces.slice(start, start + BATCH)), shape) });
    const values = blocks ? toNumbers(blocks) : [];
    values.forEach((value, i) => {
      const channel = Math.floor(i / blocksOfFace) % BLOCK_CHANNELS;
      mean[channel] = (mean[channel] as number) + value;
      square[channel] = (square[channel] as number) + value ** 2;
    });
  }
  for (const open of sessions.values()) await open.release();
  const count = faces.length * blocksOfFace;
  return { mean: Array.from(mean, (value) => value / count), square: Array.from(square, (value) => value / count) };
}

function blocksGraph(shape: readonly number[], kind: FrontKind) {
  const builder = new GraphBuilder('blocks');
  builder.output('blocks', toBlocks(builder.input('face', shape), transformOf(kind)));
  return builder.build();
}
