import { EYES, LANDMARKS, type Landmarks68, MOUTH, widestOf } from '../../../face/landmarks68.ts';
import { InputError } from '../../../util/errors.ts';
import { FACE_POINTS, MEAN_FACE } from './mean-face.ts';
import { holdOpenings } from './openings.ts';
import { fitPose, frontalPose } from './pose.ts';
import { fitLinear, LINEAR_PARTS } from './rigid-points.ts';
import { OPENING_TRIANGLES, OUTLINE, SKIN_TRIANGLES } from './topology.ts';
import { doubleArea, hasAreas, untangle } from './untangle.ts';

/** Where the rings about the face lie on the way from its edge to where all is still, and how much of the edge's motion they take. */
const RINGS = [0.12, 0.28, 0.48, 0.72, 1].map((at) => ({ at, weight: (1 - at) ** 2 * (1 + 2 * at) }));

/** How far the motion reaches beyond the face's edge, as a share of the edge's distance from the middle, and at least, in pixels. */
const REACH = { share: 0.95, leastPx: 3 } as const;

/** The double area that a triangle of the photo has at least, in squares of the mean face's unit; and a moved one, as a share of the photo's. */
const LEAST = { photo: 0.0015, moved: 0.12 } as const;

/** How far apart the two edges of an opening are at least, and those of a mouth at most unless the photo's is wider; in units of the mean face. */
const OPENING = { least: 0.004, most: 0.28 } as const;

/** Rounds of untangling: once for the photo, and for each frame. */
const ROUNDS = { photo: 400, frame: 40 } as const;

/** Points of the mesh. */
const POINTS = FACE_POINTS + RINGS.length * OUTLINE.length;

/** Triangles of the mesh: the skin, the rings about it, then the openings. */
export const MESH_TRIANGLES: Uint16Array = Uint16Array.from([
  ...SKIN_TRIANGLES,
  ...RINGS.flatMap((_, ring) => ringTriangles(ring)),
  ...OPENING_TRIANGLES,
]);

const FIRST_OPENING = (MESH_TRIANGLES.length - OPENING_TRIANGLES.length) / 3;

/** A photo's face as triangles, and where they go. */
export interface FaceMesh {
  /** The mesh on the photo: x and y of each point, in pixels. */
  readonly photo: Float64Array;
  /** Pixels for a unit of the mean face. */
  readonly unitPx: number;
  /**
   * Where the mesh goes if the face's landmarks are to be these. No triangle turns over: where the landmarks would turn one over, those about it are moved, or all motion is lessened.
   *
   * @returns x and y of each point; overwritten by the next call.
   */
  place(wanted: Landmarks68): Float64Array;
}

/**
 * Lays the mesh on a photo's face. Its outermost ring lies in still background or at the photo's border, and never moves.
 *
 * @throws InputError where the landmarks are no face, or one that is turned so far that half of it is hidden.
 */
export function createFaceMesh(
  landmarks: Landmarks68,
  size: { readonly widthPx: number; readonly heightPx: number },
): FaceMesh {
  const pose = frontalPose();
  fitPose(landmarks, pose);
  const unitPx = pose.scale;
  const photo = new Float64Array(2 * POINTS);
  photo.set(landmarks);
  const leastPx = OPENING.least * unitPx;
  holdOpenings(photo, leastPx, Number.POSITIVE_INFINITY);
  const held = photo.slice(0, 2 * LANDMARKS);
  const mostPx = Math.max(OPENING.most * unitPx, ...[MOUTH, ...EYES].map((edges) => widestOf(held, edges)));
  const parts = [new Float64Array(LINEAR_PARTS), new Float64Array(LINEAR_PARTS)] as const;
  addForehead(photo, landmarks, parts);
  addRings(photo, size);
  const least = new Float64Array(MESH_TRIANGLES.length / 3).fill(LEAST.photo * unitPx ** 2);
  least.fill(0, FIRST_OPENING);
  const mobility = new Float64Array(POINTS).fill(1);
  if (!untangle(photo, MESH_TRIANGLES, least, mobility, ROUNDS.photo)) {
    throw new InputError('the face is turned too far, or its landmarks are wrong: they do not spread over a face', {
      hint: 'take a photo that looks at the camera',
    });
  }
  for (let t = 0; t < FIRST_OPENING; t++) {
    least[t] =
      LEAST.moved *
      doubleArea(
        photo,
        MESH_TRIANGLES[3 * t] as number,
        MESH_TRIANGLES[3 * t + 1] as number,
        MESH_TRIANGLES[3 * t + 2] as number,
      );
  }
  mobility.fill(0, POINTS - OUTLINE.length);
  const moved = new Float64Array(2 * POINTS);
  const motion = new Float64Array(2 * FACE_POINTS);
  return {
    photo,
    unitPx,
    place(wanted) {
      motion.set(wanted);
      holdOpenings(motion, leastPx, mostPx);
      for (let i = 0; i < 2 * LANDMARKS; i++) motion[i] = (motion[i] as number) - (held[i] as number);
      addForehead(motion, motion, parts);
      for (let i = 0; i < motion.length; i++) moved[i] = (photo[i] as number) + (motion[i] as number);
      moveRings(moved, photo, motion);
      if (!untangle(moved, MESH_TRIANGLES, least, mobility, ROUNDS.frame)) lessen(moved, photo, least);
      return moved;
    },
  };
}

