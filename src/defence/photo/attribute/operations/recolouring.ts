import type { Image } from '../../../../image/image.ts';
import { fromOklab, toOklab } from '../../../../image/oklab.ts';
import type { Plane } from '../../../../image/plane.ts';
import { type FaceGrid, forEachRow } from '../face-grid.ts';

/** Below this the first plane counts as nothing: less than half a grey level comes of it. */
const LEAST_WEIGHT = 1 / 512;

/**
 * Maps the colours of a photo's pixels in OKLab, as planes over the grid's cells say.
 *
 * @param planes - where the first is nearly 0 nothing is changed.
 * @param map - changes L, a and b (in place) of the pixel whose values of the planes are values[..][x].
 * @returns a copy.
 */
export function recolour(
  photo: Image,
  grid: FaceGrid,
  planes: readonly Plane[],
  map: (lab: Float32Array, values: readonly Float32Array[], x: number) => void,
): Image {
  const data = photo.data.slice();
  const { region } = grid;
  const lab = new Float32Array(3);
  forEachRow(grid, planes, (row, values) => {
    const [weights] = values as [Float32Array];
    let at = 3 * ((region.y + row) * photo.widthPx + region.x);
    for (let x = 0; x < region.width; x++, at += 3) {
      if (Math.abs(weights[x] as number) < LEAST_WEIGHT) continue;
      toOklab(data[at] as number, data[at + 1] as number, data[at + 2] as number, lab);
      map(lab, values, x);
      fromOklab(lab, data, at);
    }
  });
  return { ...photo, data };
}
