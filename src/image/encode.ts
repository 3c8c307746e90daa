import type { Sharp } from 'sharp';
import { InputError } from '../util/errors.ts';
import type { Image } from './image.ts';
import { requireImage } from './image-shape.ts';
import { sharp } from './vips.ts';

/** How {@link encodeJpeg} writes. */
export interface JpegOptions {
  /** 1..100, default 90. */
  readonly quality?: number;
}

/**
 * Writes an 8-bit RGB PNG, without loss and without metadata (read as sRGB).
 *
 * For photographs and drawings only; a face that was reconstructed, generated, edited or animated goes through
 * {@link ./mark.ts}'s `encodeMarkedPng`.
 *
 * @throws ShapeError where the image's bytes do not fit its size.
 */
export async function encodePng(image: Image): Promise<Uint8Array> {
  return new Uint8Array(await fromImage(image).png().toBuffer());
}

/**
 * Writes a baseline JPEG with full chroma (4:4:4), without metadata (read as sRGB).
 *
 * @throws InputError where the quality is out of range; ShapeError where the image's bytes do not fit its size.
 */
export async function encodeJpeg(image: Image, options: JpegOptions = {}): Promise<Uint8Array> {
  const { quality = 90 } = options;
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new InputError(`JPEG quality ${quality}`, { hint: 'give a whole number from 1 to 100' });
  }
  return new Uint8Array(await fromImage(image).jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer());
}

function fromImage(image: Image): Sharp {
  requireImage(image);
  return sharp(image.data, { raw: { width: image.widthPx, height: image.heightPx, channels: 3 } });
}
