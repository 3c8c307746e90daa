import type { Plane } from '../../../image/plane.ts';
import type { GreyPyramid } from './grey-pyramid.ts';

/** A place in a frame, in pixels of the pyramid's finest level. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

const MOST_STEPS = 12;
/** A step shorter than this ends the search; pixels. */
const SMALL_STEP = 0.03;
/** Mean squared gradient in the weaker direction below which a patch fixes no place; brightness a pixel, squared. */
const LEAST_TEXTURE = 0.1;

/**
 * Finds where a patch of one frame is in another: pyramidal Lucas-Kanade, translation only.
 *
 * It holds room for one patch, so that nothing is allocated while it searches. A patch that is not turned lies on the pixels at one and the same fraction everywhere: each needs one new column of two pixels, and
 * four products.
 *
 * Source: Bouguet, Pyramidal implementation of the Lucas Kanade feature tracker (2001), section 2.4.
 */
export class PatchFinder {
  readonly #radius: number;
  /** Brightness about the patch, with a pixel more on each side, for the gradients. */
  readonly #around: Float64Array;
  /** Gradient in x and in y of each pixel in turn. */
  readonly #gradients: Float64Array;

  /** @param radius - the patch is a square of 2 * radius + 1 pixels on every level; a whole number. */
  constructor(radius: number) {
    this.#radius = radius;
    this.#around = new Float64Array((2 * radius + 3) ** 2);
    this.#gradients = new Float64Array(2 * (2 * radius + 1) ** 2);
  }

  /**
   * Looks for the patch about a place of `from` in `to`.
   *
   * @param guess - where it is looked for first; default where it was.
   * @returns undefined where the patch has too little texture or leaves the picture.
   */
  find(from: GreyPyramid, to: GreyPyramid, place: Place, guess: Place = place): Place | undefined {
    let [dx, dy] = [guess.x - place.x, guess.y - place.y];
    for (let level = Math.min(from.length, to.length) - 1; level >= 0; level--) {
      const scale = 2 ** -level;
      const at = { x: place.x * scale, y: place.y * scale };
      const moved = this.#shift(from[level] as Plane, to[level] as Plane, at, dx * scale, dy * scale);
      // A coarse level may not hold the patch's surroundings, or its texture; the finest one must.
      if (moved) [dx, dy] = [moved.x / scale, moved.y / scale];
      else if (level === 0) return undefined;
    }
    return { x: place.x + dx, y: place.y + dy };
  }

  /**
   * {@link find} there and back again: the place, and how far from its beginning the way back ends, in pixels.
   *
   * Source: Kalal, Mikolajczyk, Matas, Forward-backward error: automatic detection of tracking failures, ICPR 2010.
   */
  findBothWays(from: GreyPyramid, to: GreyPyramid, place: Place): (Place & { readonly backPx: number }) | undefined {
    const found = this.find(from, to, place);
    const back = found && this.find(to, from, found);
    return back && { ...found, backPx: Math.hypot(back.x - place.x, back.y - place.y) };
  }

