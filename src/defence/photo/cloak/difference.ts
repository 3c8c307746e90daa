import { invertAffine } from '../../../face/alignment.ts';
import type { Image } from '../../../image/image.ts';
import type { AffineMatrix } from '../../../image/warp.ts';

/** A change of some of a photo's pixels, in float: interleaved RGB of the region, in grey levels. */
export interface PhotoDifference {
  readonly x: number;
  readonly y: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly levels: Float32Array;
}

/**
 * Brings a change of the aligned face to the photo's own pixels, however fine they are: the photo keeps its detail, and only what the aligned face's resolution can show
 * is added. Smooth between the aligned face's pixels (Catmull and Rom's cubic).
 *
 * @param difference - planar [3,S,S], in 0..1; nothing at its edge.
 * @param matrix - from pixels of the aligned face, at S, to pixels of the photo.
 */
export function toPhoto(
  difference: Float32Array,
  sizePx: number,
  matrix: AffineMatrix,
  photo: Pick<Image, 'widthPx' | 'heightPx'>,
): PhotoDifference {
  const region = coveredRegion(matrix, sizePx, photo);
  const [a, b, c, d, e, f] = invertAffine(matrix);
  const levels = new Float32Array(3 * region.widthPx * region.heightPx);
  for (let row = 0, o = 0; row < region.heightPx; row++) {
    for (let column = 0; column < region.widthPx; column++, o += 3) {
      const [x, y] = [region.x + column, region.y + row];
      addSample(levels, o, difference, sizePx, a * x + b * y + c, d * x + e * y + f);
    }
  }
  return { ...region, levels };
}

/** The photo with `scale` times the difference added, rounded to 8 bits and clipped; a copy. */
export function addDifference(photo: Image, difference: PhotoDifference, scale = 1): Image {
  // A clamped array clips and rounds as it is written.
  const data = new Uint8ClampedArray(photo.data);
  const { x, y, widthPx, heightPx, levels } = difference;
  for (let row = 0; row < heightPx; row++) {
    let at = 3 * ((y + row) * photo.widthPx + x);
    for (let k = 3 * row * widthPx; k < 3 * (row + 1) * widthPx; k++, at++)
      data[at] = (photo.data[at] as number) + scale * (levels[k] as number);
  }
  return { ...photo, data: new Uint8Array(data.buffer) };
}

/** The photo's pixels that the aligned face covers. */
function coveredRegion(
  [a, b, c, d, e, f]: AffineMatrix,
  sizePx: number,
  { widthPx, heightPx }: Pick<Image, 'widthPx' | 'heightPx'>,
): Omit<PhotoDifference, 'levels'> {
  const span = (perX: number, perY: number, offset: number, limit: number): [number, number] => {
    const ends = [0, perX, perY, perX + perY].map((step) => offset + step * (sizePx - 1));
    const first = Math.min(limit, Math.max(0, Math.floor(Math.min(...ends))));
    return [first, Math.max(first, Math.min(limit, Math.ceil(Math.max(...ends)) + 1))];
  };
  const [left, right] = span(a, b, c, widthPx);
  const [top, bottom] = span(d, e, f, heightPx);
  return { x: left, y: top, widthPx: right - left, heightPx: bottom - top };
}

function addSample(
  levels: Float32Array,
  o: number,
  difference: Float32Array,
  sizePx: number,
  x: number,
  y: number,
): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  if (left < -1 || top < -1 || left > sizePx || top > sizePx) return;
  const across = cubicWeights(x - left);
  const down = cubicWeights(y - top);
  const plane = sizePx ** 2;
  for (let j = 0; j < 4; j++) {
    const row = top + j - 1;
    if (row < 0 || row >= sizePx) continue;
    for (let i = 0; i < 4; i++) {
      const column = left + i - 1;
      if (column < 0 || column >= sizePx) continue;
      const weight = 255 * (across[i] as number) * (down[j] as number);
      const at = row * sizePx + column;
      for (let channel = 0; channel < 3; channel++)
        levels[o + channel] = (levels[o + channel] as number) + weight * (difference[channel * plane + at] as number);
    }
  }
}

/** Keys 1981, a = -1/2: weights of the four neighbours of a place `t` behind the second of them. */
function cubicWeights(t: number): readonly [number, number, number, number] {
  return [
    ((-0.5 * t + 1) * t - 0.5) * t,
    (1.5 * t - 2.5) * t * t + 1,
    ((-1.5 * t + 2) * t + 0.5) * t,
    (0.5 * t - 0.5) * t * t,
  ];
}
