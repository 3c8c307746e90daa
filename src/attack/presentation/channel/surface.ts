import type { HeldPose } from './hold.ts';
import type { FrameSize } from './light.ts';

/** Which place of an instrument each pixel of a frame sees. */
export interface SurfaceView {
  /** Millimetres along the surface from its middle, to the right and down, of each pixel; NaN where the pixel looks past it. On a bent sheet the length of the arc. */
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** Of the instrument that a pixel in the frame's middle sees. */
  mmPerPx: number;
}

/** A pinhole: pixels of focal length; it looks along z through the middle of the frame. */
export interface Lens extends FrameSize {
  readonly focalPx: number;
}

/** The lens of a frame with this horizontal angle of view. */
export const lensOf = ({ widthPx, heightPx }: FrameSize, viewAngleDegrees: number): Lens => ({
  widthPx,
  heightPx,
  focalPx: widthPx / 2 / Math.tan((viewAngleDegrees * Math.PI) / 360),
});

/** A view of nothing, to be written by {@link writeSurface}. */
export const emptyView = ({ widthPx, heightPx }: FrameSize): SurfaceView => ({
  u: new Float32Array(widthPx * heightPx),
  v: new Float32Array(widthPx * heightPx),
  mmPerPx: 0,
});

/**
 * Writes what each pixel sees of a sheet: a flat one by its exact homography, one that is bent about an upright axis behind it by the nearer of the points where the ray meets the cylinder.
 * About 1 ms for 256x256 px, 3 ms where it is bent. Pixel centres lie at whole numbers.
 *
 * @param bendPerMm - one over the cylinder's radius; 0 is flat.
 */
export function writeSurface(view: SurfaceView, lens: Lens, pose: HeldPose, bendPerMm: number): void {
  const { rotation: r, x: tx, y: ty, z: tz } = pose;
  const at = (i: number): number => r[i] as number;
  // The camera's place and the ray of the upper left pixel, with its changes along the frame, in the frame of the sheet: R^T.
  const origin = axis(at, -tx, -ty, -tz);
  const step = 1 / lens.focalPx;
  const [right, down] = [axis(at, step, 0, 0), axis(at, 0, step, 0)];
  const [left, top] = [(1 - lens.widthPx) / 2, (1 - lens.heightPx) / 2];
  const corner = axis(at, left * step, top * step, 1);
  const rays = { origin, corner, right, down };
  if (bendPerMm > 0) writeCylinder(view, lens, rays, 1 / bendPerMm);
  else writePlane(view, lens, rays);
  view.mmPerPx = tz / lens.focalPx;
}

type Vector = readonly [number, number, number];

interface Rays {
  readonly origin: Vector;
  readonly corner: Vector;
  readonly right: Vector;
  readonly down: Vector;
}

/** R^T (x, y, z). */
const axis = (r: (i: number) => number, x: number, y: number, z: number): Vector => [
  r(0) * x + r(3) * y + r(6) * z,
  r(1) * x + r(4) * y + r(7) * z,
  r(2) * x + r(5) * y + r(8) * z,
];

function writePlane({ u, v }: SurfaceView, lens: Lens, { origin, corner, right, down }: Rays): void {
  const [ox, oy, oz] = origin;
  for (let y = 0, i = 0; y < lens.heightPx; y++) {
    let dx = corner[0] + y * down[0];
    let dy = corner[1] + y * down[1];
    let dz = corner[2] + y * down[2];
    for (let x = 0; x < lens.widthPx; x++, i++) {
      const along = -oz / dz;
      u[i] = along > 0 ? ox + along * dx : Number.NaN;
      v[i] = oy + along * dy;
      dx += right[0];
      dy += right[1];
      dz += right[2];
    }
  }
}

function writeCylinder(
  { u, v }: SurfaceView,
  lens: Lens,
  { origin, corner, right, down }: Rays,
  radiusMm: number,
): void {
  const [ox, oy] = origin;
  const oz = origin[2] - radiusMm;
  const c = ox * ox + oz * oz - radiusMm * radiusMm;
  for (let y = 0, i = 0; y < lens.heightPx; y++) {
    let dx = corner[0] + y * down[0];
    let dy = corner[1] + y * down[1];
    let dz = corner[2] + y * down[2];
    for (let x = 0; x < lens.widthPx; x++, i++) {
      const a = dx * dx + dz * dz;
      const b = ox * dx + oz * dz;
      const along = (-b - Math.sqrt(b * b - a * c)) / a;
      // A ray that passes the cylinder has no root: NaN.
      u[i] = radiusMm * Math.atan2(ox + along * dx, -oz - along * dz);
      v[i] = oy + along * dy;
      dx += right[0];
      dy += right[1];
      dz += right[2];
    }
  }
}