/** Brings the mesh back towards the photo's until no triangle is too small. */
function lessen(moved: Float64Array, photo: Float64Array, least: Float64Array): void {
  while (!hasAreas(moved, MESH_TRIANGLES, least)) {
    let left = 0;
    for (let i = 0; i < moved.length; i++) {
      const step = 0.85 * ((moved[i] as number) - (photo[i] as number));
      left = Math.max(left, Math.abs(step));
      moved[i] = (photo[i] as number) + step;
    }
    if (left < 1e-3) {
      moved.set(photo);
      return;
    }
  }
}

/** Sets the forehead's points as the linear map of the mean face gives them that fits the landmarks: their places, or their motion. */
function addForehead(
  points: Float64Array,
  landmarks: Float64Array,
  parts: readonly [Float64Array, Float64Array],
): void {
  for (let axis = 0; axis < 2; axis++) {
    const row = parts[axis] as Float64Array;
    fitLinear(landmarks, axis, row);
    for (let i = LANDMARKS; i < FACE_POINTS; i++) {
      let value = row[0] as number;
      for (let p = 1; p < LINEAR_PARTS; p++) value += (row[p] as number) * (MEAN_FACE[3 * i + p - 1] as number);
      points[2 * i + axis] = value;
    }
  }
}

/** Sets the rings, on rays from the middle of the face; the last is within the photo where the face is. */
function addRings(points: Float64Array, { widthPx, heightPx }: { widthPx: number; heightPx: number }): void {
  const count = OUTLINE.length;
  let [middleX, middleY] = [0, 0];
  for (const i of OUTLINE) {
    middleX += (points[2 * i] as number) / count;
    middleY += (points[2 * i + 1] as number) / count;
  }
  OUTLINE.forEach((i, k) => {
    const [x, y] = [points[2 * i] as number, points[2 * i + 1] as number];
    const distance = Math.max(1e-6, Math.sqrt((x - middleX) ** 2 + (y - middleY) ** 2));
    const [dx, dy] = [(x - middleX) / distance, (y - middleY) / distance];
    const room = Math.min(roomFor(x, dx, widthPx - 1), roomFor(y, dy, heightPx - 1));
    const reach = Math.max(REACH.leastPx, Math.min(REACH.share * distance, room));
    RINGS.forEach(({ at }, ring) => {
      const p = FACE_POINTS + ring * count + k;
      points[2 * p] = x + at * reach * dx;
      points[2 * p + 1] = y + at * reach * dy;
    });
  });
}

/** How far one may go from a coordinate until the border. */
const roomFor = (from: number, direction: number, last: number): number =>
  direction > 0 ? (last - from) / direction : direction < 0 ? -from / direction : Number.POSITIVE_INFINITY;

function moveRings(moved: Float64Array, photo: Float64Array, motion: Float64Array): void {
  const count = OUTLINE.length;
  for (let ring = 0; ring < RINGS.length; ring++) {
    const { weight } = RINGS[ring] as (typeof RINGS)[number];
    for (let k = 0; k < count; k++) {
      const p = FACE_POINTS + ring * count + k;
      const i = OUTLINE[k] as number;
      moved[2 * p] = (photo[2 * p] as number) + weight * (motion[2 * i] as number);
      moved[2 * p + 1] = (photo[2 * p + 1] as number) + weight * (motion[2 * i + 1] as number);
    }
  }
}

/** The strip between a ring and the one within it. */
function ringTriangles(ring: number): number[] {
  const count = OUTLINE.length;
  const point = (r: number, k: number): number =>
    r < 0 ? (OUTLINE[k % count] as number) : FACE_POINTS + r * count + (k % count);
  return OUTLINE.flatMap((_, k) => {
    const [a, b] = [point(ring - 1, k), point(ring - 1, k + 1)];
    const [c, d] = [point(ring, k), point(ring, k + 1)];
    return [a, c, d, a, d, b];
  });
}
