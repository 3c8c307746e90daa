import type { Image } from '../../../image/image.ts';

/** Writes the photo's colour at a place between pixels to three numbers of `out`, 0..255; beyond the photo its border is repeated. */
export function sampleColour(photo: Image, x: number, y: number, out: Float64Array): void {
  const { data, widthPx, heightPx } = photo;
  const sx = Math.min(widthPx - 1, Math.max(0, x));
  const sy = Math.min(heightPx - 1, Math.max(0, y));
  const ix = Math.min(sx | 0, Math.max(0, widthPx - 2));
  const iy = Math.min(sy | 0, Math.max(0, heightPx - 2));
  const [fx, fy] = [sx - ix, sy - iy];
  const p = 3 * (iy * widthPx + ix);
  const right = widthPx > 1 ? 3 : 0;
  const below = heightPx > 1 ? 3 * widthPx : 0;
  for (let k = 0; k < 3; k++) {
    const upper = (1 - fx) * (data[p + k] as number) + fx * (data[p + right + k] as number);
    const lower = (1 - fx) * (data[p + below + k] as number) + fx * (data[p + below + right + k] as number);
    out[k] = (1 - fy) * upper + fy * lower;
  }
}
