import type { Plane } from '../../../image/plane.ts';
import { type GreyPyramid, sampleGrey } from './grey-pyramid.ts';

/** A place in a frame, in pixels of the pyramid's finest level. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

const MOST_STEPS = 12;
/** A step shorter than this ends the search; pixels. */
const SMALL_STEP = 0.01;
/** Mean squared gradient in the weaker direction below which a patch fixes no place; brightness a pixel, squared. */
const LEAST_TEXTURE = 0.1;

/**
 * Finds where a patch of one frame is in another: pyramidal Lucas-Kanade, translation only.
 *
 * @param radius - the patch is a square of 2 * radius + 1 pixels on every level.
 * @param guess - where it is looked for first; default where it was.
 * @returns undefined where the patch has too little texture or leaves the picture.
 * Source: Bouguet, Pyramidal implementation of the Lucas Kanade feature tracker (2001), section 2.4.
 */
export function findPatch(
  from: GreyPyramid,
  to: GreyPyramid,
  place: Place,
  radius: number,
  guess: Place = place,
): Place | undefined {
  let [dx, dy] = [guess.x - place.x, guess.y - place.y];
  for (let level = Math.min(from.length, to.length) - 1; level >= 0; level--) {
    const scale = 2 ** -level;
    const at = { x: place.x * scale, y: place.y * scale };
    const moved = shiftOf(from[level] as Plane, to[level] as Plane, at, radius, dx * scale, dy * scale);
    // A coarse level may not hold the patch's surroundings, or its texture; the finest one must.
    if (moved) [dx, dy] = [moved.x / scale, moved.y / scale];
    else if (level === 0) return undefined;
  }
  return { x: place.x + dx, y: place.y + dy };
}

/**
 * {@link findPatch} there and back again: the place, and how far from its beginning the way back ends, in pixels.
 *
 * Source: Kalal, Mikolajczyk, Matas, Forward-backward error: automatic detection of tracking failures, ICPR 2010.
 */
export function findPatchBothWays(
  from: GreyPyramid,
  to: GreyPyramid,
  place: Place,
  radius: number,
  guess: Place = place,
): (Place & { readonly backPx: number }) | undefined {
  const found = findPatch(from, to, place, radius, guess);
  const back =
    found && findPatch(to, from, found, radius, { x: found.x - guess.x + place.x, y: found.y - guess.y + place.y });
  return back && { ...found, backPx: Math.hypot(back.x - place.x, back.y - place.y) };
}

/** By how much a patch moved from one plane to another, beginning with a guess. */
function shiftOf(
  from: Plane,
  to: Plane,
  { x, y }: Place,
  radius: number,
  guessX: number,
  guessY: number,
): Place | undefined {
  if (!holds(from, x, y, radius + 1)) return undefined;
  const side = 2 * radius + 1;
  // A pixel more on each side, for the gradients.
  const wide = side + 2;
  const seen = new Float64Array(wide * wide);
  for (let j = 0, i = 0; j < wide; j++)
    for (let k = 0; k < wide; k++, i++) seen[i] = sampleGrey(from, x + k - radius - 1, y + j - radius - 1);
  const patch = new Float64Array(3 * side * side);
  let [xx, xy, yy] = [0, 0, 0];
  for (let j = 0, i = 0; j < side; j++)
    for (let k = 0; k < side; k++, i += 3) {
      const at = (j + 1) * wide + k + 1;
      const gx = ((seen[at + 1] as number) - (seen[at - 1] as number)) / 2;
      const gy = ((seen[at + wide] as number) - (seen[at - wide] as number)) / 2;
      patch[i] = seen[at] as number;
      patch[i + 1] = gx;
      patch[i + 2] = gy;
      xx += gx * gx;
      xy += gx * gy;
      yy += gy * gy;
    }
  const weaker = (xx + yy - Math.sqrt((xx - yy) ** 2 + 4 * xy * xy)) / 2;
  if (!(weaker > LEAST_TEXTURE * side * side)) return undefined;
  const determinant = xx * yy - xy * xy;
  let [dx, dy] = [guessX, guessY];
  for (let step = 0; step < MOST_STEPS; step++) {
    if (!holds(to, x + dx, y + dy, radius)) return undefined;
    let [bx, by] = [0, 0];
    for (let j = -radius, i = 0; j <= radius; j++)
      for (let k = -radius; k <= radius; k++, i += 3) {
        const difference = (patch[i] as number) - sampleGrey(to, x + dx + k, y + dy + j);
        bx += difference * (patch[i + 1] as number);
        by += difference * (patch[i + 2] as number);
      }
    const [stepX, stepY] = [(yy * bx - xy * by) / determinant, (xx * by - xy * bx) / determinant];
    dx += stepX;
    dy += stepY;
    if (stepX * stepX + stepY * stepY < SMALL_STEP * SMALL_STEP) break;
  }
  return holds(to, x + dx, y + dy, radius) ? { x: dx, y: dy } : undefined;
}

/** Whether a square about a place lies inside a plane. */
function holds({ widthPx, heightPx }: Plane, x: number, y: number, reach: number): boolean {
  return x >= reach && y >= reach && x <= widthPx - 1 - reach && y <= heightPx - 1 - reach;
}
