import type { Image } from '../../../image/image.ts';
import { emptyPlane, type Plane } from '../../../image/plane.ts';

/** A frame's brightness in halves: level 0 is the finest, each further one half as wide and high. Brightness as in the picture, 0..255. */
export type GreyPyramid = readonly [finest: Plane, ...coarser: Plane[]];

/**
 * The pyramid of a frame. A pixel (x, y) of level k + 1 lies on (2 x, 2 y) of level k.
 *
 * @param levels - 1 and up.
 * @param halvings - how often the frame is halved before its finest level: tracking needs no more than some 200 pixels of face.
 * Source: Bouguet, Pyramidal implementation of the Lucas Kanade feature tracker (2001), section 2.1.
 */
export function greyPyramid(frame: Image, levels: number, halvings = 0): GreyPyramid {
  let finest = greyOf(frame);
  for (let i = 0; i < halvings; i++) finest = halved(finest);
  const pyramid: [Plane, ...Plane[]] = [smoothed(finest)];
  let last = pyramid[0];
  for (let k = 1; k < levels; k++) {
    last = halved(last);
    pyramid.push(last);
  }
  return pyramid;
}

/** Luma of ITU-R BT.601. */
function greyOf({ widthPx, heightPx, data }: Image): Plane {
  const plane = emptyPlane(widthPx, heightPx);
  for (let i = 0, p = 0; i < plane.data.length; i++, p += 3)
    plane.data[i] = 0.299 * (data[p] as number) + 0.587 * (data[p + 1] as number) + 0.114 * (data[p + 2] as number);
  return plane;
}

/** Weights 1 2 1 in both directions: less of the camera's noise, and gradients that bilinear sampling does not break. Beyond the edge its pixels are repeated, as for {@link halved}. */
function smoothed({ widthPx, heightPx, data }: Plane): Plane {
  const out = emptyPlane(widthPx, heightPx);
  const row = new Float32Array(widthPx + 2);
  for (let y = 0; y < heightPx; y++) {
    const own = widthPx * y;
    const above = widthPx * Math.max(0, y - 1);
    const below = widthPx * Math.min(heightPx - 1, y + 1);
    for (let x = 0; x < widthPx; x++)
      row[x + 1] = 0.25 * ((data[above + x] as number) + (data[below + x] as number)) + 0.5 * (data[own + x] as number);
    row[0] = row[1] as number;
    row[widthPx + 1] = row[widthPx] as number;
    for (let x = 0; x < widthPx; x++)
      out.data[own + x] = 0.25 * ((row[x] as number) + (row[x + 2] as number)) + 0.5 * (row[x + 1] as number);
  }
  return out;
}

/** Weights 1 4 6 4 1 in both directions, of which every second pixel is kept: rows first, and of those no more than are needed. */
function halved({ widthPx, heightPx, data }: Plane): Plane {
  const out = emptyPlane(Math.ceil(widthPx / 2), Math.ceil(heightPx / 2));
  // Two pixels more on each side.
  const row = new Float32Array(widthPx + 4);
  for (let y = 0, to = 0; y < out.heightPx; y++) {
    const start = (dy: number): number => widthPx * Math.min(heightPx - 1, Math.max(0, 2 * y + dy));
    const [a, b, c, d, e] = [start(-2), start(-1), start(0), start(1), start(2)];
    for (let x = 0; x < widthPx; x++)
      row[x + 2] =
        (1 / 16) * ((data[a + x] as number) + (data[e + x] as number)) +
        (4 / 16) * ((data[b + x] as number) + (data[d + x] as number)) +
        (6 / 16) * (data[c + x] as number);
    row.fill(row[2] as number, 0, 2);
    row.fill(row[widthPx + 1] as number, widthPx + 2);
    for (let p = 0; p < widthPx; p += 2, to++)
      out.data[to] =
        (1 / 16) * ((row[p] as number) + (row[p + 4] as number)) +
        (4 / 16) * ((row[p + 1] as number) + (row[p + 3] as number)) +
        (6 / 16) * (row[p + 2] as number);
  }
  return out;
}

/**
 * Brightness at a place between pixels, bilinear.
 *
 * @param x - 0..widthPx-1, as y alike: whoever calls sees to it.
 */
export function sampleGrey({ widthPx, heightPx, data }: Plane, x: number, y: number): number {
  const ix = Math.min(x | 0, widthPx - 2);
  const iy = Math.min(y | 0, heightPx - 2);
  const [fx, fy] = [x - ix, y - iy];
  const p = iy * widthPx + ix;
  const q = p + widthPx;
  const upper = (data[p] as number) + fx * ((data[p + 1] as number) - (data[p] as number));
  const lower = (data[q] as number) + fx * ((data[q + 1] as number) - (data[q] as number));
  return upper + fy * (lower - upper);
}
