import type { Face } from '../../../../face/face.ts';
import type { Image } from '../../../../image/image.ts';
import type { Oklab } from '../../../../image/oklab.ts';
import { cellColours, faceGrid } from '../face-grid.ts';
import { outlineMask } from '../face-mask.ts';
import { labOf } from './skin.ts';

/** About both brows, in units of the canonical frame. */
const BOX = { x: 10, y: 20, width: 92, height: 40 };

/** The darkest share of what is within the brows' outlines is hair, the rest is skin between. */
const HAIR_SHARE = 0.3;

/** The colour of a face's brows, which its beard and lashes have too; undefined where none of them is in the photo. */
export function browColour(photo: Image, face: Face): Oklab | undefined {
  const grid = faceGrid(photo, face, BOX, 2);
  if (!grid) return undefined;
  const { lightness, a, b } = labOf(cellColours(photo, grid), grid);
  const { data } = outlineMask(grid, face, ['leftBrow', 'rightBrow'], 0);
  const within = Array.from(data.keys()).filter((i) => (data[i] as number) > 0.5);
  const hair = within
    .sort((i, j) => (lightness.data[i] as number) - (lightness.data[j] as number))
    .slice(0, Math.ceil(HAIR_SHARE * within.length));
  if (hair.length === 0) return undefined;
  const mean = (plane: Float32Array): number => hair.reduce((sum, i) => sum + (plane[i] as number), 0) / hair.length;
  return { lightness: mean(lightness.data), a: mean(a.data), b: mean(b.data) };
}
