import { float32, int64, type Tensor } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import type { BatchShape } from '../../../nn/training.ts';
import { InputError } from '../../../util/errors.ts';
import { Random, type RandomNumbers } from '../../../util/random.ts';
import { type Augmentation, augmentFace } from '../augmentation.ts';
import type { TrainingPerson } from '../encoder-training.ts';
import { BLOCK_PX } from './block-dct.ts';
import { type Masking, mostMixed } from './kinds.ts';
import { drawPartners, drawParts, FEWEST_MIXED, MOST_MIXED, padParts, partnerMatrix, type WeightLaw } from './mix.ts';
import { gumbelNoise, type MixAction } from './strategy.ts';

/** A person whose faces are masked. */
export interface MaskedPerson extends TrainingPerson {
  /** Of each face: what it is called in a log of mixes. */
  readonly ids: readonly string[];
  /** Faces that no training sees: the accuracy of a constraint is measured on them. */
  readonly heldOut?: readonly Image[];
}

/** What decides a batch. */
export interface MaskedBatchOptions {
  readonly masking: Masking;
  /** Choices of the strategy network; none where it has nothing to choose. */
  readonly actions: readonly MixAction[];
  /** Channels behind the front. */
  readonly channels: number;
  readonly sizePx: number;
  readonly batchSize: number;
  readonly augmentations: readonly Augmentation[];
  /** Whether faces that were held out are part of it. */
  readonly heldOut: boolean;
  /** Whether the parts of each mix fall, so that the face itself has the largest. Default false. */
  readonly leading?: boolean;
  readonly seed: number;
}

/** A batch: what the graph is fed, and which faces are in it. */
export interface MaskedBatch {
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly ids: readonly string[];
  /** Of each row the rows that it may be mixed with, its own first. */
  readonly partners: readonly (readonly number[])[];
}

/** Names, shapes and types of what {@link drawMaskedBatch} feeds. */
export function maskedBatchShape(options: MaskedBatchOptions): BatchShape {
  const { masking, actions, channels, sizePx, batchSize, heldOut } = options;
  const slots = mostMixed(masking);
  const faces = { shape: [batchSize, 3, sizePx, sizePx] };
  const side = sizePx / BLOCK_PX;
  const tensor = { shape: [batchSize, channels, side, side] };
  const people = { shape: [batchSize], dtype: 'int64' } as const;
  const chosen = actions.length > 0;
  return {
    face: faces,
    person: people,
    partners: { shape: [batchSize, slots, batchSize] },
    parts: { shape: chosen ? [batchSize, actions.length, slots] : [batchSize, slots] },
    ...(chosen ? { gumbel: { shape: [batchSize, actions.length] } } : {}),
    ...(masking.noise ? { noise: masking.noise.on === 'pixels' ? faces : tensor } : {}),
    ...(masking.signs ? { signs: tensor } : {}),
    ...(masking.channelsDrawn === undefined ? {} : { kept: { shape: [batchSize, channels, 1, 1] } }),
    ...(heldOut ? { held_out: faces, held_out_person: people } : {}),
  };
}

/**
 * The batch of a step: a random face of each of as many people as there are, everybody once before anybody twice; and all that is random in its masking. It depends on step and seed alone.
 *
 * @throws InputError where there are fewer people than one mix takes.
 */
export function drawMaskedBatch(
  people: readonly MaskedPerson[],
  step: number,
  options: MaskedBatchOptions,
): MaskedBatch {
  const { masking, sizePx, batchSize, augmentations, seed } = options;
  const random = new Random(seed).fork(`batch ${step}`);
  const chosen = everybodyInTurn(people.length, batchSize, random.fork('people'));
  const which = random.fork('faces');
  const ids: string[] = [];
  const faces = new Float32Array(batchSize * 3 * sizePx ** 2);
  chosen.forEach((index, row) => {
    const person = people[index] as MaskedPerson;
    const face = which.integer(person.faces.length);
    const seen = augmentFace(person.faces[face] as Image, augmentations, random.fork(`face ${row}`));
    faces.set(seen, row * seen.length);
    ids.push(person.ids[face] ?? `${person.person}, face ${face + 1}`);
  });
  const partners = drawPartners(chosen, mostMixed(masking), random.fork('partners'));
  const feeds = { ...batchFeeds({ face: faces, partners }, options, random), person: int64(chosen) };
  const heldOut = options.heldOut ? drawHeldOut(people, options, random.fork('held out')) : {};
  return { feeds: { ...feeds, ...heldOut }, ids, partners };
}

