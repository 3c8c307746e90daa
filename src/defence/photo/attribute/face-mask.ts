import { applyAffine, CANONICAL_POINTS } from '../../../face/alignment.ts';
import type { Box, Face, Point } from '../../../face/face.ts';
import { FACE_OUTLINES, type FaceOutline, meshPoints } from '../../../face/face-regions.ts';
import { combinePlanes, type Plane, polygonMask, smoothPlane } from '../../../image/plane.ts';
import { smoothStep } from '../../../util/smooth-step.ts';
import { cellsToFrame, type FaceGrid, gridPlane, toCells } from './face-grid.ts';

/** How the head reaches beyond the mesh's outline, as factors of the distance from the middle of the face: to the ears, over the hair, below the chin. */
const HEAD_REACH = { aside: 1.3, up: 1.75, down: 1.2 } as const;

/** Deviation of the head's soft edge, and width of the border of a frame over which all fades, in units of the canonical frame. */
const HEAD_SOFTNESS = 6;
const FRAME_FADE = 13;

/** Over this much of the way between two faces' middles the one's region passes into the other's. */
const SHARED_WIDTH = 0.3;

/** Outlines of the mesh, filled, with edges softened by a Gaussian of this deviation in units of the canonical frame: a mask over the grid's cells, 0..1. */
export const outlineMask = (grid: FaceGrid, face: Face, outlines: readonly FaceOutline[], softness: number): Plane =>
  shapeMask(
    grid,
    outlines.map((name) => meshPoints(face.mesh, FACE_OUTLINES[name])),
    softness,
  );

/** The lips without the open mouth. */
export const lipMask = (grid: FaceGrid, face: Face, softness = 0.6): Plane =>
  combinePlanes(
    (lips, mouth) => lips * (1 - mouth),
    outlineMask(grid, face, ['lips'], softness),
    outlineMask(grid, face, ['mouth'], softness / 2),
  );

/** Closed outlines of points of the photo, filled and softened as {@link outlineMask}. */
export function shapeMask(grid: FaceGrid, outlines: readonly (readonly Point[])[], softness: number): Plane {
  const corners = outlines.map((outline) => outline.map((point) => toCells(grid, point)));
  const sharp = polygonMask(corners, { widthPx: grid.widthCells, heightPx: grid.heightCells });
  return smoothPlane(sharp, softness * grid.unitCells);
}

/** The mesh's outline, pushed away from the middle of the face by factors: towards the ears, the hair and the neck. In pixels of the photo. */
export function widenedOval(
  grid: FaceGrid,
  face: Face,
  reach: { readonly aside: number; readonly up: number; readonly down: number },
): Point[] {
  const middle = middleOf(face);
  const centre = applyAffine(grid.toFrame, middle);
  return meshPoints(face.mesh, FACE_OUTLINES.oval).map((point) => {
    const { x, y } = applyAffine(grid.toFrame, point);
    const [right, down] = [x - centre.x, y - centre.y];
    return applyAffine(grid.toPhoto, {
      x: centre.x + right * reach.aside,
      y: centre.y + down * (down < 0 ? reach.up : reach.down),
    });
  });
}

/** The whole head with hair, ears and chin, with a wide soft edge. */
export const headMask = (grid: FaceGrid, face: Face): Plane =>
  shapeMask(grid, [widenedOval(grid, face, HEAD_REACH)], HEAD_SOFTNESS);

/** 1 inside a frame about the face, falling smoothly to 0 at its border, outside 0: no edit shows where its frame ends. */
export function frameMask(grid: FaceGrid, box: Box, fade = FRAME_FADE): Plane {
  const [a, b, c, d, e, f] = cellsToFrame(grid);
  const mask = gridPlane(grid);
  for (let row = 0, at = 0; row < grid.heightCells; row++) {
    for (let column = 0; column < grid.widthCells; column++, at++) {
      const x = a * column + b * row + c - box.x;
      const y = d * column + e * row + f - box.y;
      mask.data[at] =
        smoothStep(Math.min(x, box.width - x), FRAME_MARGIN, fade) *
        smoothStep(Math.min(y, box.height - y), FRAME_MARGIN, fade);
    }
  }
  return mask;
}

/** This close to its border nothing of a frame counts: interpolation reaches a few cells further. In units of the canonical frame. */
const FRAME_MARGIN = 2;

/**
 * Which cells are this face's own: 1 where it is nearer than every other, each measured by its own size, 0 where another is; a smooth passage between. Over all faces the masks sum to at
 * most 1 wherever two meet, so that no place is edited twice.
 */
export function ownMask(grid: FaceGrid, face: Face, others: readonly Face[]): Plane {
  const mask = gridPlane(grid);
  mask.data.fill(1);
  const own = placeOf(grid, face);
  for (const other of others) {
    const their = placeOf(grid, other);
    // Not the face itself, found again.
    if (Math.hypot(their.x - own.x, their.y - own.y) < 0.2 * own.radius) continue;
    for (let row = 0, at = 0; row < grid.heightCells; row++) {
      for (let column = 0; column < grid.widthCells; column++, at++) {
        const mine = distance(column - own.x, row - own.y) / own.radius;
        const theirs = distance(column - their.x, row - their.y) / their.radius;
        // 0 at the own middle, 1/2 where both are equally near, 1 at the other's middle.
        const share = mine / Math.max(mine + theirs, 1e-6);
        mask.data[at] = (mask.data[at] as number) * smoothStep(share, 0.5 + SHARED_WIDTH / 2, 0.5 - SHARED_WIDTH / 2);
      }
    }
  }
  return mask;
}

/** As Math.hypot, which is many times slower. */
const distance = (x: number, y: number): number => Math.sqrt(x * x + y * y);

/** The middle of a face and the root of its area, in cells. */
function placeOf(grid: FaceGrid, face: Face): Point & { readonly radius: number } {
  const middle = toCells(grid, middleOf(face));
  return { ...middle, radius: Math.max(1, Math.sqrt(face.box.width * face.box.height) / grid.cellPx) };
}

/** Between the eyes and the mouth. */
export function middleOf({ landmarks }: Pick<Face, 'landmarks'>): Point {
  const sum = landmarks.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / CANONICAL_POINTS.length, y: sum.y / CANONICAL_POINTS.length };
}
