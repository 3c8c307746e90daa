import type { PixelRegion } from '../../../image/block-average.ts';
import type { Image } from '../../../image/image.ts';
import { smoothStep } from '../../../util/smooth-step.ts';
import { sampleColour } from '../warp/bilinear.ts';
import type { ReenactedPicture } from './reenactor.ts';

/** The part of a crop's side over which all motion fades to rest, where the photo goes on behind the crop's edge. */
const EDGE = 0.14;

/**
 * Brings what the network made of a crop to the photo at the photo's own resolution: the photo itself is moved, by the network's motion between its pixels, and what was painted is blended in
 * only where the photo has nothing to show. Towards the crop's edges motion fades to rest, so that the background beyond stands still; where the crop ends with the photo, it does not.
 *
 * For a crop of the network's size that is the whole photo it is the network's own picture.
 *
 * @param region - of the photo, square: the crop that the network was shown, brought to its size.
 * @param sides - of the network's pictures, and of its motion.
 */
export function bringToPhoto(
  photo: Image,
  region: PixelRegion,
  made: ReenactedPicture,
  sides: { readonly sizePx: number; readonly motionPx: number },
): Image {
  const { width: side, x: left, y: top } = region;
  const { sizePx, motionPx } = sides;
  const out = new Uint8ClampedArray(photo.data);
  const [motionAt, paintedAt] = [interpolation(motionPx, side), interpolation(sizePx, side)];
  const [fadeX, fadeY] = [fading(side, left, photo.widthPx), fading(side, top, photo.heightPx)];
  const motionRows = new Float32Array(3 * motionPx);
  const paintedRows = new Float32Array(3 * sizePx);
  const colour = new Float64Array(3);
  for (let row = 0; row < side; row++) {
    mixRows(made.displacements, 2, motionAt, row, motionRows);
    mixRows(made.hidden, 1, motionAt, row, motionRows.subarray(2 * motionPx));
    mixRows(made.painted, 3, paintedAt, row, paintedRows);
    let o = 3 * ((top + row) * photo.widthPx + left);
    for (let column = 0; column < side; column++, o += 3) {
      const fade = (fadeX[column] as number) * (fadeY[row] as number);
      if (fade === 0) continue;
      const [m, between] = [motionAt.first[column] as number, motionAt.share[column] as number];
      const step = (fade * side) / 2;
      const x = left + column + step * mixed(motionRows, m, between);
      const y = top + row + step * mixed(motionRows, m + motionPx, between);
      sampleColour(photo, x, y, colour);
      const share = fade * mixed(motionRows, m + 2 * motionPx, between);
      const [p, behind] = [paintedAt.first[column] as number, paintedAt.share[column] as number];
      for (let c = 0; c < 3; c++) {
        const shown = colour[c] as number;
        out[o + c] = share === 0 ? shown : shown + share * (255 * mixed(paintedRows, p + c * sizePx, behind) - shown);
      }
    }
  }
  return { ...photo, data: new Uint8Array(out.buffer) };
}

/** For each of `to` pixels the pixel of `from` before it, and how far behind that one's centre it lies; at the edges the outermost one alone counts. */
interface Interpolation {
  readonly from: number;
  readonly first: Int32Array;
  readonly share: Float32Array;
}

function interpolation(from: number, to: number): Interpolation {
  const first = new Int32Array(to);
  const share = new Float32Array(to);
  for (let i = 0; i < to; i++) {
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    first[i] = Math.min(from - 2, Math.floor(at));
    share[i] = at - (first[i] as number);
  }
  return { from, first, share };
}

/** A row of pixels between the rows of square planes, plane by plane. */
function mixRows(planes: Float32Array, count: number, at: Interpolation, row: number, out: Float32Array): void {
  const { from } = at;
  const share = at.share[row] as number;
  for (let plane = 0; plane < count; plane++) {
    let p = from * (plane * from + (at.first[row] as number));
    for (let i = plane * from; i < (plane + 1) * from; i++, p++)
      out[i] = (1 - share) * (planes[p] as number) + share * (planes[p + from] as number);
  }
}

/** Between a number and the one behind it. */
const mixed = (row: Float32Array, first: number, share: number): number =>
  (1 - share) * (row[first] as number) + share * (row[first + 1] as number);

/** 1 in the middle of a crop, falling to 0 at its ends; not at an end of the photo. */
function fading(side: number, start: number, extent: number): Float32Array {
  const reach = EDGE * side;
  return Float32Array.from({ length: side }, (_, i) => {
    const before = start > 0 ? (i + 0.5) / reach : 1;
    const behind = start + side < extent ? (side - i - 0.5) / reach : 1;
    return smoothStep(Math.min(before, behind));
  });
}
