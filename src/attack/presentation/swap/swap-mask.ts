import type { FaceView } from '../../../face/alignment.ts';
import {
  CANONICAL_POINTS,
  composeAffine,
  fitSimilarity,
  invertAffine,
  viewOfCanonical,
} from '../../../face/alignment.ts';
import type { Point } from '../../../face/face.ts';
import { EYES, LANDMARKS, type Landmarks68, landmarks68 } from '../../../face/landmarks68.ts';
import { combinePlanes, type Plane, polygonMask, smoothPlane } from '../../../image/plane.ts';
import type { AffineMatrix } from '../../../image/warp.ts';
import { MEAN_FACE } from '../warp/mean-face.ts';

const JAW = { first: 0, last: 16 } as const;
const BROWS = { first: 17, last: 26 } as const;
const BRIDGE = 27;
const CHIN = 8;

/** How far the mask's upper edge lies above the brows, and the deviation of its soft edge, as shares of the way from the bridge of the nose to the chin. */
const LIFT = 0.12;
const SOFTNESS = 0.045;

/** Outlines that are no skin: brows, eyes, lips. */
const FEATURES: readonly (readonly [first: number, last: number])[] = [
  [17, 21],
  [22, 26],
  [36, 41],
  [42, 47],
  [48, 59],
];

/** Landmarks under an affine map. */
export function mapLandmarks(points: Landmarks68, [a, b, c, d, e, f]: AffineMatrix): Landmarks68 {
  const mapped = new Float64Array(2 * LANDMARKS);
  for (let i = 0; i < mapped.length; i += 2) {
    const [x, y] = [points[i] as number, points[i + 1] as number];
    mapped[i] = a * x + b * y + c;
    mapped[i + 1] = d * x + e * y + f;
  }
  return mapped;
}

/**
 * Where a swap covers a face: from the jaw to a little above the brows, with a soft edge.
 *
 * @param points - in pixels of the mask.
 * @param reach - factor on the outline about its middle; default 1.
 * @returns 0..1.
 */
export function faceMask(
  points: Landmarks68,
  size: { readonly widthPx: number; readonly heightPx: number },
  reach = 1,
): Plane {
  const outline = outlineOf(points);
  const [x, y] = [meanOf(outline.map((point) => point.x)), meanOf(outline.map((point) => point.y))];
  const widened = outline.map((point) => ({ x: x + reach * (point.x - x), y: y + reach * (point.y - y) }));
  return smoothPlane(polygonMask([widened], size), SOFTNESS * heightOf(points));
}

/** The part of {@link faceMask} that shows skin: without brows, eyes and lips. */
export function skinMask(points: Landmarks68, size: { readonly widthPx: number; readonly heightPx: number }): Plane {
  const features = FEATURES.map(([first, last]) => pointsOf(points, first, last));
  return combinePlanes((face, feature) => face * (1 - feature), faceMask(points, size), polygonMask(features, size));
}

/** Landmarks of a mean face that looks at the camera, in pixels of a view: for faces that come aligned, without landmarks of their own. */
export function meanLandmarks(view: FaceView): Landmarks68 {
  const mean = landmarks68(
    Array.from({ length: LANDMARKS }, (_, i) => ({ x: MEAN_FACE[3 * i] as number, y: MEAN_FACE[3 * i + 1] as number })),
  );
  const five = [
    ...EYES.map(({ left, right, upper, lower }) => middleOf(mean, [left, right, ...upper, ...lower])),
    middleOf(mean, [NOSE_TIP]),
    middleOf(mean, [MOUTH_CORNERS.left]),
    middleOf(mean, [MOUTH_CORNERS.right]),
  ];
  return mapLandmarks(mean, composeAffine(invertAffine(viewOfCanonical(view)), fitSimilarity(five, CANONICAL_POINTS)));
}

const NOSE_TIP = 30;
const MOUTH_CORNERS = { left: 48, right: 54 } as const;

/** The jaw from left to right, and back along the brows, lifted away from the chin. */
function outlineOf(points: Landmarks68): Point[] {
  const [bridge, chin] = [pointOf(points, BRIDGE), pointOf(points, CHIN)];
  const [up, right] = [(bridge.y - chin.y) * LIFT, (bridge.x - chin.x) * LIFT];
  const brows = pointsOf(points, BROWS.first, BROWS.last).map(({ x, y }) => ({ x: x + right, y: y + up }));
  return [...pointsOf(points, JAW.first, JAW.last), ...brows.reverse()];
}

/** From the bridge of the nose to the chin, in pixels. */
function heightOf(points: Landmarks68): number {
  const [bridge, chin] = [pointOf(points, BRIDGE), pointOf(points, CHIN)];
  return Math.hypot(bridge.x - chin.x, bridge.y - chin.y);
}

const pointOf = (points: Landmarks68, i: number): Point => ({
  x: points[2 * i] as number,
  y: points[2 * i + 1] as number,
});

const pointsOf = (points: Landmarks68, first: number, last: number): Point[] =>
  Array.from({ length: last - first + 1 }, (_, k) => pointOf(points, first + k));

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const middleOf = (points: Landmarks68, indices: readonly number[]): Point => ({
  x: meanOf(indices.map((i) => pointOf(points, i).x)),
  y: meanOf(indices.map((i) => pointOf(points, i).y)),
});
