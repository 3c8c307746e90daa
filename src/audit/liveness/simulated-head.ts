import type { MeshPoint, Point } from '../../face/face.ts';
import { FACE_OUTLINES, meshPoint, meshPoints } from '../../face/face-regions.ts';
import type { Image } from '../../image/image.ts';
import { resizeImage } from '../../image/resize.ts';
import type { RandomNumbers } from '../../util/random.ts';
import { smoothStep } from '../../util/smooth-step.ts';
import { headLight } from './head-light.ts';
import { type PinholeCamera, type RigidPose, seenPoints } from './rigid-pose.ts';
import type { SessionLight } from './session-light.ts';
import { smoothField } from './smooth-field.ts';
import { drawSurface, type Surface } from './surface.ts';

/**
 * A rigid head with a photo's skin, for measurement: it takes a person's place where no clip of a person is to be had. It turns, and does nothing else: no expression, no lids,
 * hair as a cap, a blurred background. What holds of it need not hold of people.
 *
 * Its pictures imitate a person: whoever writes one to a file marks it (`encodeMarked`).
 */
export interface SimulatedHead {
  readonly camera: PinholeCamera;
  /**
   * A new picture of the camera's size. About 6 ms of one core for 320x320 px, 9 with light.
   *
   * @param skin - a picture that takes the photo's place, of its size, with the face in the same place: the photo with another expression.
   * @param light - what it is lit by; default: the photo's light stays on the skin, however the head is turned.
   */
  render(pose: RigidPose, skin?: Image, light?: HeadInLight): Image;
  /** Where the mesh's points are seen, hidden or not: [N,2], pixels. What a perfect tracker would find. */
  project(pose: RigidPose): Float64Array;
  /** The same skin on a depth that was guessed wrongly, smoothly, by this deviation: what a reenactment in three dimensions makes of a photo. */
  misjudged(deviationMm: number, random: RandomNumbers): SimulatedHead;
}

/** The light of a session, and when of it. */
export interface HeadInLight {
  readonly light: SessionLight;
  readonly timeMs: number;
}

/** Options of {@link createSimulatedHead}. */
export interface SimulatedHeadOptions {
  /** Draws whose shape it is: another stream, another person's. */
  readonly random: RandomNumbers;
  /** Default {@link SELFIE_CAMERA}. */
  readonly camera?: PinholeCamera;
}

/** A front camera at arm's length; a face is some 150 pixels wide. */
export const SELFIE_CAMERA: PinholeCamera = { widthPx: 320, heightPx: 320, distanceMm: 500, pixelsPerMm: 1.05 };

/** Between the outer corners of an adult's eyes. */
const EYES_MM = 90;
const [LEFT_EYE, RIGHT_EYE] = [33, 263];

/** About which a head turns, from between the eyes. */
const PIVOT_MM = [0, 40, 75] as const;

/** How people differ from what the mesh network makes of their photos, which are much alike: deviations over the face, and how far the difference reaches. */
const PERSON = { depthMm: 4, breadthMm: 2, depthScale: 0.06, reachMm: 18 } as const;

/** Reach of a wrong guess of depth. */
const MISJUDGED_REACH_MM = 15;

/** Beyond the mesh's edge the head goes on so far, and fades so far. */
const RIM_MM = { solid: 35, gone: 60 } as const;

/** Cells of the drawn surface, and how far a point of the mesh counts for its depth. */
const CELL_MM = 2.6;
const DEPTH_REACH_MM = 6;

/**
 * Makes a head of a photo and the mesh of the face in it, which is to look at the camera: what the photo does not show, the head does not have.
 *
 * @throws ShapeError where the mesh lacks a point.
 */
export function createSimulatedHead(
  photo: Image,
  mesh: readonly MeshPoint[],
  { random, camera = SELFIE_CAMERA }: SimulatedHeadOptions,
): SimulatedHead {
  const millimetres = inMillimetres(mesh);
  const change = personalChange(random);
  const sheet = headSheet(millimetres.points, millimetres.toPhoto);
  const background = resizeImage(resizeImage(photo, 5, 5), camera.widthPx, camera.heightPx);
  const model = (points: Float64Array, own: Float64Array): SimulatedHead => {
    const surface: Surface = { ...sheet, points };
    const lit = headLight(surface, camera.distanceMm, PIVOT_MM);
    return {
      camera,
      render: (pose, skin = photo, seen = undefined) => {
        const factors = seen && lit(pose, seen.light, seen.timeMs);
        return drawSurface(surface, seenPoints(points, pose, camera, PIVOT_MM), skin, background, factors);
      },
      project: (pose) => seenPoints(own, pose, camera, PIVOT_MM).filter((_, i) => i % 3 < 2),
      misjudged: (deviationMm, guess) => {
        const error = smoothField(guess, MISJUDGED_REACH_MM, deviationMm);
        const wrong = (all: Float64Array): Float64Array => moved(all, (x, y, z) => [x, y, z + error(x, y)]);
        return model(wrong(points), wrong(own));
      },
    };
  };
  // The drawn surface is smoother than the mesh: its depth is what a point on it has.
  const own = millimetres.points.flatMap(({ x, y }) => [x, y, depthAt(millimetres.points, x, y)]);
  return model(moved(sheet.points, change), moved(Float64Array.from(own), change));
}

type Change = (x: number, y: number, z: number) => readonly [number, number, number];

