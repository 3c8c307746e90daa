import type { Image } from '../../../image/image.ts';
import type { Aperture } from './aperture.ts';

/** Paints over a frame (in place) whose mesh lies at these points. */
export type Painter = (out: Image, moved: Float64Array) => void;

/** Calls back for each pixel about an aperture with the place of its red byte, and its u and v; `marginPx` beyond the edges are about it. */
export function forEachWithin(
  { widthPx, heightPx }: Image,
  aperture: Aperture,
  marginPx: number,
  visit: (at: number, u: number, v: number) => void,
): void {
  const { x, y, length, alongX, alongY, upper, lower } = aperture;
  let [top, bottom] = [0, 0];
  for (let i = 0; i < upper.length; i++) {
    top = Math.min(top, upper[i] as number);
    bottom = Math.max(bottom, lower[i] as number);
  }
  top -= marginPx + 1;
  bottom += marginPx + 1;
  // The bounds of the rectangle [0, length] x [top, bottom], turned.
  const [endX, endY] = [length * alongX, length * alongY];
  const left = x + Math.min(0, endX) - Math.max(top * alongY, bottom * alongY);
  const right = x + Math.max(0, endX) - Math.min(top * alongY, bottom * alongY);
  const above = y + Math.min(0, endY) + Math.min(top * alongX, bottom * alongX);
  const below = y + Math.max(0, endY) + Math.max(top * alongX, bottom * alongX);
  const [lastX, lastY] = [Math.min(widthPx - 1, Math.floor(right)), Math.min(heightPx - 1, Math.floor(below))];
  for (let row = Math.max(0, Math.ceil(above)); row <= lastY; row++) {
    for (let column = Math.max(0, Math.ceil(left)); column <= lastX; column++) {
      const [dx, dy] = [column - x, row - y];
      const u = (dx * alongX + dy * alongY) / length;
      const v = dy * alongX - dx * alongY;
      if (u > 0 && u < 1 && v >= top && v <= bottom) visit(3 * (row * widthPx + column), u, v);
    }
  }
}

/** Mixes a value into a byte of a picture. */
export function blend(out: Image, at: number, share: number, value: number): void {
  if (share > 0) out.data[at] = (out.data[at] as number) * (1 - share) + share * value + 0.5;
}

/** The place in the picture of (u, v) of an aperture; into the first two numbers of `out`. */
export function placeOf({ x, y, length, alongX, alongY }: Aperture, u: number, v: number, out: Float64Array): void {
  out[0] = x + u * length * alongX - v * alongY;
  out[1] = y + u * length * alongY + v * alongX;
}
