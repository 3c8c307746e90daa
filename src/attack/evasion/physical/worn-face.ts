import { CANONICAL_EXTENT } from '../../../encoder/view.ts';
import type { Colour } from '../../../image/outline.ts';
import type { Random } from '../../../util/random.ts';
import { type HomographyWarp, homographyWarp, STILL } from './homography-warp.ts';
import { drawHomography, SLIP_RANGE } from './random-view.ts';

/** What stands on the face instead of it, or how the face is tinted; `parameters` are what an attack chooses. */
export interface Medium {
  /** Where an attack starts. */
  readonly start: Float32Array;
  /** Brings parameters back to what can be worn, in place. */
  clamp(parameters: Float32Array): void;
  /** The texture that parameters stand for, planar [3,S,S]: colours 0..1 of an accessory, or changes of colour. */
  texture(parameters: Float32Array): Float32Array;
  /** The transpose of `texture`, which is linear. */
  pullBack(gradient: Float32Array): Float32Array;
  /** Parameters of one plain colour. @param face - planar [3,S,S]: what a tint starts from. */
  plain(colour: Colour, face: Float32Array): Float32Array;
  /** Parameters at random, as far as the medium lets them go. */
  random(random: Random): Float32Array;
  /** Whether the texture covers the face, or changes its colour. */
  readonly covers: boolean;
  /** Longest step of an attack, in pixel values: about what it takes to cross the medium's range in a score of steps. */
  readonly stepSize: number;
}

const MIDDLE_GREY = 0.5;

/** An accessory that covers the face: any colour at any pixel. */
export function coveringMedium(sizePx: number): Medium {
  const numbers = 3 * sizePx ** 2;
  return {
    covers: true,
    stepSize: 16 / 255,
    start: new Float32Array(numbers).fill(MIDDLE_GREY),
    clamp(colours) {
      colours.forEach((value, i) => {
        colours[i] = Math.min(1, Math.max(0, value));
      });
    },
    texture: (colours) => colours,
    pullBack: (gradient) => gradient,
    plain: (colour) =>
      Float32Array.from({ length: numbers }, (_, i) => (colour[Math.floor(i / sizePx ** 2)] ?? 0) / 255),
    random: (random) => Float32Array.from({ length: numbers }, () => random.uniform()),
  };
}

/** Units of the canonical frame for each number of a tint: make-up has no detail. On small pictures a cell is four pixels. */
const TINT_CELL = 6;

/**
 * Make-up: a smooth change of the face's colour, within a bound. It is a coarse grid of changes, spread bilinearly, which can neither exceed the bound nor be sharper than
 * its cells.
 *
 * @param bound - the most that a pixel value changes, 0..1.
 */
export function tintingMedium(sizePx: number, bound: number): Medium {
  const gridPx = Math.round(Math.min(CANONICAL_EXTENT / TINT_CELL, Math.max(4, sizePx / 4)));
  const spread = homographyWarp(STILL, { sourcePx: gridPx, outputPx: sizePx });
  const numbers = 3 * gridPx ** 2;
  const clamp = (changes: Float32Array): void => {
    changes.forEach((value, i) => {
      changes[i] = Math.min(bound, Math.max(-bound, value));
    });
  };
  return {
    covers: false,
    stepSize: bound / 5,
    start: new Float32Array(numbers),
    clamp,
    texture: (changes) => spread.apply(changes),
    pullBack: (gradient) => spread.transpose(gradient),
    plain(colour, face) {
      const changes = Float32Array.from({ length: numbers }, (_, i) => {
        const [channel, cell] = [Math.floor(i / gridPx ** 2), i % gridPx ** 2];
        const [x, y] = [cell % gridPx, Math.floor(cell / gridPx)];
        const near = (at: number): number => Math.floor(((at + 0.5) * sizePx) / gridPx);
        return (colour[channel] ?? 0) / 255 - (face[(channel * sizePx + near(y)) * sizePx + near(x)] as number);
      });
      clamp(changes);
      return changes;
    },
    random: (random) => Float32Array.from({ length: numbers }, () => bound * (2 * random.uniform() - 1)),
  };
}

/** A face with something on it. */
export interface WornFace {
  /** Planar [3,S,S], 0..1; where the mask is zero it is the bare face, unless the accessory slipped there. */
  readonly face: Float32Array;
  /** Brings a gradient with respect to the face back to the texture. */
  pullBack(gradient: Float32Array): Float32Array;
}

/**
 * Puts a texture on a face: face (1 - mask) + mask texture where it covers, face + mask texture where it tints.
 *
 * @param slip - moves the accessory on the face; absent: it sits where it was made for.
 */
export function wear(
  bare: Float32Array,
  texture: Float32Array,
  { mask, covers }: { readonly mask: Float32Array; readonly covers: boolean },
  slip?: HomographyWarp,
): WornFace {
  const masked = times(texture, mask);
  const layer = slip ? slip.apply(masked) : masked;
  const seen = covers && slip ? slip.apply(mask) : mask;
  const raw = new Float32Array(bare.length);
  for (let start = 0; start < raw.length; start += mask.length)
    for (let i = 0; i < mask.length; i++) {
      const left = covers ? 1 - (seen[i] as number) : 1;
      raw[start + i] = left * (bare[start + i] as number) + (layer[start + i] as number);
    }
  return {
    face: raw.map((value) => Math.min(1, Math.max(0, value))),
    pullBack: (gradient) => {
      // What is clipped does not answer to a change.
      const open = gradient.map((value, i) => ((raw[i] as number) >= 0 && (raw[i] as number) <= 1 ? value : 0));
      return times(slip ? slip.transpose(open) : open, mask);
    },
  };
}

/** Each plane times the mask. */
function times(planes: Float32Array, mask: Float32Array): Float32Array {
  const out = new Float32Array(planes.length);
  for (let start = 0; start < out.length; start += mask.length)
    for (let i = 0; i < mask.length; i++) out[start + i] = (planes[start + i] as number) * (mask[i] as number);
  return out;
}

/** A random slip of an accessory. */
export const drawSlip = (random: Random, sizePx: number): HomographyWarp =>
  homographyWarp(drawHomography(random, SLIP_RANGE), { sourcePx: sizePx, outputPx: sizePx });
