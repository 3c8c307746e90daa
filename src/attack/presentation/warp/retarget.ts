import { fitSimilarity } from '../../../face/alignment.ts';
import type { Point } from '../../../face/face.ts';
import { EYES, LANDMARKS, type Landmarks68, MOUTH, openingOf } from '../../../face/landmarks68.ts';
import { ShapeError } from '../../../util/errors.ts';
import { MEAN_FACE } from './mean-face.ts';
import { createLids, IS_LID, scaleEyes } from './openings.ts';
import { anglesOf, fitPose, frontalPose, type Pose, rotationOf } from './pose.ts';
import { RIGID_POINTS } from './rigid-points.ts';
import type { Track } from './track.ts';

/**
 * How a driver's motion comes to the photo's face: `absolute` takes the driver's shape, laid on the photo once; `relative` adds the driver's motion since its reference frame, scaled by the
 * root of the ratio of the faces' areas (Siarohin et al., "First Order Motion Model for Image Animation", 2019, section 3.4); `lifted` turns the photo's own shape, lifted by the mean
 * face's depth, as the driver's head turns, and adds the driver's expression in the frame of the head.
 */
export const RETARGET_MODES = ['absolute', 'relative', 'lifted'] as const;

export type RetargetMode = (typeof RETARGET_MODES)[number];

/** Gives the landmarks that the photo's face is to have when the driver's are these; into `out`, nothing else is allocated. */
export type Retargeter = (driver: Landmarks68, out: Landmarks68) => void;

/** How far the photo's head may turn and move from where it is, past which a single photo shows what it does not hold: radians, and units of the mean face. */
const MOST = {
  pitch: 0.3,
  yaw: 0.42,
  roll: 0.3,
  shift: 0.25,
  scale: 0.1,
  expression: 0.35,
  point: 0.45,
  mouth: 0.2,
} as const;

/** Changes of an eye's opening up to this share are a landmark network's noise; it never opens further than the factor. */
const LIDS = { noise: 0.06, most: 1.2 } as const;

/** The head turns about this point of the mean face: between the ears, above the neck. */
const PIVOT = [0, 0.4, 0.7] as const;

/** Turned this far, the jaw's far edge is as near as the eyes. */
const FAR_JAW_RADIANS = 0.5;

/** How much of the expression each landmark takes: jaw beside the ears and the bridge of the nose only turn with the head, and lids are opened apart. */
const MOBILITY: readonly number[] = Array.from({ length: LANDMARKS }, (_, i) => {
  if (IS_LID[i]) return 0;
  if (i <= 16) return Math.max(0, 1 - Math.abs(i - 8) / 6);
  if (i >= 27 && i <= 30) return 0;
  if (i >= 31 && i <= 35) return 0.5;
  return i >= 36 && i <= 47 ? 0 : 1;
});

/**
 * Makes a retargeter.
 *
 * @param reference - the driver's landmarks while its face is as the photo's is: see {@link neutralFrame}.
 * @throws InputError where a face's landmarks lie on a line.
 */
export function createRetargeter(photo: Landmarks68, reference: Landmarks68, mode: RetargetMode): Retargeter {
  const move = { absolute: absoluteMove, relative: relativeMove, lifted: liftedMove }[mode](photo, reference);
  const opened = createEyes(reference);
  return (driver, out) => {
    move(driver, out);
    if (mode !== 'absolute') scaleEyes(out, opened(driver));
  };
}

/** The frame of a track in which the head looks as it mostly does, with the mouth nearly closed: what motion is best measured from. */
export function neutralFrame({ frames }: Track): Landmarks68 {
  const angles = new Float64Array(3);
  const rows = frames.map((frame) => {
    const pose = poseOfFace(frame);
    anglesOf(pose.rotation, angles);
    const [pitch, yaw] = angles as unknown as readonly [number, number, number];
    return { frame, pitch, yaw, mouth: openingOf(frame, MOUTH) / pose.scale };
  });
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  const pitch = middle(rows.map((row) => row.pitch));
  const yaw = middle(rows.map((row) => row.yaw));
  const cost = (row: (typeof rows)[number]): number =>
    Math.abs(row.pitch - pitch) + Math.abs(row.yaw - yaw) + 2 * Math.max(0, row.mouth);
  const [first, ...others] = rows;
  if (!first) throw new ShapeError('a track without frames');
  return others.reduce((best, row) => (cost(row) < cost(best) ? row : best), first).frame;
}

/** A move brings the driver's landmarks to the photo's face, lids and lips not yet held. */
type Move = (photo: Landmarks68, reference: Landmarks68) => Retargeter;

/** Which landmarks go with an opening mouth: the lips, and the jaw about the chin. */
const WITH_MOUTH: readonly boolean[] = MOBILITY.map((_, i) => i >= 48 || (i >= 3 && i <= 13));

