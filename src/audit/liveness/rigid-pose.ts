/** How a thing is turned and where it is. Positive yaw takes its front to the picture's right, positive pitch down, positive roll clockwise. */
export interface RigidPose {
  readonly yawRadians?: number;
  readonly pitchRadians?: number;
  readonly rollRadians?: number;
  /** Millimetres; default none. */
  readonly shiftMm?: readonly [x: number, y: number, z: number];
}

/** A pinhole camera that looks at the origin. */
export interface PinholeCamera {
  readonly widthPx: number;
  readonly heightPx: number;
  /** From the camera to the origin. */
  readonly distanceMm: number;
  /** Pixels for a millimetre at that distance. */
  readonly pixelsPerMm: number;
}

/** Points [N,3] that are turned about a pivot (yaw and pitch, then roll), shifted, and seen by the camera: [N,3], x and y in pixels, and the distance along the camera's axis in millimetres. */
export function seenPoints(
  points: Float64Array,
  pose: RigidPose,
  camera: PinholeCamera,
  pivotMm: readonly [number, number, number] = [0, 0, 0],
): Float64Array {
  const { shiftMm = [0, 0, 0] } = pose;
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = rotationOfPose(pose);
  const focal = camera.pixelsPerMm * camera.distanceMm;
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    const x = (points[i] as number) - pivotMm[0];
    const y = (points[i + 1] as number) - pivotMm[1];
    const z = (points[i + 2] as number) - pivotMm[2];
    const depth = camera.distanceMm + zx * x + zy * y + zz * z + pivotMm[2] + shiftMm[2];
    out[i] = (camera.widthPx - 1) / 2 + (focal * (xx * x + xy * y + xz * z + pivotMm[0] + shiftMm[0])) / depth;
    out[i + 1] = (camera.heightPx - 1) / 2 + (focal * (yx * x + yy * y + yz * z + pivotMm[1] + shiftMm[1])) / depth;
    out[i + 2] = depth;
  }
  return out;
}

/** A 3x3 matrix, row by row. */
export type Rotation = readonly [number, number, number, number, number, number, number, number, number];

/** The rotation of a pose: yaw, then pitch, then roll. */
export function rotationOfPose({ yawRadians = 0, pitchRadians = 0, rollRadians = 0 }: RigidPose): Rotation {
  const [sy, cy] = [Math.sin(yawRadians), Math.cos(yawRadians)];
  const [sp, cp] = [Math.sin(pitchRadians), Math.cos(pitchRadians)];
  const [sr, cr] = [Math.sin(rollRadians), Math.cos(rollRadians)];
  // z points away from the camera, so that the front has z < 0.
  return [
    cr * cy + sr * sp * sy,
    -sr * cp,
    sr * sp * cy - cr * sy,
    sr * cy - cr * sp * sy,
    cr * cp,
    -sr * sy - cr * sp * cy,
    cp * sy,
    sp,
    cp * cy,
  ];
}
