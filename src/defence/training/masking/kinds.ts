import { InputError } from '../../../util/errors.ts';
import type { Norm } from '../mobile-facenet-blocks.ts';
import type { FrontKind } from './front.ts';
import { FEWEST_MIXED, MOST_MIXED } from './mix.ts';

/** How many faces a mix is made of: always as many, as many as is drawn, or as many as the strategy network says. */
export type MixCount =
  | { readonly kind: 'fixed'; readonly count: number }
  | { readonly kind: 'random' }
  | { readonly kind: 'adaptive' };

/** A masking as data: what is done to training faces. */
export interface Masking {
  /** As it was written, such as `fixed:4`. */
  readonly name: string;
  readonly front: FrontKind;
  readonly mix: MixCount;
  /** A random sign for each number of what was mixed. */
  readonly signs: boolean;
  /** Gaussian noise: of a fixed deviation on pixels in 0..1, or of learnt deviations on the channels, which have deviation 1 themselves. */
  readonly noise?: { readonly on: 'pixels' | 'channels'; readonly deviation: number };
  /** Channels that are drawn for each face; the others are 0. */
  readonly channelsDrawn?: number;
  /** Privacy budget of a training by DP-SGD. */
  readonly epsilon?: number;
}

/** What {@link parseMasking} takes, for help texts. */
export const MASKING_FORMS =
  'none, frequency, pixel-mixup, instahide, fixed:K, random, adaptive, noise:LEVELS, dct-noise[:DEVIATION], channels[:N], dp-sgd:EPSILON';

/** Faces in a mix of InstaHide. Source: Huang et al. 2020, section 5. */
const INSTAHIDE_COUNT = 4;

/** Channels that PartialFace draws. Source: Mi et al., ICCV 2023, section 4. */
const PARTIAL_CHANNELS = 9;

const ALONE: MixCount = { kind: 'fixed', count: 1 };

/** Each form: its front, and what is done behind it with the number that it was given. */
const FORMS: Readonly<Record<string, (value: number | undefined) => Omit<Masking, 'name'> | undefined>> = {
  none: without({ front: 'pixels', mix: ALONE, signs: false }),
  frequency: without({ front: 'frequency', mix: ALONE, signs: false }),
  'pixel-mixup': without({ front: 'pixels', mix: { kind: 'fixed', count: 2 }, signs: false }),
  instahide: without({ front: 'pixels', mix: { kind: 'fixed', count: INSTAHIDE_COUNT }, signs: true }),
  random: without({ front: 'frequency', mix: { kind: 'random' }, signs: false }),
  adaptive: without({ front: 'frequency', mix: { kind: 'adaptive' }, signs: false }),
  fixed: (count) =>
    count !== undefined && Number.isInteger(count) && count >= FEWEST_MIXED && count <= MOST_MIXED
      ? { front: 'frequency', mix: { kind: 'fixed', count }, signs: false }
      : undefined,
  noise: (levels) =>
    levels !== undefined && levels > 0 && levels <= 255
      ? { front: 'pixels', mix: ALONE, signs: false, noise: { on: 'pixels', deviation: levels / 255 } }
      : undefined,
  'dct-noise': (deviation = 1) =>
    deviation > 0 ? { front: 'frequency', mix: ALONE, signs: false, noise: { on: 'channels', deviation } } : undefined,
  channels: (channelsDrawn = PARTIAL_CHANNELS) =>
    Number.isInteger(channelsDrawn) && channelsDrawn >= 1
      ? { front: 'frequency', mix: ALONE, signs: false, channelsDrawn }
      : undefined,
  'dp-sgd': (epsilon) =>
    epsilon !== undefined && epsilon > 0 ? { front: 'pixels', mix: ALONE, signs: false, epsilon } : undefined,
};

/** @throws InputError where the text names no masking, with the forms that there are. */
export function parseMasking(text: string): Masking {
  const [, kind, number] = /^([a-z-]+)(?::(\d+(?:\.\d+)?))?$/.exec(text) ?? [];
  const form = kind !== undefined && Object.hasOwn(FORMS, kind) ? FORMS[kind] : undefined;
  const masking = form?.(number === undefined ? undefined : Number(number));
  if (masking) return { name: text, ...masking };
  throw new InputError(`"${text}" is no masking`, {
    hint: `there are ${MASKING_FORMS}; K is ${FEWEST_MIXED} to ${MOST_MIXED}, LEVELS are of 255`,
  });
}

/** @throws InputError where a masking draws more channels than there are. */
export function requireDrawable({ name, channelsDrawn = 0 }: Masking, channels: number): void {
  if (channelsDrawn > channels)
    throw new InputError(`--masking ${name} draws more than the ${channels} channels that there are`, {
      hint: 'draw fewer, or keep more frequencies',
    });
}

/** The normalisation of a masking's recogniser, unless another is asked for. A norm over the batch would let each face's gradient depend on the others, which private training must not. */
export const normOf = ({ epsilon }: Masking): Norm => (epsilon === undefined ? 'batch' : 'group');

/** Most faces that one mix of a masking is made of. */
export const mostMixed = ({ mix }: Masking): number => (mix.kind === 'fixed' ? mix.count : MOST_MIXED);

/** A form that takes no number. */
function without(masking: Omit<Masking, 'name'>) {
  return (value: number | undefined): Omit<Masking, 'name'> | undefined => (value === undefined ? masking : undefined);
}
