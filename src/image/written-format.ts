import { encodeJpeg, encodePng } from './encode.ts';
import type { ImageFormat } from './format.ts';
import type { Image } from './image.ts';

/** Formats in which photos are written. */
export type WrittenFormat = 'jpeg' | 'png';

/** Near enough to lossless that a photo is what it was measured to be. */
const JPEG_QUALITY = 95;

/** The format in which a photo of this format is written: its own where that is JPEG or PNG, else PNG. */
export const writtenFormat = (format: ImageFormat): WrittenFormat => (format === 'jpeg' ? 'jpeg' : 'png');

/** A photo as a file without any metadata: a JPEG of this quality (default 95) with full chroma, or a PNG. @throws ShapeError where the image's bytes do not fit its size. */
export const encodeWritten = (image: Image, format: WrittenFormat, quality = JPEG_QUALITY): Promise<Uint8Array> =>
  format === 'jpeg' ? encodeJpeg(image, { quality }) : encodePng(image);
