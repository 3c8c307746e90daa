import type { Box, Point } from '../../../face/face.ts';
import type { PixelRegion } from '../../../image/block-average.ts';
import { InputError } from '../../../util/errors.ts';

/** Side of the square by the larger side of the face's box: the head and some background. */
const MARGIN = 1.9;

/** A face's box reaches from brow to chin, and a head's middle lies above its own; share of the square's side. */
const RISE = 0.05;

/** Sides below this show no face. */
const LEAST_PX = 8;

/**
 * The square of whole pixels about a face that a reenactment network is shown: all of it within the picture, so that near an edge the face is not in its middle.
 *
 * @param box - of a face, or about a face in all frames of a clip.
 * @throws InputError where the face lies outside the picture.
 */
export function faceCrop(picture: { readonly widthPx: number; readonly heightPx: number }, box: Box): PixelRegion {
  const { widthPx, heightPx } = picture;
  const side = Math.min(widthPx, heightPx, Math.round(MARGIN * Math.max(box.width, box.height)));
  const centre: Point = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const inside = centre.x > 0 && centre.y > 0 && centre.x < widthPx && centre.y < heightPx;
  if (!inside || !(side >= LEAST_PX)) {
    throw new InputError(
      `a face of ${box.width}x${box.height} px at (${centre.x}, ${centre.y}) in a picture of ${widthPx}x${heightPx} px`,
    );
  }
  const within = (first: number, extent: number): number => Math.min(extent - side, Math.max(0, Math.round(first)));
  return {
    x: within(centre.x - side / 2, widthPx),
    y: within(centre.y - side / 2 - RISE * side, heightPx),
    width: side,
    height: side,
  };
}
