import type { FaceView } from './alignment.ts';

/** Side of a portrait as networks see it, in pixels. */
export const PORTRAIT_PX = 64;

/** Edges of the portrait frame in units of the canonical one. */
const PORTRAIT_BOX = { x: -14.6, y: -13.3, width: 141, height: 141 };

/**
 * The part of a photo that attributes are read from and edited in: the canonical frame with a margin of an eighth on each side, so that hair, chin and beard are in it. CelebA's
 * aligned photos hold all of it.
 *
 * @param sizePx - side of the picture that is cut out; default {@link PORTRAIT_PX}.
 */
export const portraitView = (sizePx = PORTRAIT_PX): FaceView => ({
  box: PORTRAIT_BOX,
  widthPx: sizePx,
  heightPx: sizePx,
});
