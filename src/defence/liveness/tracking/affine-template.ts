import { inverse, Matrix } from 'ml-matrix';
import type { Plane } from '../../../image/plane.ts';
import { sampleGrey } from './grey-pyramid.ts';
import type { Place } from './lucas-kanade.ts';

/** Where a patch is and how it is deformed: the offset (k, j) from its middle is seen at (x + a k + b j, y + c k + d j). */
export interface AffinePlace extends Place {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** An {@link AffinePlace}, and how like the template the patch is there. */
export interface Alignment extends AffinePlace {
  /** Correlation of brightness, -1..1: a change of light that is the same all over the patch does not count. */
  readonly correlation: number;
}

const PARAMETERS = 6;
const MOST_STEPS = 10;
/** A step shorter than this is the last; pixels. What is found is a third of a pixel off as it is. */
const SMALL_STEP = 0.03;
/** How much the deformation that was expected counts against the one that the pixels show: skin alone fixes it badly. */
const PRIOR = 0.1;
/** Mean squared gradient in the weaker direction below which a patch is no template; brightness a pixel, squared. */
const LEAST_TEXTURE = 0.15;
/** A patch that is seen at a grazing angle has shrunk to this, or grown to its inverse. */
const LEAST_AREA = 0.25;
/** Of brightness in a patch, squared: below it there is nothing but rounding. */
const LEAST_VARIANCE = 1e-4;
/** Pixels: a sum of what is inside may end so much outside. */
const ROUNDING = 1e-6;

/**
 * A patch as it was in the first frame: what a point is compared with in all later ones, however they are turned, so that small errors from frame to frame do not add up.
 *
 * It is brought in line by an affine map and a change of brightness and contrast, by Gauss-Newton steps that are composed inversely: gradients are the template's own, and each step is one pass over the
 * pixels, which finds the largest correlation.
 *
 * Source: Shi and Tomasi, Good features to track, CVPR 1994, sections 3 and 5 (affine comparison with the first frame); Baker and Matthews, Lucas-Kanade 20 years on, IJCV 56 (2004), section 3.2
 * (inverse composition); Evangelidis and Psarakis, Parametric image alignment using enhanced correlation coefficient maximization, PAMI 30 (2008), section 3.3 (its form for a correlation).
 */
export class AffineTemplate {
  readonly #radius: number;
  /** Of each pixel its weight, and weighted the value and the gradient in x and in y: what brightness that is seen there is multiplied with. */
  readonly #products: Float64Array;
  /** [6]: what a brightness of 1 everywhere comes to in the slope of each parameter. */
  readonly #ofOnes: Float64Array;
  /** [6]: what the template itself comes to. */
  readonly #ofItself: Float64Array;
  readonly #inverse: Float64Array;
  readonly #prior: number;
  /** What {@link AffineTemplate.align} sees in one step: the slope of the six parameters, and the correlation. */
  readonly #seen = new Float64Array(PARAMETERS + 1);

