import type { Colour } from '../../../image/outline.ts';

/** A term of the attack's loss, with its gradient with respect to the texture. */
export interface TextureTerm {
  readonly value: number;
  /** Planar [3,S,S]; zero outside the region. */
  readonly gradient: Float32Array;
}

/** Keeps the length of a difference differentiable at zero. */
const SMOOTHING = 1e-4;

/**
 * Mean total variation of a texture in its region: of the length of the difference to the right and lower neighbours, for each channel. Zero for one colour.
 * Source: Mahendran and Vedaldi 2015, as Sharif et al. 2016 use it.
 *
 * @param texture - planar [3,S,S], 0..1.
 * @param mask - [S,S], 0..1: how much of each pixel is the region's.
 */
export function totalVariation(texture: Float32Array, mask: Float32Array, sizePx: number): TextureTerm {
  const gradient = new Float32Array(texture.length);
  const plane = sizePx ** 2;
  const total = areaOf(mask);
  let value = 0;
  for (let at = 0; at < texture.length; at++) {
    const pixel = at % plane;
    const own = (mask[pixel] as number) / total;
    if (own === 0) continue;
    const isLast = (pixel + 1) % sizePx === 0;
    const isLowest = pixel + sizePx >= plane;
    // A difference counts as far as both its ends are in the region.
    const across = isLast
      ? 0
      : Math.sqrt(mask[pixel + 1] as number) * ((texture[at + 1] as number) - (texture[at] as number));
    const down = isLowest
      ? 0
      : Math.sqrt(mask[pixel + sizePx] as number) * ((texture[at + sizePx] as number) - (texture[at] as number));
    const length = Math.sqrt(across ** 2 + down ** 2 + SMOOTHING);
    value += own * (length - Math.sqrt(SMOOTHING));
    if (!isLast) {
      const pull = (own * across * Math.sqrt(mask[pixel + 1] as number)) / length;
      gradient[at + 1] = (gradient[at + 1] as number) + pull;
      gradient[at] = (gradient[at] as number) - pull;
    }
    if (!isLowest) {
      const pull = (own * down * Math.sqrt(mask[pixel + sizePx] as number)) / length;
      gradient[at + sizePx] = (gradient[at + sizePx] as number) + pull;
      gradient[at] = (gradient[at] as number) - pull;
    }
  }
  return { value, gradient };
}

/**
 * Mean distance of a texture's colours to the nearest printable one (the non-printability of Sharif et al. 2016, whose product over the palette is replaced by
 * its smallest factor: it has the same zeros and a gradient that does not vanish far from them).
 *
 * @param texture - planar [3,S,S], 0..1.
 * @param mask - [S,S], 0..1.
 */
export function nonPrintability(texture: Float32Array, mask: Float32Array): TextureTerm {
  const gradient = new Float32Array(texture.length);
  const plane = mask.length;
  const total = areaOf(mask);
  let value = 0;
  for (let pixel = 0; pixel < plane; pixel++) {
    const own = (mask[pixel] as number) / total;
    if (own === 0) continue;
    const colour = [texture[pixel], texture[plane + pixel], texture[2 * plane + pixel]] as [number, number, number];
    const nearest = nearestPrintable(colour);
    const length = Math.sqrt(squaredDistance(colour, nearest) + SMOOTHING);
    value += own * (length - Math.sqrt(SMOOTHING));
    colour.forEach((part, channel) => {
      gradient[channel * plane + pixel] = (own * (part - (nearest[channel] as number))) / length;
    });
  }
  return { value, gradient };
}

/** What the three process inks give on coated paper, alone and on top of each other (FOGRA39, as sRGB). Bits of the index: cyan, magenta, yellow. */
const INKS: readonly Colour[] = [
  [255, 255, 255],
  [0, 158, 224],
  [229, 0, 125],
  [49, 39, 131],
  [255, 236, 0],
  [0, 150, 64],
  [226, 0, 26],
  [54, 49, 48],
];

/** Shares of the paper that an ink covers. */
const COVERAGES = [0, 1 / 3, 2 / 3, 1] as const;

/**
 * Colours that a printer can give, 0..1: 64 halftones of the three inks. A halftone is the mean of the colours of overprinted inks, weighted by the area that each covers
 * (Neugebauer's equations with Demichel's areas).
 */
export const PRINTABLE_COLOURS: readonly (readonly [number, number, number])[] = COVERAGES.flatMap((cyan) =>
  COVERAGES.flatMap((magenta) =>
    COVERAGES.map((yellow) => {
      const part = (channel: 0 | 1 | 2): number =>
        INKS.reduce((sum, ink, bits) => {
          const area = [cyan, magenta, yellow].reduce<number>(
            (share, coverage, i) => share * ((bits >> i) & 1 ? coverage : 1 - coverage),
            1,
          );
          return sum + (area * ink[channel]) / 255;
        }, 0);
      return [part(0), part(1), part(2)] as const;
    }),
  ),
);

function nearestPrintable(colour: readonly [number, number, number]): readonly [number, number, number] {
  return PRINTABLE_COLOURS.reduce((best, one) =>
    squaredDistance(colour, one) < squaredDistance(colour, best) ? one : best,
  );
}

const squaredDistance = (a: readonly [number, number, number], b: readonly [number, number, number]): number =>
  (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;

const areaOf = (mask: Float32Array): number => mask.reduce((sum, value) => sum + value, 0);
