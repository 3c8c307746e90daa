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
const MOST_STEPS = 15;
const SMALL_STEP = 0.01;
/** How much the deformation that was expected counts against the one that the pixels show: skin alone fixes it badly. */
const PRIOR = 0.1;
/** Mean squared gradient in the weaker direction below which a patch is no template; brightness a pixel, squared. */
const LEAST_TEXTURE = 0.15;
/** A patch that is seen at a grazing angle has shrunk to this, or grown to its inverse. */
const LEAST_AREA = 0.25;

/**
 * A patch as it was in the first frame: what a point is compared with in all later ones, however they are turned, so that small errors from frame to frame do not add up.
 *
 * It is brought in line by an affine map and a change of brightness and contrast, by Gauss-Newton steps that are composed inversely.
 *
 * Source: Shi and Tomasi, Good features to track, CVPR 1994, sections 3 and 5 (affine comparison with the first frame); Baker and Matthews, Lucas-Kanade 20 years on, IJCV 56 (2004), section 3.2
 * (inverse composition).
 */
export class AffineTemplate {
  readonly #radius: number;
  /** Weights of the pixels, which sum to 1. */
  readonly #weights: Float64Array;
  /** Brightness less its mean, over its deviation. */
  readonly #values: Float64Array;
  /** [N,6]: how the values change with each parameter. */
  readonly #descent: Float64Array;
  readonly #inverse: Float64Array;
  readonly #prior: number;

  private constructor(patch: Patch, radius: number) {
    this.#radius = radius;
    this.#weights = patch.weights;
    this.#values = patch.values;
    this.#descent = descentOf(patch, radius);
    const hessian = hessianOf(this.#descent, patch.weights);
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
    const side = 2 * this.#radius + 1;
    const seen = new Float64Array(side * side);
    let now: AffinePlace = start;
    for (let step = 0; ; step++) {
      const correlation = this.#look(plane, now, seen);
      if (correlation === undefined) return undefined;
      if (step === MOST_STEPS) return { ...now, correlation };
      const change = this.#change(seen, now, start);
      now = composed(now, change);
      const area = now.a * now.d - now.b * now.c;
      if (!(area > LEAST_AREA && area < 1 / LEAST_AREA)) return undefined;
      if (Math.hypot(change[4] as number, change[5] as number) < SMALL_STEP) {
        const last = this.#look(plane, now, seen);
        return last === undefined ? undefined : { ...now, correlation: last };
      }
    }
  }

  /** Writes what is seen, in the template's own contrast, and gives its correlation with the template. */
  #look(plane: Plane, { x, y, a, b, c, d }: AffinePlace, seen: Float64Array): number | undefined {
    const radius = this.#radius;
    const [reachX, reachY] = [radius * (Math.abs(a) + Math.abs(b)), radius * (Math.abs(c) + Math.abs(d))];
    if (!(x >= reachX && y >= reachY && x <= plane.widthPx - 1 - reachX && y <= plane.heightPx - 1 - reachY))
      return undefined;
    for (let j = -radius, i = 0; j <= radius; j++)
      for (let k = -radius; k <= radius; k++, i++) seen[i] = sampleGrey(plane, x + a * k + b * j, y + c * k + d * j);
    if (!(normalise(seen, this.#weights) > 0)) return undefined;
    let correlation = 0;
    for (let i = 0; i < seen.length; i++)
      correlation += (this.#weights[i] as number) * (seen[i] as number) * (this.#values[i] as number);
    return correlation;
  }

  /** The step of the six parameters (a, b, c, d, x, y). */
  #change(seen: Float64Array, now: AffinePlace, expected: AffinePlace): Float64Array {
    const slope = new Float64Array(PARAMETERS);
    for (let i = 0, p = 0; i < seen.length; i++, p += PARAMETERS) {
      const error = (this.#weights[i] as number) * ((seen[i] as number) - (this.#values[i] as number));
      for (let k = 0; k < PARAMETERS; k++) slope[k] = (slope[k] as number) + error * (this.#descent[p + k] as number);
    }
    (['a', 'b', 'c', 'd'] as const).forEach((name, k) => {
      slope[k] = (slope[k] as number) + this.#prior * (now[name] - expected[name]);
    });
    return Float64Array.from({ length: PARAMETERS }, (_, row) => {
      let sum = 0;
      for (let k = 0; k < PARAMETERS; k++)
        sum += (this.#inverse[PARAMETERS * row + k] as number) * (slope[k] as number);
      return sum;
    });
  }
}

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
function composed({ x, y, a, b, c, d }: AffinePlace, change: Float64Array): AffinePlace {
  const [p, q, r, s, u, v] = change as unknown as readonly [number, number, number, number, number, number];
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
