import type { Box, Face, Point } from '../../../face/face.ts';
import { meshPoint } from '../../../face/face-regions.ts';
import { boundsOf } from '../../../face/mesh.ts';
import { gaussianBlur } from '../../../image/filter.ts';
import type { Image } from '../../../image/image.ts';
import { polygonMask } from '../../../image/plane.ts';
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

/** How far the cover reaches beyond the mesh along the head's own axes, as shares of its size: hair and ears are recognised too. */
const REACH = { aside: 0.25, up: 0.45, down: 0.12 } as const;

/** Deviation of the blur by the width of the face: what makes it unrecognisable to people. */
const BLUR_SHARE = 1 / 10;

/** The widest Gaussian that is computed at full size; a wider one is on a smaller copy. */
const MOST_DEVIATION_PX = 100;

/** Points of the mesh on the head's axis, which shows from every side: the top of the forehead, and the chin. */
const AXIS = { top: 10, bottom: 152 } as const;

/** The corners of what has to be covered so that a face is hidden: a rectangle about the head with hair and ears, tilted as the head is. */
export function headCorners({ mesh }: Pick<Face, 'mesh'>): Point[] {
  const [top, bottom] = [meshPoint(mesh, AXIS.top), meshPoint(mesh, AXIS.bottom)];
  const length = Math.hypot(bottom.x - top.x, bottom.y - top.y);
  const down = length > 0 ? { x: (bottom.x - top.x) / length, y: (bottom.y - top.y) / length } : { x: 0, y: 1 };
  // The extent along the head's own axes.
  const { x, y, width, height } = boundsOf(
    mesh.map((point) => ({ x: point.x * down.y - point.y * down.x, y: point.x * down.x + point.y * down.y })),
  );
  const [left, right] = [x - REACH.aside * width, x + (1 + REACH.aside) * width];
  const [above, below] = [y - REACH.up * height, y + (1 + REACH.down) * height];
  return [
    { x: left, y: above },
    { x: right, y: above },
    { x: right, y: below },
    { x: left, y: below },
  ].map((corner) => ({ x: corner.x * down.y + corner.y * down.x, y: corner.y * down.y - corner.x * down.x }));
}

/**
 * Hides a face with its head. Filled, nothing of it is left in the photo. Blurred, whoever blurs photos of known people alike finds many again: {@link BLUR_RATES}.
 *
 * @returns a copy.
 */
export async function hideIdentity(photo: Image, face: Pick<Face, 'box' | 'mesh'>, cover: Cover): Promise<Image> {
  const corners = headCorners(face);
  const region = wholePixels(boundsOf(corners), photo);
  const hidden: Image = { ...photo, data: photo.data.slice() };
  if (region.width === 0 || region.height === 0) return hidden;
  const covering = cover === 'fill' ? undefined : (await blurred(cropImage(photo, region), face.box.width)).data;
  const inside = polygonMask([corners.map(({ x, y }) => ({ x: x - region.x, y: y - region.y }))], {
    widthPx: region.width,
    heightPx: region.height,
  });
  inside.data.forEach((share, i) => {
    if (share === 0) return;
    const at = 3 * ((region.y + Math.floor(i / region.width)) * photo.widthPx + region.x + (i % region.width));
    for (let k = 0; k < 3; k++) hidden.data[at + k] = covering?.[3 * i + k] ?? FILL_GREY;
  });
  return hidden;
}

/** What of a box is in the photo, in whole pixels. */
function wholePixels(box: Box, { widthPx, heightPx }: Pick<Image, 'widthPx' | 'heightPx'>): Box {
  const [x, y] = [Math.max(0, Math.floor(box.x)), Math.max(0, Math.floor(box.y))];
  const width = Math.max(0, Math.min(widthPx, Math.ceil(box.x + box.width) + 1) - x);
  const height = Math.max(0, Math.min(heightPx, Math.ceil(box.y + box.height) + 1) - y);
  return { x, y, width, height };
}

async function blurred(head: Image, faceWidthPx: number): Promise<Image> {
  const deviationPx = Math.max(0.5, BLUR_SHARE * faceWidthPx);
  if (deviationPx <= MOST_DEVIATION_PX) return gaussianBlur(head, deviationPx);
  const scale = MOST_DEVIATION_PX / deviationPx;
  const sizePx = (whole: number): number => Math.max(1, Math.round(whole * scale));
  const small = resizeImage(head, sizePx(head.widthPx), sizePx(head.heightPx));
  return resizeImage(await gaussianBlur(small, MOST_DEVIATION_PX), head.widthPx, head.heightPx);
}
