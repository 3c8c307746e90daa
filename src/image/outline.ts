import type { Image } from './image.ts';

/** Red, green, blue; 0..255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A rectangle in pixels; it may be broken and reach beyond the image. */
interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Draws the outline of a rectangle into `image` (in place), `thicknessPx` inwards; what falls outside is left out. */
export function drawRectangle(image: Image, box: Rectangle, thicknessPx: number, colour: Colour): void {
  const { x, y, width, height } = box;
  const t = thicknessPx;
  fill(image, { x, y, width, height: t }, colour);
  fill(image, { x, y: y + height - t, width, height: t }, colour);
  fill(image, { x, y, width: t, height }, colour);
  fill(image, { x: x + width - t, y, width: t, height }, colour);
}

/** Draws a square dot about a point into `image` (in place); what falls outside is left out. */
export function drawDot(
  image: Image,
  point: { readonly x: number; readonly y: number },
  sizePx: number,
  colour: Colour,
): void {
  fill(image, { x: point.x - (sizePx - 1) / 2, y: point.y - (sizePx - 1) / 2, width: sizePx, height: sizePx }, colour);
}

function fill(image: Image, { x, y, width, height }: Rectangle, colour: Colour): void {
  const [left, right] = [Math.max(0, Math.round(x)), Math.min(image.widthPx, Math.round(x + width))];
  const [top, bottom] = [Math.max(0, Math.round(y)), Math.min(image.heightPx, Math.round(y + height))];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) image.data.set(colour, 3 * (row * image.widthPx + column));
  }
}
