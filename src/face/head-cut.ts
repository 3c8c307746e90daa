import type { Image } from '../image/image.ts';
import { warpAffine } from '../image/warp.ts';
import { InputError } from '../util/errors.ts';
import type { Face } from './face.ts';
import { moveFace } from './moved-face.ts';

/** Side of the square by the larger side of the face's box: hair, ears and neck are in it. */
const MARGIN = 1.9;

/** The face's box reaches from the brows to the chin; a head's middle lies above it. Unit: sides of the square. */
const RISE = 0.05;

/** A head, cut out of its photo. */
export interface CutHead {
  /** Square. */
  readonly image: Image;
  /** The face as it lies there. */
  readonly face: Face;
}

/**
 * Cuts a square with the whole head out of a photo; beyond the photo its edge is repeated.
 *
 * @param sizePx - side of the square that comes out, whole, from 64 to 4,096.
 * @throws InputError where it is another.
 */
export function cutHead(photo: Image, face: Face, sizePx: number): CutHead {
  if (!Number.isInteger(sizePx) || sizePx < 64 || sizePx > 4096)
    throw new InputError(`a head of ${sizePx} px`, { hint: 'give a whole number of pixels from 64 to 4096' });
  const { x, y, width, height } = face.box;
  const side = Math.max(2, Math.round(MARGIN * Math.max(width, height)));
  const left = Math.round(x + width / 2 - side / 2);
  const top = Math.round(y + height / 2 - side / 2 - RISE * side);
  const step = side / sizePx;
  const offset = step / 2 - 0.5;
  return {
    image: warpAffine(photo, [step, 0, left + offset, 0, step, top + offset], {
      widthPx: sizePx,
      heightPx: sizePx,
      border: 'replicate',
    }),
    face: moveFace(face, { left, top, scale: sizePx / side }),
  };
}
