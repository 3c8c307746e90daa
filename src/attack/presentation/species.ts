import { InputError } from '../../util/errors.ts';
import type { Channel } from './channel/settings.ts';
import { RETARGET_MODES, type RetargetMode } from './warp/retarget.ts';

/** How the pictures of a species come to be. */
export type Maker =
  | { readonly kind: 'still' }
  | { readonly kind: 'warp'; readonly mode: RetargetMode }
  /** Frames made elsewhere, by a network: handed in. */
  | { readonly kind: 'network'; readonly network: 'reenactment' | 'swap' }
  /** A clip of the person: handed in. */
  | { readonly kind: 'recording' };

/** A kind of attack presentation: what it is made of, and what it takes. */
export interface AttackSpecies {
  readonly name: string;
  /** What its frames' payload calls it, 1 to 255: given once and never to another. */
  readonly number: number;
  /** What reaches the camera, or takes its place. */
  readonly instrument: Exclude<Channel['kind'], 'camera'>;
  /** Bent about an upright axis. */
  readonly bent: boolean;
  readonly maker: Maker;
  /** Of what is injected: whether it goes through a camera's noise and blur first, which costs nothing and hides that a still frame comes twice. */
  readonly imitatesCamera: boolean;
  /** Whether somebody who drives it live can do what a challenge asks. */
  readonly followsChallenge: boolean;
  /** Moved as somebody else moved in a clip that was recorded before: the challenge is not answered. */
  readonly drivenByClip: boolean;
  /** Shows nobody's face, made from noise by a generator, in place of the person's photo. */
  readonly inventsFace: boolean;
  /** Tinted live with the colours that the session shows, by software. */
  readonly relit: boolean;
  /** Photos of the person who is attacked; a recording counts as none. */
  readonly photosNeeded: number;
  /** What it would cost, in words. */
  readonly equipment: string;
}

/** How strongly a sheet of a bent species is bent unless settings say otherwise: about a radius of 125 mm. */
export const USUAL_BEND_PER_METRE = 8;

const INJECTION = 'a camera driver that shows frames in place of the camera’s (free software)';
const PUPPETEER = 'an ordinary computer and webcam for whoever performs';
const DRIVER_CLIP = 'an ordinary computer, and a clip of anybody who nods and speaks';

function species(
  number: number,
  name: string,
  instrument: AttackSpecies['instrument'],
  maker: Maker,
  rest: Partial<AttackSpecies> & Pick<AttackSpecies, 'equipment'>,
): AttackSpecies {
  return {
    ...{ number, name, instrument, maker, bent: false, imitatesCamera: false, followsChallenge: false },
    ...{ drivenByClip: false, inventsFace: false, relit: false, photosNeeded: 1, ...rest },
  };
}

/** Named, so that another mode, or another order, gives no number to another species. */
const WARP_NUMBERS: Readonly<Record<RetargetMode, number>> = { absolute: 8, relative: 9, lifted: 10 };

const warp = (mode: RetargetMode): Maker => ({ kind: 'warp', mode });
const network = (kind: 'reenactment' | 'swap'): Maker => ({ kind: 'network', network: kind });

/**
 * The attack species, the cheapest first. Left out: prints with the eyes and the mouth cut out before a living person, and masks, which the simulator of channels cannot show.
 *
 * A GAN's face is nobody's: it attacks a check for liveness alone, or an enrolment, and needs no photo.
 */
export const ATTACK_SPECIES = [
  species(1, 'print-flat', 'print', { kind: 'still' }, { equipment: 'a printer and a sheet: 1 euro' }),
  species(
    2,
    'print-bent',
    'print',
    { kind: 'still' },
    { bent: true, equipment: 'a printer and a sheet, bent: 1 euro' },
  ),
  species(3, 'screen-photo', 'screen', { kind: 'still' }, { equipment: 'a telephone or a tablet' }),
  species(
    4,
    'screen-replay',
    'screen',
    { kind: 'recording' },
    {
      photosNeeded: 0,
      equipment: 'a tablet, and a recording of the person before a camera',
    },
  ),
  species(17, 'screen-clip-warp', 'screen', warp('lifted'), {
    drivenByClip: true,
    equipment: `a tablet or monitor; ${DRIVER_CLIP}`,
  }),
  species(5, 'screen-warp', 'screen', warp('lifted'), {
    followsChallenge: true,
    equipment: `a tablet or monitor; ${PUPPETEER}`,
  }),
  species(6, 'inject-photo', 'injected', { kind: 'still' }, { equipment: INJECTION }),
  species(
    7,
    'inject-replay',
    'injected',
    { kind: 'recording' },
    {
      photosNeeded: 0,
      equipment: `${INJECTION}, and a recording of the person before a camera`,
    },
  ),
  species(14, 'inject-clip-warp', 'injected', warp('lifted'), {
    imitatesCamera: true,
    drivenByClip: true,
    equipment: `${INJECTION}; ${DRIVER_CLIP}`,
  }),
  ...RETARGET_MODES.map((mode) =>
    species(WARP_NUMBERS[mode], `inject-warp-${mode}`, 'injected', warp(mode), {
      imitatesCamera: true,
      followsChallenge: true,
      equipment: `${INJECTION}; ${PUPPETEER}`,
    }),
  ),
  species(16, 'inject-warp-relit', 'injected', warp('lifted'), {
    imitatesCamera: true,
    followsChallenge: true,
    relit: true,
    equipment: `${INJECTION}; ${PUPPETEER}; software that reads the colours off the session’s screen and tints the frames`,
  }),
  species(11, 'inject-gan', 'injected', warp('lifted'), {
    imitatesCamera: true,
    followsChallenge: true,
    inventsFace: true,
    photosNeeded: 0,
    equipment: `${INJECTION}; ${PUPPETEER}; a generator, trained beforehand: a day of an ordinary computer, or one of those that are published`,
  }),
  species(15, 'inject-clip-reenactment', 'injected', network('reenactment'), {
    imitatesCamera: true,
    drivenByClip: true,
    equipment: `${INJECTION}; ${DRIVER_CLIP}; a network trained beforehand, not on the person`,
  }),
  species(12, 'inject-reenactment', 'injected', network('reenactment'), {
    imitatesCamera: true,
    followsChallenge: true,
    equipment: `${INJECTION}; ${PUPPETEER}; a network trained beforehand, not on the person`,
  }),
  species(13, 'inject-swap', 'injected', network('swap'), {
    imitatesCamera: true,
    followsChallenge: true,
    photosNeeded: 100,
    equipment: `${INJECTION}; ${PUPPETEER}; a network trained for hours on about a hundred photos of the person`,
  }),
] as const satisfies readonly AttackSpecies[];

/** What the payload calls the species of this name. */
export function speciesNumber(name: (typeof ATTACK_SPECIES)[number]['name']): number {
  const found = ATTACK_SPECIES.find((species) => species.name === name);
  if (!found) throw new InputError(`there is no species "${name}"`);
  return found.number;
}
