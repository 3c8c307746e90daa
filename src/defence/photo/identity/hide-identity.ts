import type { Box, Face } from '../../../face/face.ts';
import { gaussianBlur } from '../../../image/filter.ts';
import type { Image } from '../../../image/image.ts';
import { cropImage, resizeImage } from '../../../image/resize.ts';

/** How a face is hidden altogether: covered by one grey, or blurred, of which much is undone. */
export const COVERS = ['fill', 'blur'] as const;

export type Cover = (typeof COVERS)[number];

/**
 * How many of 158 people of LFW are found first by the bundled encoders, by one other photo of each person: blurred, in a gallery blurred alike; and covered. Chance is one of 158.
 * An attacker who trains on blurred faces finds more: 57 % are reported.
 */
export const BLUR_RATES =
  'of 158 people 24 (15 %) are found again by photos that were blurred alike; covered, at most 2';

/** A grey of its own: the mean of what it covers would give the skin's tone away. */
const FILL_GREY = 96;

/** How far the cover reaches beyond the mesh's box, as shares of its size: hair and ears are recognised too. */
const REACH = { aside: 0.25, up: 0.45, down: 0.12 } as const;

/** Deviation of the blur by the width of the face: what makes it unrecognisable to people. */
const BLUR_SHARE = 1 / 10;

/** The widest Gaussian that is computed at full size; a wider one is on a smaller copy. */
const MOST_DEVIATION_PX = 100;

/** The part of a photo that has to be covered so that a face is hidden, in whole pixels inside the photo. */
export function headBox({ box }: Pick<Face, 'box'>, { widthPx, heightPx }: Pick<Image, 'widthPx' | 'heightPx'>): Box {
  const left = Math.max(0, Math.floor(box.x - REACH.aside * box.width));
  const top = Math.max(0, Math.floor(box.y - REACH.up * box.height));
  const right = Math.min(widthPx, Math.ceil(box.x + (1 + REACH.aside) * box.width));
  const bottom = Math.min(heightPx, Math.ceil(box.y + (1 + REACH.down) * box.height));
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}

/**
 * Hides a face with its head. Filled, nothing of it is left in the photo. Blurred, whoever blurs photos of known people alike finds many again: {@link BLUR_RATES}.
 *
 * @returns a copy.
 */
export async function hideIdentity(photo: Image, face: Pick<Face, 'box'>, cover: Cover): Promise<Image> {
  const region = headBox(face, photo);
  const hidden: Image = { ...photo, data: photo.data.slice() };
  if (region.width === 0 || region.height === 0) return hidden;
  const covering = cover === 'fill' ? undefined : (await blurred(cropImage(photo, region), face.box.width)).data;
  for (let row = 0; row < region.height; row++) {
    const at = 3 * ((region.y + row) * photo.widthPx + region.x);
    const length = 3 * region.width;
    if (covering) hidden.data.set(covering.subarray(row * length, (row + 1) * length), at);
    else hidden.data.fill(FILL_GREY, at, at + length);
  }
  return hidden;
}

async function blurred(head: Image, faceWidthPx: number): Promise<Image> {
  const deviationPx = Math.max(0.5, BLUR_SHARE * faceWidthPx);
  if (deviationPx <= MOST_DEVIATION_PX) return gaussianBlur(head, deviationPx);
  const scale = MOST_DEVIATION_PX / deviationPx;
  const sizePx = (whole: number): number => Math.max(1, Math.round(whole * scale));
  const small = resizeImage(head, sizePx(head.widthPx), sizePx(head.heightPx));
  return resizeImage(await gaussianBlur(small, MOST_DEVIATION_PX), head.widthPx, head.heightPx);
}
