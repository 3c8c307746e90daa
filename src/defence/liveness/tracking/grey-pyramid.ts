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

/** Weights 1 2 1 in both directions: less of the camera's noise, and gradients that bilinear sampling does not break. */
const smoothed = (plane: Plane): Plane => filtered(plane, 1);

/** Weights 1 4 6 4 1 in both directions, of which every second pixel is kept. */
const halved = (plane: Plane): Plane => filtered(plane, 2);

function filtered({ widthPx, heightPx, data }: Plane, step: 1 | 2): Plane {
  const taps = step === 1 ? [0.25, 0.5, 0.25] : [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16];
  const reach = taps.length >> 1;
  const across = emptyPlane(Math.ceil(widthPx / step), heightPx);
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < across.widthPx; x++) {
      let sum = 0;
      for (let k = -reach; k <= reach; k++) {
        const from = Math.min(widthPx - 1, Math.max(0, step * x + k));
        sum += (taps[k + reach] as number) * (data[y * widthPx + from] as number);
      }
      across.data[y * across.widthPx + x] = sum;
    }
  const out = emptyPlane(across.widthPx, Math.ceil(heightPx / step));
  for (let y = 0; y < out.heightPx; y++)
    for (let k = -reach; k <= reach; k++) {
      const from = out.widthPx * Math.min(heightPx - 1, Math.max(0, step * y + k));
      const weight = taps[k + reach] as number;
      const to = y * out.widthPx;
      for (let x = 0; x < out.widthPx; x++)
        out.data[to + x] = (out.data[to + x] as number) + weight * (across.data[from + x] as number);
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
