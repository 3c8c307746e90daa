import { ShapeError } from '../util/errors.ts';
import type { Image } from './image.ts';

/** Throws {@link ShapeError} unless width and height are whole and positive. `what` opens the message. */
export function requireSize(what: string, widthPx: number, heightPx: number): void {
  const whole = Number.isSafeInteger(widthPx) && Number.isSafeInteger(heightPx);
  if (!whole || widthPx < 1 || heightPx < 1) {
    throw new ShapeError(`${what} of ${widthPx}x${heightPx} px`, {
      hint: 'width and height are whole numbers from 1 on',
    });
  }
}

/** Throws {@link ShapeError} unless `image` holds exactly three bytes for each of its pixels. */
export function requireImage(image: Image): void {
  requireSize('an image', image.widthPx, image.heightPx);
  const expected = 3 * image.widthPx * image.heightPx;
  if (image.data.length !== expected) {
    throw new ShapeError(
      `an image of ${image.widthPx}x${image.heightPx} px holds ${image.data.length} bytes, not ${expected}`,
    );
  }
}