function personalChange(random: RandomNumbers): Change {
  const { depthMm, breadthMm, depthScale, reachMm } = PERSON;
  const [depth, across, along] = [depthMm, breadthMm, breadthMm].map((deviation) =>
    smoothField(random, reachMm, deviation),
  ) as [ReturnType<typeof smoothField>, ReturnType<typeof smoothField>, ReturnType<typeof smoothField>];
  const factor = 1 + depthScale * random.normal();
  return (x, y, z) => [x + across(x, y), y + along(x, y), factor * z + depth(x, y)];
}

function moved(points: Float64Array, change: Change): Float64Array {
  const out = new Float64Array(points.length);
  for (let i = 0; i < out.length; i += 3)
    out.set(change(points[i] as number, points[i + 1] as number, points[i + 2] as number), i);
  return out;
}

/** The mesh from between the eyes, upright. */
function inMillimetres(mesh: readonly MeshPoint[]): {
  readonly points: readonly MeshPoint[];
  /** Pixels of the photo. */
  readonly toPhoto: (xMm: number, yMm: number) => Point;
} {
  const [left, right] = [meshPoint(mesh, LEFT_EYE), meshPoint(mesh, RIGHT_EYE)];
  const middle = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2, z: (left.z + right.z) / 2 };
  const scale = EYES_MM / Math.hypot(right.x - left.x, right.y - left.y, right.z - left.z);
  const roll = Math.atan2(right.y - left.y, right.x - left.x);
  const [cos, sin] = [Math.cos(roll), Math.sin(roll)];
  return {
    points: mesh.map((point) => {
      const [x, y] = [point.x - middle.x, point.y - middle.y];
      return { x: scale * (cos * x + sin * y), y: scale * (cos * y - sin * x), z: scale * (point.z - middle.z) };
    }),
    toPhoto: (x, y) => ({ x: middle.x + (cos * x - sin * y) / scale, y: middle.y + (sin * x + cos * y) / scale }),
  };
}

/** A grid over the face and its rim, at the mesh's depth. */
function headSheet(mesh: readonly MeshPoint[], toPhoto: (x: number, y: number) => Point): Surface {
  const oval = meshPoints(mesh, FACE_OUTLINES.oval);
  const [left, top] = [Math.min(...oval.map(({ x }) => x)), Math.min(...oval.map(({ y }) => y))];
  const [right, bottom] = [Math.max(...oval.map(({ x }) => x)), Math.max(...oval.map(({ y }) => y))];
  const columns = Math.ceil((right - left + 2 * RIM_MM.gone) / CELL_MM) + 1;
  const rows = Math.ceil((bottom - top + 2 * RIM_MM.gone) / CELL_MM) + 1;
  const points = new Float64Array(3 * rows * columns);
  const texture = new Float64Array(2 * rows * columns);
  const cover = new Float64Array(rows * columns);
  for (let i = 0; i < cover.length; i++) {
    const x = left - RIM_MM.gone + CELL_MM * (i % columns);
    const y = top - RIM_MM.gone + CELL_MM * Math.floor(i / columns);
    const edge = nearestOnOutline(oval, { x, y });
    const beyond = isInside(oval, { x, y }) ? 0 : edge.distance;
    // Behind its edge a head goes on as a ball does.
    const z = beyond === 0 ? depthAt(mesh, x, y) : edge.z + 0.5 * beyond + beyond ** 2 / 120;
    points.set([x, y, z], 3 * i);
    const seen = toPhoto(x, y);
    texture.set([seen.x, seen.y], 2 * i);
    cover[i] = smoothStep(RIM_MM.gone - beyond, 0, RIM_MM.gone - RIM_MM.solid);
  }
  return { columns, rows, points, texture, cover };
}

/** The mesh's depth at a place: of the plane that fits it best there. */
function depthAt(mesh: readonly MeshPoint[], x: number, y: number): number {
  let [w, wx, wy, wxx, wxy, wyy, wz, wxz, wyz] = [1e-9, 0, 0, 0, 0, 0, 0, 0, 0];
  for (const point of mesh) {
    const [px, py] = [point.x - x, point.y - y];
    const weight = Math.exp(-(px * px + py * py) / (2 * DEPTH_REACH_MM ** 2)) + 1e-7;
    w += weight;
    wx += weight * px;
    wy += weight * py;
    wxx += weight * px * px;
    wxy += weight * px * py;
    wyy += weight * py * py;
    wz += weight * point.z;
    wxz += weight * px * point.z;
    wyz += weight * py * point.z;
  }
  // The constant of the plane, by Cramer's rule.
  const [a, b, c] = [wxx * wyy - wxy * wxy, wxy * wy - wx * wyy, wx * wxy - wxx * wy];
  return (wz * a + wxz * b + wyz * c) / (w * a + wx * b + wy * c);
}

function isInside(outline: readonly Point[], { x, y }: Point): boolean {
  let inside = false;
  outline.forEach((from, i) => {
    const to = outline[(i + 1) % outline.length] as Point;
    if (from.y > y !== to.y > y && x < from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x)) inside = !inside;
  });
  return inside;
}

function nearestOnOutline(
  outline: readonly MeshPoint[],
  { x, y }: Point,
): { readonly distance: number; readonly z: number } {
  let best = { distance: Number.POSITIVE_INFINITY, z: 0 };
  outline.forEach((from, i) => {
    const to = outline[(i + 1) % outline.length] as MeshPoint;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const along = Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy)));
    const distance = Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
    if (distance < best.distance) best = { distance, z: from.z + along * (to.z - from.z) };
  });
  return best;
}
