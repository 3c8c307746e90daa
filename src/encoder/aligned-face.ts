import { alignmentMatrix } from '../face/alignment.ts';
import type { FivePoints } from '../face/face.ts';
import type { Image } from '../image/image.ts';
import { warpAffine } from '../image/warp.ts';
import { cropView } from './canonical-face.ts';
import type { EncoderView } from './encoder.ts';

/** Where a face is in its picture: at its five points, or all of it, along the edges of the canonical frame. */
export type FacePlace = FivePoints | 'canonical';

/**
 * Cuts what an encoder looks at out of a photo, in one step of interpolation. Beyond the photo its border is repeated.
 *
 * @returns an image of view.widthPx x view.heightPx.
 * @throws InputError where the five points coincide.
 */
export function alignedFace(photo: Image, place: FacePlace, view: EncoderView): Image {
  if (place === 'canonical') return cropView(photo, view);
  const { widthPx, heightPx } = view;
  return warpAffine(photo, alignmentMatrix(place, view), { widthPx, heightPx, border: 'replicate' });
}
