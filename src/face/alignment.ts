import type { AffineMatrix } from '../image/warp.ts';
import { InputError } from '../util/errors.ts';
import type { Box, FivePoints, Point } from './face.ts';

/** A part of the canonical face, `box` in units of its 112x112 px, drawn at widthPx x heightPx; an encoder's view is one. */
export interface FaceView {
  readonly box: Box;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Where the five points lie in the canonical face of 112x112 px (ArcFace's template, as InsightFace publishes it). */
export const CANONICAL_POINTS: FivePoints = [
  { x: 38.2946, y: 51.6963 },
  { x: 73.5318, y: 51.5014 },
  { x: 56.0252, y: 71.7366 },
  { x: 41.5493, y: 92.3655 },
  { x: 70.7299, y: 92.2041 },
];

/** The whole canonical frame, one pixel for each of its units. */
export const CANONICAL_VIEW: FaceView = {
  box: { x: 0, y: 0, width: 112, height: 112 },
  widthPx: 112,
  heightPx: 112,
};

/**
 * The map with which {@link warpAffine} cuts an encoder's view of a face out of its photo: from pixels of the view to pixels of the photo.
 *
 * @throws InputError where the points coincide.
 */
export function alignmentMatrix(landmarks: FivePoints, view: FaceView = CANONICAL_VIEW): AffineMatrix {
  return composeAffine(invertAffine(fitSimilarity(landmarks, CANONICAL_POINTS)), viewOfCanonical(view));
}

/** The same from a face that is already aligned: from pixels of the view to pixels of a 112x112 crop. */
export function viewOfCanonical(view: FaceView): AffineMatrix {
  const { box, widthPx, heightPx } = view;
  const stepX = box.width / widthPx;
  const stepY = box.height / heightPx;
  // The box is measured from the edges of pixels, whose centres are at whole numbers.
  return [stepX, 0, box.x + stepX / 2 - 0.5, 0, stepY, box.y + stepY / 2 - 0.5];
}

/**
 * The rotation, scale and shift, without reflection, that brings `from` nearest to `to` by the sum of squared distances.
 *
 * Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns" (1991); in the plane, with points as
 * complex numbers, it is the regression of `to` on `from`.
 *
 * @throws InputError where the points of `from` coincide.
 */
export function fitSimilarity(from: readonly Point[], to: readonly Point[]): AffineMatrix {
  const a = centreOf(from);
  const b = centreOf(to);
  let real = 0;
  let imaginary = 0;
  let spread = 0;
  from.forEach((point, i) => {
    const target = to[i] ?? b;
    const [x, y] = [point.x - a.x, point.y - a.y];
    const [u, v] = [target.x - b.x, target.y - b.y];
    real += x * u + y * v;
    imaginary += x * v - y * u;
    spread += x * x + y * y;
  });
  if (!(spread > 1e-9)) throw new InputError('the points of a face coincide', { hint: 'the face may be too small' });
  const c = real / spread;
  const s = imaginary / spread;
  return [c, -s, b.x - c * a.x + s * a.y, s, c, b.y - s * a.x - c * a.y];
}

/** Where an affine map takes a point. */
export function applyAffine([a, b, c, d, e, f]: AffineMatrix, { x, y }: Point): Point {
  return { x: a * x + b * y + c, y: d * x + e * y + f };
}

/** The map that applies `inner`, then `outer`. */
export function composeAffine(outer: AffineMatrix, inner: AffineMatrix): AffineMatrix {
  const [a, b, c, d, e, f] = outer;
  const [p, q, r, s, t, u] = inner;
  return [a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f];
}

/** The inverse of an affine map. @throws InputError where it has none. */
export function invertAffine([a, b, c, d, e, f]: AffineMatrix): AffineMatrix {
  const determinant = a * e - b * d;
  if (!(Math.abs(determinant) > 1e-12)) throw new InputError('an affine map that flattens the plane has no inverse');
  const [p, q, s, t] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return [p, q, -(p * c + q * f), s, t, -(s * c + t * f)];
}

function centreOf(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}
