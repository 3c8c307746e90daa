import type { Image } from '../../../../image/image.ts';
import { fromOklab, toOklab } from '../../../../image/oklab.ts';
import type { Plane } from '../../../../image/plane.ts';
import { cellColours, type FaceGrid, forEachRow, gridPlane } from '../face-grid.ts';

/** Below this the first plane counts as nothing: less than half a grey level comes of it. */
const LEAST_WEIGHT = 1 / 512;

/** Changes L, a and b (in place) of the place whose values of the planes are values[..][x]. */
export type ColourMap = (lab: Float32Array, values: readonly Float32Array[], x: number) => void;

/**
 * Maps the colours of a photo's pixels (in place) in OKLab, as planes over the grid's cells say.
 *
 * @param planes - where the first is nearly 0 nothing is changed.
 */
export function recolour(photo: Image, grid: FaceGrid, planes: readonly Plane[], map: ColourMap): void {
  const { data } = photo;
  const { region } = grid;
  const lab = new Float32Array(3);
  forEachRow(grid, planes, (row, values, from, to) => {
    const [weights] = values as [Float32Array];
    let at = 3 * ((region.y + row) * photo.widthPx + region.x + from);
    for (let x = from; x < to; x++, at += 3) {
      if (Math.abs(weights[x] as number) < LEAST_WEIGHT) continue;
      toOklab(data[at] as number, data[at + 1] as number, data[at + 2] as number, lab);
      map(lab, values, x);
      fromOklab(lab, data, at);
    }
  });
}

/**
 * The same where no change is finer than the grid's cells: the cells' colours are mapped, and what that adds is added to the pixels, whose own texture stays as it is.
 */
export function recolourCells(photo: Image, grid: FaceGrid, planes: readonly Plane[], map: ColourMap): void {
  const { data: before } = cellColours(photo, grid);
  const after = before.slice();
  const values = planes.map(({ data }) => data);
  const [weights] = values as [Float32Array];
  const lab = new Float32Array(3);
  const added = [gridPlane(grid), gridPlane(grid), gridPlane(grid)] as const;
  for (let i = 0, p = 0; i < weights.length; i++, p += 3) {
    if (Math.abs(weights[i] as number) < LEAST_WEIGHT) continue;
    toOklab(before[p] as number, before[p + 1] as number, before[p + 2] as number, lab);
    map(lab, values, i);
    fromOklab(lab, after, p);
    for (let k = 0; k < 3; k++) (added[k] as Plane).data[i] = (after[p + k] as number) - (before[p + k] as number);
  }
  const { region } = grid;
  // A clamped array clips and rounds as it is written.
  const out = new Uint8ClampedArray(photo.data.buffer, photo.data.byteOffset, photo.data.length);
  forEachRow(grid, added, (row, [red, green, blue], from, to) => {
    let at = 3 * ((region.y + row) * photo.widthPx + region.x + from);
    for (let x = from; x < to; x++, at += 3) {
      out[at] = (out[at] as number) + (red?.[x] as number);
      out[at + 1] = (out[at + 1] as number) + (green?.[x] as number);
      out[at + 2] = (out[at + 2] as number) + (blue?.[x] as number);
    }
  });
}
