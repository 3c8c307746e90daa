import { InputError } from '../../../util/errors.ts';
import { MEAN_FACE } from './mean-face.ts';
import { fitLinear, LINEAR_PARTS, RIGID_POINTS } from './rigid-points.ts';

/** How the mean face lies in a picture under scaled orthographic projection: a point X of it is seen at the first two coordinates of scale * (R X) + (x, y). */
export interface Pose {
  /** Rows of R, a rotation: nine numbers. */
  readonly rotation: Float64Array;
  /** Pixels for a unit of the mean face. */
  scale: number;
  /** Where the mean face's origin, between the eyes, is seen. */
  x: number;
  y: number;
}

const TOTAL_WEIGHT = RIGID_POINTS.reduce((sum, [, weight]) => sum + weight, 0);

/** The middle of the rigid points of the mean face. */
const CENTRE = [0, 1, 2].map(
  (axis) =>
    RIGID_POINTS.reduce((sum, [i, weight]) => sum + weight * (MEAN_FACE[3 * i + axis] as number), 0) / TOTAL_WEIGHT,
);

const ROWS = [new Float64Array(LINEAR_PARTS), new Float64Array(LINEAR_PARTS)] as const;

/** A head that looks at the camera, at the origin, one pixel to a unit. */
export const frontalPose = (): Pose => ({ rotation: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), scale: 1, x: 0, y: 0 });

/**
 * Fits the mean face to landmarks: an affine camera by regression on the points that expression hardly moves, then the rotation next to it.
 *
 * @param pose - is overwritten; nothing is allocated.
 * @throws InputError where the landmarks lie on a line.
 */
export function fitPose(points: Float64Array, pose: Pose): void {
  const [a, b] = ROWS;
  fitLinear(points, 0, a);
  fitLinear(points, 1, b);
  // Where the camera sees the middle; the rotation below is to leave that in place.
  const [middleX, middleY] = [seen(a, 1, CENTRE) + (a[0] as number), seen(b, 1, CENTRE) + (b[0] as number)];
  const [lengthA, lengthB] = [norm(a), norm(b)];
  const r = pose.rotation;
  // Both rows are turned by equal angles until they are at right angles: their sum and difference already are.
  let [sums, differences] = [0, 0];
  for (let i = 0; i < 3; i++) {
    const [p, q] = [(a[i + 1] as number) / lengthA, (b[i + 1] as number) / lengthB];
    r[i] = p + q;
    r[i + 3] = p - q;
    sums += 2 * (p + q) * (p + q);
    differences += 2 * (p - q) * (p - q);
  }
  if (!(sums > 1e-9 && differences > 1e-9)) {
    throw new InputError('the landmarks of a face lie on a line', {
      hint: 'the face may be too small, or seen from its side',
    });
  }
  for (let i = 0; i < 3; i++) {
    const [s, d] = [(r[i] as number) / Math.sqrt(sums), (r[i + 3] as number) / Math.sqrt(differences)];
    r[i] = s + d;
    r[i + 3] = s - d;
  }
  for (let i = 0; i < 3; i++) {
    const [j, k] = [(i + 1) % 3, (i + 2) % 3];
    r[i + 6] = (r[j] as number) * (r[k + 3] as number) - (r[k] as number) * (r[j + 3] as number);
  }
  pose.scale = (lengthA + lengthB) / 2;
  pose.x = middleX - pose.scale * seen(r, 0, CENTRE);
  pose.y = middleY - pose.scale * seen(r, 3, CENTRE);
}

/** The rotation by pitch (positive: looks down), then yaw (positive: looks to the right of the picture), then roll (positive: clockwise); radians. */
export function rotationOf(pitch: number, yaw: number, roll: number, out: Float64Array): void {
  const [cp, sp] = [Math.cos(pitch), Math.sin(pitch)];
  const [cy, sy] = [Math.cos(yaw), Math.sin(yaw)];
  const [cr, sr] = [Math.cos(roll), Math.sin(roll)];
  // Roll * Yaw * Pitch; z points away from the camera, so that a nose (z < 0) goes right by a positive yaw.
  const [yx, yz] = [sy * sp, sy * cp];
  out[0] = cr * cy;
  out[1] = -sr * cp - cr * yx;
  out[2] = sr * sp - cr * yz;
  out[3] = sr * cy;
  out[4] = cr * cp - sr * yx;
  out[5] = -cr * sp - sr * yz;
  out[6] = sy;
  out[7] = cy * sp;
  out[8] = cy * cp;
}

/** Pitch, yaw and roll of a rotation, the inverse of {@link rotationOf}; into `out`, radians. */
export function anglesOf(rotation: Float64Array, out: Float64Array): void {
  const [r0, r3, r6, r7, r8] = [0, 3, 6, 7, 8].map((i) => rotation[i] as number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  out[0] = Math.atan2(r7, r8);
  out[1] = Math.asin(Math.max(-1, Math.min(1, r6)));
  out[2] = Math.atan2(r3, r0);
}

const norm = (row: Float64Array): number => Math.sqrt(row.reduce((sum, x, i) => sum + (i > 0 ? x * x : 0), 0));

const seen = (row: Float64Array, start: number, point: readonly number[]): number =>
  (row[start] as number) * (point[0] as number) +
  (row[start + 1] as number) * (point[1] as number) +
  (row[start + 2] as number) * (point[2] as number);