  /** By how much the patch moved from one plane to another, beginning with a guess. */
  #shift(from: Plane, to: Plane, { x, y }: Place, guessX: number, guessY: number): Place | undefined {
    const radius = this.#radius;
    if (!holds(from, x, y, radius + 1)) return undefined;
    this.#sample(from, x - radius - 1, y - radius - 1);
    const { xx, xy, yy, valueX, valueY } = this.#differentiate();
    const weaker = (xx + yy - Math.sqrt((xx - yy) ** 2 + 4 * xy * xy)) / 2;
    if (!(weaker > LEAST_TEXTURE * (2 * radius + 1) ** 2)) return undefined;
    const determinant = xx * yy - xy * xy;
    let [dx, dy] = [guessX, guessY];
    for (let step = 0; step < MOST_STEPS; step++) {
      if (!holds(to, x + dx, y + dy, radius)) return undefined;
      const seen = this.#project(to, x + dx - radius, y + dy - radius);
      const [bx, by] = [valueX - seen.x, valueY - seen.y];
      const [stepX, stepY] = [(yy * bx - xy * by) / determinant, (xx * by - xy * bx) / determinant];
      dx += stepX;
      dy += stepY;
      if (stepX * stepX + stepY * stepY < SMALL_STEP * SMALL_STEP) break;
    }
    return holds(to, x + dx, y + dy, radius) ? { x: dx, y: dy } : undefined;
  }

  /** Writes the brightness of the square with this upper left corner, the pixel more on each side included. */
  #sample({ widthPx, heightPx, data }: Plane, left: number, top: number): void {
    const side = 2 * this.#radius + 3;
    const around = this.#around;
    const ix = Math.min(left | 0, widthPx - side - 1);
    const iy = Math.min(top | 0, heightPx - side - 1);
    const fx = left - ix;
    const fy = top - iy;
    for (let j = 0, i = 0; j < side; j++) {
      let p = (iy + j) * widthPx + ix;
      let q = p + widthPx;
      let near = (data[p] as number) + fy * ((data[q] as number) - (data[p] as number));
      for (let k = 0; k < side; k++, i++) {
        const upper = data[++p] as number;
        const far = upper + fy * ((data[++q] as number) - upper);
        around[i] = near + fx * (far - near);
        near = far;
      }
    }
  }

  /** Writes the gradients of what was sampled, and gives their products' sums, and those of the brightness with them. */
  #differentiate(): { xx: number; xy: number; yy: number; valueX: number; valueY: number } {
    const side = 2 * this.#radius + 1;
    const wide = side + 2;
    const [around, gradients] = [this.#around, this.#gradients];
    let xx = 0;
    let xy = 0;
    let yy = 0;
    let valueX = 0;
    let valueY = 0;
    for (let j = 0, i = 0; j < side; j++)
      for (let k = 0, at = (j + 1) * wide + 1; k < side; k++, at++, i += 2) {
        const gx = ((around[at + 1] as number) - (around[at - 1] as number)) / 2;
        const gy = ((around[at + wide] as number) - (around[at - wide] as number)) / 2;
        const value = around[at] as number;
        gradients[i] = gx;
        gradients[i + 1] = gy;
        xx += gx * gx;
        xy += gx * gy;
        yy += gy * gy;
        valueX += value * gx;
        valueY += value * gy;
      }
    return { xx, xy, yy, valueX, valueY };
  }

  /** Sums of the products of the gradients with what is seen in a square of another plane. */
  #project({ widthPx, heightPx, data }: Plane, left: number, top: number): Place {
    const side = 2 * this.#radius + 1;
    const gradients = this.#gradients;
    const ix = Math.min(left | 0, widthPx - side - 1);
    const iy = Math.min(top | 0, heightPx - side - 1);
    const fx = left - ix;
    const fy = top - iy;
    let sumX = 0;
    let sumY = 0;
    for (let j = 0, i = 0; j < side; j++) {
      let p = (iy + j) * widthPx + ix;
      let q = p + widthPx;
      let near = (data[p] as number) + fy * ((data[q] as number) - (data[p] as number));
      for (let k = 0; k < side; k++, i += 2) {
        const upper = data[++p] as number;
        const far = upper + fy * ((data[++q] as number) - upper);
        const value = near + fx * (far - near);
        sumX += value * (gradients[i] as number);
        sumY += value * (gradients[i + 1] as number);
        near = far;
      }
    }
    return { x: sumX, y: sumY };
  }
}

/** Whether a square about a place lies inside a plane that is larger than it. */
function holds({ widthPx, heightPx }: Plane, x: number, y: number, reach: number): boolean {
  const least = 2 * reach + 1;
  if (widthPx <= least || heightPx <= least) return false;
  return x >= reach && y >= reach && x <= widthPx - 1 - reach && y <= heightPx - 1 - reach;
}
