import type { Random } from '../../../util/random.ts';

/** Furthest shift in pixels, turn in radians, change of size, of contrast and of each channel's brightness. */
const REACH = { shiftPx: 2.5, turn: 0.09, scale: 0.07, contrast: 0.15, brightness: 0.06 };

/**
 * Writes a portrait as it could be seen otherwise: mirrored or not, a little shifted, turned and sized, and in other light. Beyond the edge its border is repeated; values stay within 0..1.
 *
 * @param portrait - planar [3,side,side], RGB, 0..1.
 * @param into - as long as `portrait`.
 */
export function augmentPortrait(portrait: Float32Array, into: Float32Array, side: number, random: Random): void {
  const within = (reach: number): number => reach * (2 * random.uniform() - 1);
  const mirror = random.uniform() < 0.5 ? -1 : 1;
  const angle = within(REACH.turn);
  const scale = 1 + within(REACH.scale);
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const [shiftX, shiftY] = [within(REACH.shiftPx), within(REACH.shiftPx)];
  const contrast = 1 + within(REACH.contrast);
  const offsets = [0, 1, 2].map(() => within(REACH.brightness) + (1 - contrast) / 2);
  const middle = (side - 1) / 2;
  const plane = side * side;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [u, v] = [(x - middle) * mirror, y - middle];
      const place = placeOf(cos * u - sin * v + middle + shiftX, sin * u + cos * v + middle + shiftY, side);
      for (let channel = 0; channel < 3; channel++) {
        const value = contrast * sampleAt(portrait, channel * plane, place) + (offsets[channel] as number);
        into[channel * plane + y * side + x] = Math.min(1, Math.max(0, value));
      }
    }
  }
}

/** The pixel to the upper left of a place, how far right and down the next ones are in the array, and the shares of those. */
interface Place {
  readonly at: number;
  readonly right: 0 | 1;
  readonly down: number;
  readonly shareX: number;
  readonly shareY: number;
}

function placeOf(x: number, y: number, side: number): Place {
  const [insideX, insideY] = [Math.min(side - 1, Math.max(0, x)), Math.min(side - 1, Math.max(0, y))];
  const [left, top] = [Math.floor(insideX), Math.floor(insideY)];
  return {
    at: top * side + left,
    right: left < side - 1 ? 1 : 0,
    down: top < side - 1 ? side : 0,
    shareX: insideX - left,
    shareY: insideY - top,
  };
}

function sampleAt(values: Float32Array, start: number, { at, right, down, shareX, shareY }: Place): number {
  const i = start + at;
  const above = (values[i] as number) * (1 - shareX) + (values[i + right] as number) * shareX;
  const below = (values[i + down] as number) * (1 - shareX) + (values[i + down + right] as number) * shareX;
  return above * (1 - shareY) + below * shareY;
}
