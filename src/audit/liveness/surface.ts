import type { Image } from '../../image/image.ts';
import { byteOfLinear, LINEAR_OF_BYTE } from '../../image/srgb.ts';

/** A textured surface: a grid of points, two triangles a cell. */
export interface Surface {
  readonly columns: number;
  readonly rows: number;
  /** [rows, columns, 3]: millimetres; x to the picture's right, y down, z away from the camera. */
  readonly points: Float64Array;
  /** [rows, columns, 2]: pixels of the texture. */
  readonly texture: Float64Array;
  /** [rows, columns]: how much of the background it covers there, 0..1. */
  readonly cover: Float64Array;
}

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
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = rotationOfPose(pose) as unknown as NineNumbers;
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

type NineNumbers = readonly [number, number, number, number, number, number, number, number, number];

/** Rows of the rotation of a pose: yaw, then pitch, then roll. */
export function rotationOfPose({ yawRadians = 0, pitchRadians = 0, rollRadians = 0 }: RigidPose): Float64Array {
  const [sy, cy, sp, cp, sr, cr] = [yawRadians, pitchRadians, rollRadians].flatMap((angle) => [
    Math.sin(angle),
    Math.cos(angle),
  ]) as [number, number, number, number, number, number];
  // z points away from the camera, so that the front has z < 0.
  return Float64Array.of(
    ...[cr * cy + sr * sp * sy, -sr * cp, sr * sp * cy - cr * sy],
    ...[sr * cy - cr * sp * sy, cr * cp, -sr * sy - cr * sp * cy],
    ...[cp * sy, sp, cp * cy],
  );
}

/**
 * Draws a surface before a background, nearest first, with bilinear texture.
 *
 * @param seen - [rows, columns, 3] of {@link seenPoints}.
 * @param background - of the camera's size.
 * @param light - [rows, columns, 3]: factors of the texture's light. Default: brightness is the texture's, however the surface is turned.
 */
export function drawSurface(
  surface: Surface,
  seen: Float64Array,
  texture: Image,
  background: Image,
  light?: Float32Array,
): Image {
  const nearness = new Float64Array(background.widthPx * background.heightPx);
  const out = { ...background, data: background.data.slice() };
  const drawing: Drawing = { surface, seen, texture, background, light, nearness, out };
  const { columns, rows } = surface;
  for (let row = 0; row + 1 < rows; row++)
    for (let column = 0; column + 1 < columns; column++) {
      const a = row * columns + column;
      drawTriangle(drawing, a, a + 1, a + columns);
      drawTriangle(drawing, a + 1, a + columns + 1, a + columns);
    }
  return out;
}

interface Drawing {
  readonly surface: Surface;
  readonly seen: Float64Array;
  readonly texture: Image;
  readonly background: Image;
  readonly light: Float32Array | undefined;
  /** One over the distance of what is drawn at each pixel; 0 where nothing is. */
  readonly nearness: Float64Array;
  readonly out: Image;
}

// Numbers of the loops over pixels are not taken out of arrays: the engine would make an object of each.
function drawTriangle(drawing: Drawing, a: number, b: number, c: number): void {
  const { surface, seen, nearness, out } = drawing;
  const { cover } = surface;
  if (cover[a] === 0 && cover[b] === 0 && cover[c] === 0) return;
  const ax = seen[3 * a] as number;
  const ay = seen[3 * a + 1] as number;
  const bx = seen[3 * b] as number;
  const by = seen[3 * b + 1] as number;
  const cx = seen[3 * c] as number;
  const cy = seen[3 * c + 1] as number;
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  // The back of a surface is not drawn: of a head it would be the inside.
  if (!(area > 1e-9)) return;
  const perArea = 1 / area;
  const na = 1 / (seen[3 * a + 2] as number);
  const nb = 1 / (seen[3 * b + 2] as number);
  const nc = 1 / (seen[3 * c + 2] as number);
  const left = Math.max(0, Math.ceil(Math.min(ax, bx, cx)));
  const right = Math.min(out.widthPx - 1, Math.max(ax, bx, cx));
  const top = Math.max(0, Math.ceil(Math.min(ay, by, cy)));
  const bottom = Math.min(out.heightPx - 1, Math.max(ay, by, cy));
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const wb = perArea * ((x - ax) * (cy - ay) - (y - ay) * (cx - ax));
      const wc = perArea * ((bx - ax) * (y - ay) - (by - ay) * (x - ax));
      const wa = 1 - wb - wc;
      if (wa < -1e-9 || wb < -1e-9 || wc < -1e-9) continue;
      const near = wa * na + wb * nb + wc * nc;
      const at = y * out.widthPx + x;
      if (near <= (nearness[at] as number)) continue;
      nearness[at] = near;
      // In perspective it is value over depth that is linear in the picture.
      const depth = 1 / near;
      paint(drawing, at, a, wa * na * depth, b, wb * nb * depth, c, wc * nc * depth);
    }
}

/** Paints a pixel over the background with the texture and the light between three points, by their shares. */
function paint(
  { surface, texture: { widthPx, heightPx, data }, background, light, out }: Drawing,
  at: number,
  a: number,
  shareA: number,
  b: number,
  shareB: number,
  c: number,
  shareC: number,
): void {
  const { texture, cover } = surface;
  const between = (ofA: number, ofB: number, ofC: number): number => shareA * ofA + shareB * ofB + shareC * ofC;
  const u = between(texture[2 * a] as number, texture[2 * b] as number, texture[2 * c] as number);
  const v = between(texture[2 * a + 1] as number, texture[2 * b + 1] as number, texture[2 * c + 1] as number);
  const covered = between(cover[a] as number, cover[b] as number, cover[c] as number);
  const x = Math.min(widthPx - 1.001, Math.max(0, u));
  const y = Math.min(heightPx - 1.001, Math.max(0, v));
  const ix = x | 0;
  const iy = y | 0;
  const fx = x - ix;
  const fy = y - iy;
  const p = 3 * (iy * widthPx + ix);
  const q = p + 3 * widthPx;
  for (let k = 0; k < 3; k++) {
    const upper = (1 - fx) * (data[p + k] as number) + fx * (data[p + 3 + k] as number);
    const lower = (1 - fx) * (data[q + k] as number) + fx * (data[q + 3 + k] as number);
    const texel = (1 - fy) * upper + fy * lower;
    const lit = light ? between(light[3 * a + k] as number, light[3 * b + k] as number, light[3 * c + k] as number) : 1;
    const colour = light ? byteOfLinear((LINEAR_OF_BYTE[(texel + 0.5) | 0] as number) * lit) : texel;
    out.data[3 * at + k] = covered * colour + (1 - covered) * (background.data[3 * at + k] as number) + 0.5;
  }
}