/** What of a batch is given, and not drawn. */
export interface GivenBatch {
  /** [B,3,S,S]. */
  readonly face: Float32Array;
  /** Of each row the rows that it may be mixed with, its own first. */
  readonly partners: readonly (readonly number[])[];
  /** [B,slots], where they are settled. */
  readonly parts?: Float32Array;
  /** [B,C]: a factor for each channel, where it is settled. */
  readonly kept?: Float32Array;
}

/** What a graph is fed to mask and mix these faces, with all that is random in it. */
export function batchFeeds(
  { partners, ...given }: GivenBatch,
  options: MaskedBatchOptions,
  random: RandomNumbers,
): Readonly<Record<string, Tensor>> {
  const { batchSize, channels } = options;
  const shapes: BatchShape = { kept: { shape: [batchSize, channels, 1, 1] }, ...maskedBatchShape(options) };
  const values = {
    partners: partnerMatrix(partners, mostMixed(options.masking)),
    ...drawMasking(options, random),
    ...given,
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, data]) => [name, float32(data, shapes[name]?.shape ?? [])] as const),
  );
}

/** Parts, noise, signs and channels of a batch. */
function drawMasking(options: MaskedBatchOptions, random: RandomNumbers): Record<string, Float32Array> {
  const { masking, actions, channels, sizePx, batchSize, leading = false } = options;
  const { mix, noise, signs, channelsDrawn } = masking;
  const slots = mostMixed(masking);
  const rows = Array.from({ length: batchSize }, (_, row) => random.fork(`parts ${row}`));
  const numbers = batchSize * channels * (sizePx / BLOCK_PX) ** 2;
  const drawn = (count: number, row: RandomNumbers, law?: WeightLaw): number[] => {
    const parts = drawParts(count, row, law);
    return padParts(leading ? parts.sort((a, b) => b - a) : parts, slots);
  };
  const partsOf = (row: RandomNumbers): number[] => {
    if (mix.kind === 'fixed') return drawn(mix.count, row);
    if (mix.kind === 'random') return drawn(FEWEST_MIXED + row.integer(MOST_MIXED - FEWEST_MIXED + 1), row);
    return actions.flatMap(({ count, power }) => drawn(count, row, { power }));
  };
  return {
    parts: Float32Array.from(rows.flatMap(partsOf)),
    ...(actions.length > 0 ? { gumbel: gumbelNoise(batchSize * actions.length, random.fork('gumbel')) } : {}),
    ...(noise
      ? { noise: random.fork('noise').normals(noise.on === 'pixels' ? batchSize * 3 * sizePx ** 2 : numbers) }
      : {}),
    ...(signs ? { signs: drawSigns(numbers, random.fork('signs')) } : {}),
    ...(channelsDrawn === undefined
      ? {}
      : { kept: drawChannels(channelsDrawn, channels, batchSize, random.fork('channels')) }),
  };
}

/** -1 or 1 each. */
export function drawSigns(count: number, random: RandomNumbers): Float32Array {
  const out = new Float32Array(count);
  for (let start = 0; start < count; start += 32) {
    const bits = random.uint32();
    for (let bit = 0; bit < 32 && start + bit < count; bit++) out[start + bit] = (bits >>> bit) & 1 ? 1 : -1;
  }
  return out;
}

/** For each row `drawn` channels as channels / drawn and the others as 0, so that their sum is the same on average. */
function drawChannels(drawn: number, channels: number, rows: number, random: RandomNumbers): Float32Array {
  const out = new Float32Array(rows * channels);
  const every = Array.from({ length: channels }, (_, channel) => channel);
  for (let row = 0; row < rows; row++)
    for (const channel of random.sample(every, drawn)) out[row * channels + channel] = channels / drawn;
  return out;
}

function drawHeldOut(
  people: readonly MaskedPerson[],
  { batchSize, sizePx }: MaskedBatchOptions,
  random: Random,
): Readonly<Record<string, Tensor>> {
  const known = people.flatMap(({ heldOut = [] }, index) => heldOut.map((face) => ({ index, face })));
  const chosen = Array.from({ length: batchSize }, () => known[random.integer(known.length)]);
  if (known.length === 0) throw new InputError('a constraint on accuracy needs faces that were held out');
  return {
    held_out: float32(toPlanar(chosen.flatMap((one) => one?.face ?? [])), [batchSize, 3, sizePx, sizePx]),
    held_out_person: int64(chosen.flatMap((one) => one?.index ?? [])),
  };
}

/** `count` of `people` numbers in rounds: nobody twice before everybody once. */
function everybodyInTurn(people: number, count: number, random: RandomNumbers): number[] {
  const every = Array.from({ length: people }, (_, person) => person);
  const chosen: number[] = [];
  while (chosen.length < count) chosen.push(...random.sample(every, count - chosen.length));
  return chosen;
}
