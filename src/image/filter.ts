import type { Sharp } from 'sharp';
import { InputError } from '../util/errors.ts';
import type { Image } from './image.ts';
import { requireImage } from './image-shape.ts';
import { sharp } from './vips.ts';

/**
 * The median over squares of `sizePx`, each channel by itself; beyond the edge the border is repeated.
 *
 * @throws InputError where the size is no odd number from 3 to 31; ShapeError where the image's bytes do not fit its size.
 */
export function medianFilter(image: Image, sizePx: number): Promise<Image> {
  if (!Number.isInteger(sizePx) || sizePx % 2 === 0 || sizePx < 3 || sizePx > 31) {
    throw new InputError(`a median over ${sizePx} px`, { hint: 'give an odd number from 3 to 31' });
  }
  return filtered(image, (photo) => photo.median(sizePx));
}

/**
 * Smooths by a Gaussian of the given deviation in pixels.
 *
 * @throws InputError where the deviation is not from 0.3 to 100; ShapeError where the image's bytes do not fit its size.
 */
export function gaussianBlur(image: Image, deviationPx: number): Promise<Image> {
  if (!(deviationPx >= 0.3 && deviationPx <= 100)) {
    throw new InputError(`a Gaussian of deviation ${deviationPx} px`, { hint: 'give a number from 0.3 to 100' });
  }
  // Without the approximation by integers, which is coarse for small deviations.
  return filtered(image, (photo) => photo.blur({ sigma: deviationPx, precision: 'float', minAmplitude: 0.01 }));
}

async function filtered(image: Image, apply: (photo: Sharp) => Sharp): Promise<Image> {
  requireImage(image);
  const { widthPx, heightPx } = image;
  const photo = sharp(image.data, { raw: { width: widthPx, height: heightPx, channels: 3 } });
  const { data } = await apply(photo).raw().toBuffer({ resolveWithObject: true });
  return { widthPx, heightPx, data: new Uint8Array(data) };
}
