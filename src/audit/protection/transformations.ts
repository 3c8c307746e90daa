import { gaussianBlur } from '../../image/filter.ts';
import type { Image } from '../../image/image.ts';
import { resizeImage } from '../../image/resize.ts';
import { throughJpeg } from '../../image/through-jpeg.ts';

/** Names of what happens to a photo on its way to a recogniser. */
export const TRANSFORMATION_NAMES = ['as-it-is', 'jpeg-75', 'half-size', 'screenshot', 'blur'] as const;

export type TransformationName = (typeof TRANSFORMATION_NAMES)[number];

/** Something that happens to a photo on its way. */
export interface Transformation {
  readonly name: TransformationName;
  /** As a table shows it. */
  readonly words: string;
  /** @param unitPx - extent of a unit of the face's canonical frame in the photo: the size of what a recogniser sees. */
  apply(photo: Image, unitPx: number): Promise<Image>;
}

/** A screen rarely shows a photo at its own size. */
const SCREEN_SCALE = 0.83;

const scaled = ({ widthPx, heightPx }: Image, scale: number): [number, number] => [
  Math.max(1, Math.round(widthPx * scale)),
  Math.max(1, Math.round(heightPx * scale)),
];

/** All of them; a new one is an entry here and its name above. */
export const TRANSFORMATIONS: readonly Transformation[] = [
  { name: 'as-it-is', words: 'as it is', apply: async (photo) => photo },
  { name: 'jpeg-75', words: 'JPEG of quality 75', apply: (photo) => throughJpeg(photo, 75) },
  {
    name: 'half-size',
    words: 'resized to half and back',
    apply: async (photo) => resizeImage(resizeImage(photo, ...scaled(photo, 0.5)), photo.widthPx, photo.heightPx),
  },
  {
    name: 'screenshot',
    words: `a screenshot: shown at ${SCREEN_SCALE} of its size, saved as JPEG of quality 90`,
    apply: (photo) => throughJpeg(resizeImage(photo, ...scaled(photo, SCREEN_SCALE)), 90),
  },
  {
    name: 'blur',
    words: 'blurred by a Gaussian of one 112th of the aligned face',
    apply: (photo, unitPx) => gaussianBlur(photo, Math.min(100, Math.max(0.3, unitPx))),
  },
];
