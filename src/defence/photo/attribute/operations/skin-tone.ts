import type { Oklab } from '../../../../image/oklab.ts';
import { combinePlanes } from '../../../../image/plane.ts';
import { lipMask } from '../face-mask.ts';
import type { FaceOperation } from './operation.ts';
import { recolour } from './recolouring.ts';
import { findSkin } from './skin.ts';

/** Where human skin lies in OKLab: (a / L, b / L) by L, a line through fair, olive and dark skin in neutral light. */
const SKIN_LINE = {
  a: (lightness: number) => 0.15 - 0.14 * lightness,
  b: (lightness: number) => 0.185 - 0.16 * lightness,
};

/** How far a photo's own cast, the distance of its skin from that line, is taken back. */
const CAST_TAKEN_BACK = 0.5;

/** From this change of lightness on the cast is taken back as far. */
const WHOLE_CHANGE = 0.15;

/** A shift towards neutral ends here, as a / L and b / L. */
const LEAST_WARMTH = 0.02;

/** Lips change with the skin, but less. */
const LIP_SHARE = 0.55;

/** Skin of a lighter tone, shadows and shine as they were. */
export const lighterSkin: FaceOperation = toneOperation(
  'lighter-skin',
  'lightens the skin of face, ears and neck',
  (lightness) => lightness + 0.42 * Math.max(0, 0.92 - lightness),
);

/** Skin of a darker tone. */
export const darkerSkin: FaceOperation = toneOperation(
  'darker-skin',
  'darkens the skin of face, ears and neck',
  (lightness) => lightness - 0.44 * Math.max(0, lightness - 0.36),
);

/** @param target - from the cheeks' lightness in OKLab to that of a whole step. */
function toneOperation(name: string, description: string, target: (lightness: number) => number): FaceOperation {
  return {
    name,
    description,
    apply(photo, face, { amount }) {
      const skin = amount > 0 ? findSkin(photo, face) : undefined;
      if (!skin) return;
      const { grid, mask, tone } = skin;
      const factor = target(tone.lightness) / tone.lightness;
      const shift = hueShift(tone, target(tone.lightness));
      const withLips = combinePlanes((x, y) => Math.max(x, LIP_SHARE * y), mask, lipMask(grid, face));
      recolour(photo, grid, [withLips], (lab, [weights], x) => {
        const share = amount * (weights?.[x] as number);
        const lightness = lab[0] as number;
        const changed = shaded(lightness, tone.lightness, factor);
        const scale = changed / Math.max(lightness, 0.01);
        // What skin reflects like a mirror has the light's hue, not the skin's.
        const diffuse = changed * (1 - shineOf(lightness, tone.lightness));
        lab[0] = lightness + share * (changed - lightness);
        lab[1] = shifted((lab[1] as number) * (1 + share * (scale - 1)), share * shift.a * diffuse, changed);
        lab[2] = shifted((lab[2] as number) * (1 + share * (scale - 1)), share * shift.b * diffuse, changed);
      });
    },
  };
}

/** The sum of a value and a shift, but nothing that was warm turns cold: grey hair among skin would turn blue. */
function shifted(value: number, shift: number, lightness: number): number {
  return Math.max(value + shift, Math.min(value, LEAST_WARMTH * lightness));
}

/** What a / L and b / L change by, so that skin stays skin as its lightness changes. */
function hueShift(tone: Oklab, lightness: number): { readonly a: number; readonly b: number } {
  // Skin that hardly changes keeps its cast.
  const castTakenBack = CAST_TAKEN_BACK * Math.min(1, Math.abs(lightness - tone.lightness) / WHOLE_CHANGE);
  const along = (line: (lightness: number) => number, own: number): number => {
    const parallel = line(lightness) - line(tone.lightness);
    return parallel + castTakenBack * (line(tone.lightness) - own);
  };
  return { a: along(SKIN_LINE.a, tone.a / tone.lightness), b: along(SKIN_LINE.b, tone.b / tone.lightness) };
}

/**
 * The lightness of a place whose skin is `factor` times as light as before: in proportion, as shade is; towards white, skin that is darkened keeps its shine, and skin that is
 * lightened does not burn out.
 */
function shaded(lightness: number, tone: number, factor: number): number {
  if (lightness <= tone) return lightness * factor;
  if (factor < 1) return lightness * (factor + (1 - factor) * shineOf(lightness, tone));
  return 1 - ((1 - tone * factor) * (1 - lightness)) / (1 - tone);
}

/** How much of a place's light is mirrored, 0..1. */
function shineOf(lightness: number, tone: number): number {
  return lightness <= tone ? 0 : 0.8 * ((lightness - tone) / (1.0001 - tone)) ** 2;
}