/** The share of the driver's expression about the mouth that is taken: less where it opens further than a still photo's skin can. */
function createMouth(reference: Landmarks68): (driver: Landmarks68, scale: number) => number {
  const closed = openingOf(reference, MOUTH) / poseOfFace(reference).scale;
  return (driver, scale) => {
    const opened = openingOf(driver, MOUTH) / scale - closed;
    return opened > 1e-6 ? limited(opened, MOST.mouth) / opened : 1;
  };
}

const absoluteMove: Move = (photo, reference) => {
  const rigid = RIGID_POINTS.map(([i]) => i);
  const [a, b, c, d, e, f] = fitSimilarity(pointsOf(reference, rigid), pointsOf(photo, rigid));
  const most = MOST.point * poseOfFace(photo).scale;
  return (driver, out) => {
    for (let i = 0; i < out.length; i += 2) {
      const [x, y] = [driver[i] as number, driver[i + 1] as number];
      out[i] = limitedAbout(a * x + b * y + c, photo[i] as number, most);
      out[i + 1] = limitedAbout(d * x + e * y + f, photo[i + 1] as number, most);
    }
  };
};

const relativeMove: Move = (photo, reference) => {
  const factor = Math.sqrt(areaOf(photo) / areaOf(reference));
  const { scale: unit, rotation } = poseOfFace(photo);
  const near = photo.map((_, i) => (i % 2 === 0 ? 1 - farShare(rotation, i >> 1) : 1));
  const shift = [0, 0];
  const mouth = createMouth(reference);
  const layLids = createLids(photo);
  const start = poseOfFace(reference);
  const pose = frontalPose();
  return (driver, out) => {
    fitPose(driver, pose);
    const share = mouth(driver, pose.scale);
    for (let axis = 0; axis < 2; axis++) {
      let sum = 0;
      for (const [i] of RIGID_POINTS) sum += (driver[2 * i + axis] as number) - (reference[2 * i + axis] as number);
      shift[axis] = sum / RIGID_POINTS.length;
    }
    for (let i = 0; i < out.length; i++) {
      const whole = shift[i % 2] as number;
      const own = (driver[i] as number) - (reference[i] as number) - whole;
      const moved =
        limited(factor * whole, MOST.shift * unit) +
        limited(factor * own * (near[i] as number) * (WITH_MOUTH[i >> 1] ? share : 1), MOST.point * unit);
      out[i] = (photo[i] as number) + moved;
    }
    // The driver's lids by themselves are mostly a landmark network's noise.
    layLids(out, 1 + limited(pose.scale / start.scale - 1, MOST.scale));
  };
};

