import { CANONICAL_EXTENT } from '../../../encoder/view.ts';
import type { Point } from '../../../face/face.ts';

/** Signed distance from a shape's edge at a point of the plane: negative inside. Any unit. */
export type Shape = (point: Point) => number;

export const disc =
  (centre: Point, radius: number): Shape =>
  ({ x, y }) =>
    Math.hypot(x - centre.x, y - centre.y) - radius;

/** An upright rectangle with rounded corners, by its half extents. */
export const roundedBox =
  (centre: Point, half: Point, radius: number): Shape =>
  ({ x, y }) => {
    const [right, down] = [Math.abs(x - centre.x) - half.x + radius, Math.abs(y - centre.y) - half.y + radius];
    return Math.hypot(Math.max(right, 0), Math.max(down, 0)) + Math.min(Math.max(right, down), 0) - radius;
  };

/** An upright ellipse by its half extents; the distance is right at the edge and near it. */
export const ellipse =
  (centre: Point, half: Point): Shape =>
  ({ x, y }) => {
    const [u, v] = [(x - centre.x) / half.x, (y - centre.y) / half.y];
    const steepness = Math.hypot(u / half.x, v / half.y);
    const radius = Math.hypot(u, v);
    return steepness > 0 ? (radius * (radius - 1)) / steepness : -Math.min(half.x, half.y);
  };

/** A line of the given thickness with round ends. */
export const stroke = (from: Point, to: Point, thickness: number): Shape => {
  const along = { x: to.x - from.x, y: to.y - from.y };
  const squared = along.x ** 2 + along.y ** 2;
  return ({ x, y }) => {
    const share = ((x - from.x) * along.x + (y - from.y) * along.y) / squared;
    const near = Math.min(1, Math.max(0, share));
    return Math.hypot(x - from.x - near * along.x, y - from.y - near * along.y) - thickness / 2;
  };
};

/** A closed outline; inside by the even-odd rule. */
export const polygon = (corners: readonly Point[]): Shape => {
  const edges = corners.map((from, i) => {
    const to = corners[(i + 1) % corners.length] as Point;
    return { from, to, distance: stroke(from, to, 0) };
  });
  return (point) => {
    const crossings = edges.filter(
      ({ from, to }) =>
        from.y > point.y !== to.y > point.y &&
        point.x < from.x + ((point.y - from.y) / (to.y - from.y)) * (to.x - from.x),
    ).length;
    const distance = Math.min(...edges.map((edge) => edge.distance(point)));
    return crossings % 2 === 1 ? -distance : distance;
  };
};

/** The band of the given thickness about a shape's edge. */
export const rim =
  (shape: Shape, thickness: number): Shape =>
  (point) =>
    Math.abs(shape(point)) - thickness / 2;

/** All shapes together. */
export const union =
  (...shapes: readonly Shape[]): Shape =>
  (point) =>
    Math.min(...shapes.map((shape) => shape(point)));

/** What is in the first and not in the second. */
export const without =
  (shape: Shape, hole: Shape): Shape =>
  (point) =>
    Math.max(shape(point), -hole(point));

/**
 * Draws a shape, whose unit is the canonical frame's, over the frame: a mask [S,S], 0 outside to 1 inside. Edges are as soft as asked for, and at least as a pixel is wide.
 *
 * @param softness - width of the edge, in the frame's units.
 */
export function drawMask(shape: Shape, sizePx: number, softness = 0): Float32Array {
  const unit = CANONICAL_EXTENT / sizePx;
  const width = Math.max(unit, softness);
  return Float32Array.from({ length: sizePx ** 2 }, (_, i) => {
    // Pixel centres of the frame's template lie at whole numbers.
    const point = { x: ((i % sizePx) + 0.5) * unit - 0.5, y: (Math.floor(i / sizePx) + 0.5) * unit - 0.5 };
    return Math.min(1, Math.max(0, 0.5 - shape(point) / width));
  });
}
