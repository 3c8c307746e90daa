import { GraphBuilder } from '../../../graph/builder.ts';
import type { Graph } from '../../../graph/graph.ts';
import type { TypedTensor } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { FrozenParameters, type Weights } from '../../../nn/parameters.ts';
import { createSession, type SessionOptions, type Tensors } from '../../../runtime/session.ts';
import { InputError, ShapeError } from '../../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import type { RandomNumbers } from '../../../util/random.ts';
import type { FrontSettings } from './front.ts';
import { type Masking, mostMixed } from './kinds.ts';
import { batchFeeds, type GivenBatch, type MaskedBatchOptions } from './masked-batch.ts';
import { padParts } from './mix.ts';
import { mixedFaces } from './mixed-faces.ts';
import { type ChannelSet, channelSet, type MixAction } from './strategy.ts';

/** Faces to mix. */
export interface MixOrder {
  /** Numbers of the images: the face itself, then those that it may be mixed with. */
  readonly images: readonly number[];
  /** Their parts, together 1, where they are settled; of all orders or of none. */
  readonly weights?: readonly number[];
  /** Channels that are kept, where they are settled; default all. */
  readonly channels?: ChannelSet;
}

/** What a masking made of a mix. */
export interface MaskedMix {
  /** [C,S/8,S/8]. */
  readonly masked: Float32Array;
  /** Of the order's images, the first ones: as many as were mixed, together 1. */
  readonly parts: readonly number[];
}

/** How {@link maskMixes} works. */
export interface MaskMixesOptions extends JobOptions, SessionOptions {
  readonly masking: Masking;
  readonly front: FrontSettings;
  /** Choices of the strategy network; none where it has nothing to choose. */
  readonly actions: readonly MixAction[];
  /** Trained ones: those under `strategy.` are read where there are actions, those under `noise.` where noise was learnt. */
  readonly weights: Weights;
  /** Mixes that are made at a time. */
  readonly batchSize: number;
  /** Whether the parts of each mix fall, where they are drawn. Default false. */
  readonly leading?: boolean;
  readonly random: RandomNumbers;
}

/**
 * Masks faces and mixes them as a training would, in the same graph, in order. What is not settled by the orders (parts, noise, signs, channels) is drawn anew for each.
 *
 * @param images - square, of the front's size.
 * @throws ModelFileError where weights are missing; InputError where an order has more images than the masking mixes.
 */
export async function* maskMixes(
  images: readonly Image[],
  orders: readonly MixOrder[],
  options: MaskMixesOptions,
): AsyncGenerator<MaskedMix> {
  if (orders.length === 0) return;
  const { random } = options;
  const slots = mostMixed(options.masking);
  if (orders.some((order) => order.images.length > slots))
    throw new InputError(`${options.masking.name} mixes no more than ${slots} faces`);
  const rows = Math.min(options.batchSize, orders.length);
  const batch = { ...options, ...batchOf(options, rows * slots) };
  const feedsOf = (start: number): Tensors => {
    // The last batch is filled up with mixes that were made before.
    const own = Array.from({ length: rows }, (_, row) => orders[(start + row) % orders.length] as MixOrder);
    return batchFeeds(givenBatch(images, own, slots, batch.channels), batch, random.fork(`mixes ${start}`));
  };
  const session = await createSession(mixesGraph(feedsOf(0), batch, rows), options);
  try {
    for (let start = 0; start < orders.length; start += rows) {
      throwIfAborted(options);
      const { mixed, mixed_parts: parts } = await session.run(feedsOf(start));
      if (mixed?.dtype !== 'float32' || parts?.dtype !== 'float32') throw new ShapeError('a masking gives no float32');
      const [faces, weights] = [rowsOf(mixed), rowsOf(parts)];
      for (let row = 0; row < rows && start + row < orders.length; row++) {
        const own = [...(weights[row] as Float32Array)].filter((part) => part > 0);
        yield { masked: faces[row] as Float32Array, parts: own };
      }
      options.onProgress?.({
        stage: 'masking faces',
        done: Math.min(start + rows, orders.length),
        total: orders.length,
      });
    }
  } finally {
    await session.release();
  }
}

function batchOf(
  { front, actions, masking, leading = false }: MaskMixesOptions,
  batchSize: number,
): MaskedBatchOptions {
  const channels = front.channels.length;
  const { sizePx } = front;
  return { masking, actions, channels, sizePx, batchSize, leading, augmentations: [], heldOut: false, seed: 0 };
}

/** The faces of some orders: first each one's own, then the `slots - 1` others of each; where an order has fewer, its own stands in and is not mixed. */
function givenBatch(
  images: readonly Image[],
  orders: readonly MixOrder[],
  slots: number,
  channels: number,
): GivenBatch {
  const rows = orders.length;
  const rowOf = (order: number, slot: number): number => (slot === 0 ? order : rows + order * (slots - 1) + slot - 1);
  const faces = new Array<Image>(rows * slots);
  const partners = Array.from(faces, (_, row) => [row]);
  const kept = new Float32Array(rows * slots * channels).fill(1);
  orders.forEach(({ images: numbers, channels: set = 'all' }, order) => {
    for (let slot = 0; slot < slots; slot++) {
      faces[rowOf(order, slot)] = images[numbers[slot] ?? (numbers[0] as number)] as Image;
      kept.set(channelSet(set, channels), rowOf(order, slot) * channels);
    }
    partners[order] = numbers.map((_, slot) => rowOf(order, slot));
  });
  const weights = orders.flatMap((order) => (order.weights ? padParts(order.weights, slots) : []));
  return {
    face: toPlanar(faces),
    partners,
    ...(weights.length > 0 ? { parts: Float32Array.from(padParts(weights, slots * faces.length)) } : {}),
    ...(orders.some((order) => order.channels) ? { kept } : {}),
  };
}

function mixesGraph(feeds: Tensors, batch: MaskedBatchOptions & MaskMixesOptions, rows: number): Graph {
  const builder = new GraphBuilder('masked mixes');
  const inputs = Object.entries(feeds).map(([name, { shape }]) => [name, builder.input(name, shape)] as const);
  const parameters = new FrozenParameters(builder, batch.weights);
  const { mixed, parts } = mixedFaces(parameters, Object.fromEntries(inputs), { ...batch, batch }, rows);
  builder.output('mixed', mixed);
  // Of an input of that name there is one already.
  builder.output('mixed_parts', parts);
  return builder.build();
}

function rowsOf({ data, shape: [count = 1] }: TypedTensor<'float32'>): Float32Array[] {
  const size = data.length / count;
  return Array.from({ length: count }, (_, row) => data.slice(row * size, (row + 1) * size));
}
