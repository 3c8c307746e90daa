import { applyAffine, composeAffine, type FaceView, invertAffine } from '../../../face/alignment.ts';
import type { Landmarks68 } from '../../../face/landmarks68.ts';
import type { PixelRegion } from '../../../image/block-average.ts';
import type { Image } from '../../../image/image.ts';
import { resizeImage } from '../../../image/resize.ts';
import { type AffineMatrix, warpAffine } from '../../../image/warp.ts';
import { smoothStep } from '../../../util/smooth-step.ts';
import { faceMask, mapLandmarks } from './swap-mask.ts';

/** The mask falls to nothing over this share of the view's side at its border: no edge of the crop is ever seen. */
const BORDER_SHARE = 0.06;

/** A face is enlarged by the smooth filter up to this factor, beyond it linearly. */
const MOST_ENLARGED = 16;

/** A face that was made, and where it belongs. */
export interface MadeFace {
  /** Of the view. */
  readonly picture: Image;
  readonly view: FaceView;
  /** From pixels of the view to pixels of the photo. */
  readonly toPhoto: AffineMatrix;
  /** What bounds the mask, in pixels of the view. */
  readonly landmarks: Landmarks68;
}

/**
 * Puts a face into a photo at the photo's own resolution, through the soft mask of its landmarks. All pixels outside keep their bytes.
 *
 * @returns a copy, or the photo itself where none of the face is in it.
 */
export function pasteFace(photo: Image, { picture, view, toPhoto, landmarks }: MadeFace): Image {
  const region = regionOf(view, toPhoto, photo);
  if (!region) return photo;
  const { width, height } = region;
  const size = { widthPx: width, heightPx: height };
  const toView = composeAffine(invertAffine(toPhoto), [1, 0, region.x, 0, 1, region.y]);
  const made = enlarged(picture, toView, size);
  const mask = faceMask(mapLandmarks(landmarks, invertAffine(toView)), size);
  const result: Image = { ...photo, data: photo.data.slice() };
  for (let y = 0, at = 0; y < height; y++) {
    let p = 3 * ((region.y + y) * photo.widthPx + region.x);
    for (let x = 0; x < width; x++, at++, p += 3) {
      const covered = mask.data[at] as number;
      if (covered === 0) continue;
      const weight = covered * borderWeight(view, applyAffine(toView, { x, y }));
      for (let c = 0; c < 3; c++) {
        const before = photo.data[p + c] as number;
        result.data[p + c] = Math.round(before + weight * ((made.data[3 * at + c] as number) - before));
      }
    }
  }
  return result;
}

/** The made face at the photo's pixels: by the bicubic filter to about their size, then linearly to their places. */
function enlarged(picture: Image, toView: AffineMatrix, size: { widthPx: number; heightPx: number }): Image {
  const viewPxAPixel = Math.hypot(toView[0], toView[3]);
  const factor = Math.min(MOST_ENLARGED, Math.max(1, Math.ceil(1 / viewPxAPixel)));
  const large = resizeImage(picture, factor * picture.widthPx, factor * picture.heightPx);
  // Edges of pixels stay where they are, centres do not.
  const shift = (factor - 1) / 2;
  const matrix = composeAffine([factor, 0, shift, 0, factor, shift], toView);
  return warpAffine(large, matrix, { ...size, border: 'replicate' });
}

/** 1 within the view, falling smoothly to 0 at its border. */
function borderWeight({ widthPx, heightPx }: FaceView, { x, y }: { readonly x: number; readonly y: number }): number {
  const fade = (place: number, lengthPx: number): number => {
    const inside = Math.min(place + 0.5, lengthPx - 0.5 - place) / (BORDER_SHARE * lengthPx);
    return smoothStep(inside);
  };
  return fade(x, widthPx) * fade(y, heightPx);
}

/** The photo's pixels that the view covers; undefined where there are none. */
function regionOf({ widthPx, heightPx }: FaceView, toPhoto: AffineMatrix, photo: Image): PixelRegion | undefined {
  const corners = [
    { x: -0.5, y: -0.5 },
    { x: widthPx - 0.5, y: -0.5 },
    { x: -0.5, y: heightPx - 0.5 },
    { x: widthPx - 0.5, y: heightPx - 0.5 },
  ].map((corner) => applyAffine(toPhoto, corner));
  const [x, width] = spanInside(
    corners.map((corner) => corner.x),
    photo.widthPx,
  );
  const [y, height] = spanInside(
    corners.map((corner) => corner.y),
    photo.heightPx,
  );
  return width < 1 || height < 1 ? undefined : { x, y, width, height };
}

/** The first whole pixel and the number of pixels that values span within 0..limit. */
function spanInside(values: readonly number[], limit: number): readonly [first: number, count: number] {
  const first = Math.max(0, Math.floor(Math.min(...values)));
  return [first, Math.min(limit, Math.ceil(Math.max(...values)) + 1) - first];
}
