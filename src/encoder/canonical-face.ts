import { type FaceView, viewOfCanonical } from '../face/alignment.ts';
import type { Image } from '../image/image.ts';
import { warpAffine } from '../image/warp.ts';
import { CANONICAL_EXTENT } from './view.ts';

/**
 * Cuts a view out of a picture that fills the canonical frame, whatever its size. Beyond the frame the border is repeated.
 *
 * @param image - square; its edges are those of the canonical frame.
 */
export function cropView(image: Image, view: FaceView): Image {
  const { box, widthPx, heightPx } = view;
  const whole = box.x === 0 && box.y === 0 && box.width === CANONICAL_EXTENT && box.height === CANONICAL_EXTENT;
  if (whole && image.widthPx === widthPx && image.heightPx === heightPx) return image;
  const unit = image.widthPx / CANONICAL_EXTENT;
  const scaled = { x: box.x * unit, y: box.y * unit, width: box.width * unit, height: box.height * unit };
  return warpAffine(image, viewOfCanonical({ box: scaled, widthPx, heightPx }), {
    widthPx,
    heightPx,
    border: 'replicate',
  });
}
