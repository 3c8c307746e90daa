import { boxMean, combinePlanes, multiplyPlanes, type Plane } from './plane.ts';

/** A picture as a line of its guide about each pixel: slope * guide + offset. */
export interface GuidedLine {
  readonly slope: Plane;
  readonly offset: Plane;
}

/**
 * Fits `plane` about each pixel as a line of `guide`, by least squares over squares of side 2 * radiusPx + 1 with the slope held by `regularisation`, and means the lines that a
 * pixel takes part in. Applied to the same guide it is the guided filter, which smooths and keeps the guide's edges; applied to a finer one it is the fast guided filter.
 *
 * Source: He, Sun, Tang, "Guided Image Filtering" (2013), equations 5, 6 and 8; He, Sun, "Fast Guided Filter" (2015).
 *
 * @param regularisation - variance of the guide that counts as flat, in its own unit squared.
 */
export function fitGuide(
  guide: Plane,
  plane: Plane,
  { radiusPx, regularisation }: { readonly radiusPx: number; readonly regularisation: number },
): GuidedLine {
  const mean = (one: Plane): Plane => boxMean(one, radiusPx);
  const times = multiplyPlanes;
  const minus = (first: Plane, second: Plane): Plane => combinePlanes((x, y) => x - y, first, second);
  const guideMean = mean(guide);
  const planeMean = mean(plane);
  const variance = minus(mean(times(guide, guide)), times(guideMean, guideMean));
  const covariance = minus(mean(times(guide, plane)), times(guideMean, planeMean));
  const slope = combinePlanes((both, alone) => both / (Math.max(0, alone) + regularisation), covariance, variance);
  return { slope: mean(slope), offset: mean(minus(planeMean, times(slope, guideMean))) };
}

/** The fitted plane: the line of each pixel at a guide of the same size. */
export function applyGuide({ slope, offset }: GuidedLine, guide: Plane): Plane {
  return {
    ...guide,
    data: guide.data.map((value, i) => (slope.data[i] as number) * value + (offset.data[i] as number)),
  };
}