  private constructor(patch: Patch, radius: number) {
    this.#radius = radius;
    const { weights, values, gradientX, gradientY } = patch;
    this.#products = Float64Array.from({ length: 4 * weights.length }, (_, i) => {
      const factor = [1, values[i >> 2], gradientX[i >> 2], gradientY[i >> 2]][i & 3] as number;
      return (weights[i >> 2] as number) * factor;
    });
    const descent = descentOf(patch, radius);
    this.#ofOnes = projected(descent, weights, () => 1);
    this.#ofItself = projected(descent, weights, (i) => values[i] as number);
    const hessian = hessianOf(descent, weights);
    // What a parameter does to brightness and contrast moves nothing: they are free.
    for (const part of [this.#ofOnes, this.#ofItself].map((slope) => Matrix.columnVector([...slope])))
      hessian.sub(part.mmul(part.transpose()));
    const linear = [0, 1, 2, 3].reduce((sum, i) => sum + hessian.get(i, i), 0) / 4;
    this.#prior = PRIOR * linear;
    for (let i = 0; i < 4; i++) hessian.set(i, i, hessian.get(i, i) + this.#prior);
    this.#inverse = Float64Array.from(inverse(hessian).to1DArray());
  }

  /** The template about a place; undefined where the picture ends there, or nothing can be held on to. */
  static of(plane: Plane, place: Place, radius: number): AffineTemplate | undefined {
    if (!inside(plane, place, radius + 1)) return undefined;
    const patch = patchOf(plane, place, radius);
    return patch && new AffineTemplate(patch, radius);
  }

  /** Brings the template in line with a frame, beginning with `start`, whose deformation is what is expected; undefined where it leaves the picture or folds up. */
  align(plane: Plane, start: AffinePlace): Alignment | undefined {
    let now: AffinePlace = start;
    for (let step = 0; this.#look(plane, now, start); step++) {
      const correlation = this.#seen[PARAMETERS] as number;
      if (step === MOST_STEPS) return { ...now, correlation };
      const change = this.#change();
      now = composed(now, change);
      const area = now.a * now.d - now.b * now.c;
      if (!(area > LEAST_AREA && area < 1 / LEAST_AREA)) return undefined;
      // The correlation after so small a step is the same.
      if (Math.hypot(change[4], change[5]) < SMALL_STEP) return { ...now, correlation };
    }
    return undefined;
  }

  /** Writes what the brightness that is seen at a place says; false where the place leaves the picture, or nothing is seen. */
  #look({ widthPx, heightPx, data }: Plane, now: AffinePlace, expected: AffinePlace): boolean {
    const [radius, products] = [this.#radius, this.#products];
    const { x, y, a, b, c, d } = now;
    const [reachX, reachY] = [radius * (Math.abs(a) + Math.abs(b)), radius * (Math.abs(c) + Math.abs(d))];
    const [lastX, lastY] = [widthPx - 1 - ROUNDING, heightPx - 1 - ROUNDING];
    if (!(x >= reachX && y >= reachY && x + reachX <= lastX && y + reachY <= lastY)) return false;
    let sum = 0;
    let squares = 0;
    let likeness = 0;
    // With the gradients alone, and with these times the column and the row in the patch.
    let gx = 0;
    let gy = 0;
    let gxColumn = 0;
    let gyColumn = 0;
    let gxRow = 0;
    let gyRow = 0;
    for (let j = -radius, i = 0; j <= radius; j++) {
      const rowX = x + b * j;
      const rowY = y + d * j;
      let rowGx = 0;
      let rowGy = 0;
      for (let k = -radius; k <= radius; k++, i += 4) {
        const u = rowX + a * k;
        const v = rowY + c * k;
        const iu = u | 0;
        const iv = v | 0;
        const p = iv * widthPx + iu;
        const q = p + widthPx;
        const fu = u - iu;
        const upper = (data[p] as number) + fu * ((data[p + 1] as number) - (data[p] as number));
        const lower = (data[q] as number) + fu * ((data[q + 1] as number) - (data[q] as number));
        const value = upper + (v - iv) * (lower - upper);
        const weighted = (products[i] as number) * value;
        sum += weighted;
        squares += weighted * value;
        likeness += (products[i + 1] as number) * value;
        const alongX = (products[i + 2] as number) * value;
        const alongY = (products[i + 3] as number) * value;
        rowGx += alongX;
        rowGy += alongY;
        gxColumn += k * alongX;
        gyColumn += k * alongY;
      }
      gx += rowGx;
      gy += rowGy;
      gxRow += j * rowGx;
      gyRow += j * rowGy;
    }
    const variance = squares - sum * sum;
    if (!(variance > LEAST_VARIANCE)) return false;
    const deviation = Math.sqrt(variance);
    const seen = this.#seen;
    seen[0] = gxColumn;
    seen[1] = gxRow;
    seen[2] = gyColumn;
    seen[3] = gyRow;
    seen[4] = gx;
    seen[5] = gy;
    const correlation = likeness / deviation;
    // Less the mean, over the deviation, and less what is like the template.
    for (let n = 0; n < PARAMETERS; n++)
      seen[n] =
        ((seen[n] as number) - sum * (this.#ofOnes[n] as number)) / deviation -
        correlation * (this.#ofItself[n] as number);
    seen[0] += this.#prior * (a - expected.a);
    seen[1] += this.#prior * (b - expected.b);
    seen[2] += this.#prior * (c - expected.c);
    seen[3] += this.#prior * (d - expected.d);
    seen[PARAMETERS] = correlation;
    return true;
  }

  /** The step of the six parameters (a, b, c, d, x, y). */
  #change(): Change {
    const row = (n: number): number => {
      let sum = 0;
      for (let k = 0; k < PARAMETERS; k++)
        sum += (this.#inverse[PARAMETERS * n + k] as number) * (this.#seen[k] as number);
      return sum;
    };
    return [row(0), row(1), row(2), row(3), row(4), row(5)];
  }
}

/** A step of (a, b, c, d, x, y). */
type Change = readonly [number, number, number, number, number, number];

interface Patch {
  readonly weights: Float64Array;
  readonly values: Float64Array;
  /** Gradient of the values, by the place in the patch. */
  readonly gradientX: Float64Array;
  readonly gradientY: Float64Array;
}

function patchOf(plane: Plane, { x, y }: Place, radius: number): Patch | undefined {
  const count = (2 * radius + 1) ** 2;
  const [values, gradientX, gradientY] = [0, 1, 2].map(() => new Float64Array(count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const weights = new Float64Array(count);
  for (let j = -radius, i = 0; j <= radius; j++)
    for (let k = -radius; k <= radius; k++, i++) {
      const [u, v] = [x + k, y + j];
      weights[i] = Math.exp(-(k * k + j * j) / radius ** 2);
      values[i] = sampleGrey(plane, u, v);
      gradientX[i] = (sampleGrey(plane, u + 1, v) - sampleGrey(plane, u - 1, v)) / 2;
      gradientY[i] = (sampleGrey(plane, u, v + 1) - sampleGrey(plane, u, v - 1)) / 2;
    }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < count; i++) weights[i] = (weights[i] as number) / total;
  if (weakerGradient(weights, gradientX, gradientY) < LEAST_TEXTURE) return undefined;
  const deviation = normalise(values, weights);
  for (const gradient of [gradientX, gradientY])
    for (let i = 0; i < count; i++) gradient[i] = (gradient[i] as number) / deviation;
  return { weights, values, gradientX, gradientY };
}

/** The smaller eigenvalue of the weighted mean of the gradients' outer products. */
function weakerGradient(weights: Float64Array, x: Float64Array, y: Float64Array): number {
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < weights.length; i++) {
    const [w, gx, gy] = [weights[i] as number, x[i] as number, y[i] as number];
    xx += w * gx * gx;
    xy += w * gx * gy;
    yy += w * gy * gy;
  }
  return (xx + yy - Math.sqrt((xx - yy) ** 2 + 4 * xy * xy)) / 2;
}

/** Brings values to a weighted mean of 0 and a deviation of 1, in place; gives the deviation that they had. */
function normalise(values: Float64Array, weights: Float64Array): number {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += (weights[i] as number) * (values[i] as number);
  let variance = 0;
  for (let i = 0; i < values.length; i++) variance += (weights[i] as number) * ((values[i] as number) - mean) ** 2;
  const deviation = Math.sqrt(variance);
  for (let i = 0; i < values.length; i++) values[i] = ((values[i] as number) - mean) / (deviation || 1);
  return deviation;
}

function descentOf({ gradientX, gradientY }: Patch, radius: number): Float64Array {
  const out = new Float64Array(PARAMETERS * gradientX.length);
  for (let j = -radius, i = 0; j <= radius; j++)
    for (let k = -radius; k <= radius; k++, i++) {
      const [gx, gy] = [gradientX[i] as number, gradientY[i] as number];
      out.set([gx * k, gx * j, gy * k, gy * j, gx, gy], PARAMETERS * i);
    }
  return out;
}

/** The weighted sums [6] of values with the descent. */
function projected(descent: Float64Array, weights: Float64Array, value: (i: number) => number): Float64Array {
  const out = new Float64Array(PARAMETERS);
  for (let i = 0; i < weights.length; i++)
    for (let k = 0; k < PARAMETERS; k++)
      out[k] = (out[k] as number) + (weights[i] as number) * value(i) * (descent[PARAMETERS * i + k] as number);
  return out;
}

function hessianOf(descent: Float64Array, weights: Float64Array): Matrix {
  const hessian = Matrix.zeros(PARAMETERS, PARAMETERS);
  for (let r = 0; r < PARAMETERS; r++)
    for (let s = 0; s < PARAMETERS; s++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++)
        sum +=
          (weights[i] as number) * (descent[PARAMETERS * i + r] as number) * (descent[PARAMETERS * i + s] as number);
      hessian.set(r, s, sum);
    }
  return hessian;
}

/** The map with a change of the template undone first. */
function composed({ x, y, a, b, c, d }: AffinePlace, [p, q, r, s, u, v]: Change): AffinePlace {
  const area = (1 + p) * (1 + s) - q * r;
  const [ia, ib, ic, id] = [(1 + s) / area, -q / area, -r / area, (1 + p) / area];
  const [iu, iv] = [-(ia * u + ib * v), -(ic * u + id * v)];
  return {
    x: x + a * iu + b * iv,
    y: y + c * iu + d * iv,
    a: a * ia + b * ic,
    b: a * ib + b * id,
    c: c * ia + d * ic,
    d: c * ib + d * id,
  };
}

function inside({ widthPx, heightPx }: Plane, { x, y }: Place, reach: number): boolean {
  return x >= reach && y >= reach && x <= widthPx - 1 - reach && y <= heightPx - 1 - reach;
}