const liftedMove: Move = (photo, reference) => {
  const [seen, start, now] = [poseOfFace(photo), poseOfFace(reference), frontalPose()];
  const shape = lift(photo, seen, new Float64Array(3 * LANDMARKS));
  flattenFarJaw(shape, seen.rotation);
  const neutral = lift(reference, start, new Float64Array(3 * LANDMARKS));
  const current = new Float64Array(3 * LANDMARKS);
  const [angles, turn, rotation, turned] = [3, 9, 9, 9].map((size) => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const point = new Float64Array(3);
  const mouth = createMouth(reference);
  const pivotAt = (pose: Pose, axis: number): number =>
    pose.scale * rowTimes(pose.rotation, axis, PIVOT) + (axis === 0 ? pose.x : pose.y);
  return (driver, out) => {
    fitPose(driver, now);
    const share = mouth(driver, now.scale);
    lift(driver, now, current);
    // Turned since the reference, as the camera sees it: now = turn * start.
    timesTransposed(now.rotation, start.rotation, turn);
    anglesOf(turn, angles);
    const [pitch, yaw, roll] = [angles[0] as number, angles[1] as number, angles[2] as number];
    rotationOf(limited(pitch, MOST.pitch), limited(yaw, MOST.yaw), limited(roll, MOST.roll), rotation);
    times(rotation, seen.rotation, turned);
    const scale = seen.scale * (1 + limited(now.scale / start.scale - 1, MOST.scale));
    const toPhoto = 1 / start.scale;
    const x = pivotAt(seen, 0) + seen.scale * limited((pivotAt(now, 0) - pivotAt(start, 0)) * toPhoto, MOST.shift);
    const y = pivotAt(seen, 1) + seen.scale * limited((pivotAt(now, 1) - pivotAt(start, 1)) * toPhoto, MOST.shift);
    for (let i = 0; i < LANDMARKS; i++) {
      const mobility = (MOBILITY[i] as number) * (WITH_MOUTH[i] ? share : 1);
      for (let axis = 0; axis < 3; axis++) {
        const k = 3 * i + axis;
        const expression = axis < 2 ? (current[k] as number) - (neutral[k] as number) : 0;
        const taken = mobility * limited(expression, MOST.expression);
        point[axis] = (shape[k] as number) + taken - (PIVOT[axis] as number);
      }
      out[2 * i] = x + scale * rowTimes(turned, 0, point);
      out[2 * i + 1] = y + scale * rowTimes(turned, 1, point);
    }
  };
};

/** By how much the driver's eyes are further open than in its reference, left and right; noise is left out. The two factors are overwritten at each call. */
function createEyes(reference: Landmarks68): (driver: Landmarks68) => readonly [number, number] {
  const pose = poseOfFace(reference);
  const [left, right] = EYES.map((eye) => Math.max(1e-6, openingOf(reference, eye) / pose.scale)) as [number, number];
  const factors: [number, number] = [1, 1];
  const factor = (opening: number): number => {
    const change = opening - 1;
    const beyond =
      Math.sign(change) * Math.max(0, Math.abs(change) - LIDS.noise) * (change < 0 ? 1 / (1 - LIDS.noise) : 1);
    return Math.min(LIDS.most, Math.max(0, 1 + beyond));
  };
  return (driver) => {
    fitPose(driver, pose);
    factors[0] = factor(openingOf(driver, EYES[0]) / pose.scale / left);
    factors[1] = factor(openingOf(driver, EYES[1]) / pose.scale / right);
    return factors;
  };
}

/** The shape of a face in the frame of its head, with the mean face's depth; three numbers a landmark. */
function lift(points: Landmarks68, { rotation, scale, x, y }: Pose, out: Float64Array): Float64Array {
  for (let i = 0; i < LANDMARKS; i++) {
    const u = ((points[2 * i] as number) - x) / scale;
    const v = ((points[2 * i + 1] as number) - y) / scale;
    let depth = 0;
    for (let axis = 0; axis < 3; axis++) depth += (rotation[6 + axis] as number) * (MEAN_FACE[3 * i + axis] as number);
    for (let axis = 0; axis < 3; axis++) {
      out[3 * i + axis] =
        (rotation[axis] as number) * u + (rotation[3 + axis] as number) * v + (rotation[6 + axis] as number) * depth;
    }
  }
  return out;
}

/**
 * Brings the hidden side's jaw of a turned face nearer to the camera (in place): its landmarks lie where the cheek ends for the camera, in front of the ear, and are not to swing out with an
 * ear's depth.
 */
function flattenFarJaw(shape: Float64Array, rotation: Float64Array): void {
  for (let i = 0; i <= 16; i++) {
    const lost = farShare(rotation, i);
    const depth = rowTimes(rotation, 2, shape.subarray(3 * i, 3 * i + 3));
    for (let axis = 0; axis < 3; axis++) {
      const k = 3 * i + axis;
      shape[k] = (shape[k] as number) - lost * depth * (rotation[6 + axis] as number);
    }
  }
}

/** How far a landmark of the jaw is on the side that a turned face hides, 0..1. */
function farShare(rotation: Float64Array, i: number): number {
  const yaw = Math.asin(Math.max(-1, Math.min(1, rotation[6] as number)));
  const isFar = yaw > 0 ? i > 8 : i < 8;
  return isFar && i <= 16 ? Math.min(1, Math.abs(yaw) / FAR_JAW_RADIANS) : 0;
}

function poseOfFace(points: Landmarks68): Pose {
  const pose = frontalPose();
  fitPose(points, pose);
  return pose;
}

/** Passes small values as they are and never passes `most`. */
const limited = (value: number, most: number): number => most * Math.tanh(value / most);

const limitedAbout = (value: number, centre: number, most: number): number => centre + limited(value - centre, most);

const rowTimes = (matrix: Float64Array, row: number, point: ArrayLike<number>): number =>
  (matrix[3 * row] as number) * (point[0] as number) +
  (matrix[3 * row + 1] as number) * (point[1] as number) +
  (matrix[3 * row + 2] as number) * (point[2] as number);

function times(a: Float64Array, b: Float64Array, out: Float64Array): void {
  for (let row = 0; row < 3; row++)
    for (let column = 0; column < 3; column++) {
      let sum = 0;
      for (let k = 0; k < 3; k++) sum += (a[3 * row + k] as number) * (b[3 * k + column] as number);
      out[3 * row + column] = sum;
    }
}

function timesTransposed(a: Float64Array, b: Float64Array, out: Float64Array): void {
  for (let row = 0; row < 3; row++)
    for (let column = 0; column < 3; column++) {
      let sum = 0;
      for (let k = 0; k < 3; k++) sum += (a[3 * row + k] as number) * (b[3 * column + k] as number);
      out[3 * row + column] = sum;
    }
}

const pointsOf = (points: Landmarks68, indices: readonly number[]): Point[] =>
  indices.map((i) => ({ x: points[2 * i] as number, y: points[2 * i + 1] as number }));

/** Area of the face from the jaw to the brows, in square pixels. */
function areaOf(points: Landmarks68): number {
  const corners = Array.from({ length: 27 }, (_, i) => (i < 17 ? i : 43 - i));
  let sum = 0;
  corners.forEach((i, k) => {
    const j = corners[(k + 1) % corners.length] as number;
    sum += (points[2 * i] as number) * (points[2 * j + 1] as number);
    sum -= (points[2 * j] as number) * (points[2 * i + 1] as number);
  });
  return Math.abs(sum) / 2;
}
