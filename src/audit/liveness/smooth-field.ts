import type { RandomNumbers } from '../../util/random.ts';

/** A random function of a place on the face, smooth over its reach. */
export type SmoothField = (xMm: number, yMm: number) => number;

const BUMPS = 60;
/** Half the sides of the rectangle that the bumps lie in: a face and its rim. */
const HALF_WIDTH_MM = 110;
const HALF_HEIGHT_MM = 140;

/**
 * A sum of Gaussian bumps at random places.
 *
 * @param reachMm - deviation of each bump.
 * @param deviationMm - of the function's values over the face.
 */
export function smoothField(random: RandomNumbers, reachMm: number, deviationMm: number): SmoothField {
  const area = 4 * HALF_WIDTH_MM * HALF_HEIGHT_MM;
  const height = deviationMm * Math.sqrt(area / (BUMPS * Math.PI * reachMm ** 2));
  const bumps = Array.from({ length: BUMPS }, () => ({
    x: HALF_WIDTH_MM * (2 * random.uniform() - 1),
    y: HALF_HEIGHT_MM * (2 * random.uniform() - 1),
    height: height * random.normal(),
  }));
  return (x, y) => {
    let sum = 0;
    for (const bump of bumps)
      sum += bump.height * Math.exp(-((x - bump.x) ** 2 + (y - bump.y) ** 2) / (2 * reachMm ** 2));
    return sum;
  };
}
