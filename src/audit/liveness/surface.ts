import type { Image } from '../../image/image.ts';

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
  const { yawRadians = 0, pitchRadians = 0, rollRadians = 0, shiftMm = [0, 0, 0] } = pose;
  const [sy, cy, sp, cp, sr, cr] = [yawRadians, pitchRadians, rollRadians].flatMap((angle) => [
    Math.sin(angle),
    Math.cos(angle),
  ]) as [number, number, number, number, number, number];
  const focal = camera.pixelsPerMm * camera.distanceMm;
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    const x = (points[i] as number) - pivotMm[0];
    const y = (points[i + 1] as number) - pivotMm[1];
    const z = (points[i + 2] as number) - pivotMm[2];
    // z points away from the camera, so that the front has z < 0.
    const [x1, z1] = [cy * x - sy * z, sy * x + cy * z];
    const [y2, z2] = [cp * y - sp * z1, sp * y + cp * z1];
    const [x3, y3] = [cr * x1 - sr * y2, sr * x1 + cr * y2];
    const depth = camera.distanceMm + z2 + pivotMm[2] + shiftMm[2];
    out[i] = (camera.widthPx - 1) / 2 + (focal * (x3 + pivotMm[0] + shiftMm[0])) / depth;
    out[i + 1] = (camera.heightPx - 1) / 2 + (focal * (y3 + pivotMm[1] + shiftMm[1])) / depth;
    out[i + 2] = depth;
  }
  return out;
}

/**
 * Draws a surface before a background, nearest first, with bilinear texture and without light: brightness is the texture's, however the surface is turned.
 *
 * @param seen - [rows, columns, 3] of {@link seenPoints}.
 * @param background - of the camera's size.
 */
export function drawSurface(surface: Surface, seen: Float64Array, texture: Image, background: Image): Image {
  const { widthPx, heightPx } = background;
  const canvas: Canvas = {
    widthPx,
    heightPx,
    nearness: new Float64Array(widthPx * heightPx),
    texture: new Float64Array(2 * widthPx * heightPx),
    cover: new Float64Array(widthPx * heightPx),
  };
  const { columns, rows } = surface;
  for (let row = 0; row + 1 < rows; row++)
    for (let column = 0; column + 1 < columns; column++) {
      const a = row * columns + column;
      const [b, c, d] = [a + 1, a + columns, a + columns + 1];
      drawTriangle(canvas, surface, seen, a, b, c);
      drawTriangle(canvas, surface, seen, b, d, c);
    }
  return shaded(canvas, texture, background);
}

/** What is seen at each pixel; nearness 0 is nothing. */
interface Canvas {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly nearness: Float64Array;
  readonly texture: Float64Array;
  readonly cover: Float64Array;
}

function drawTriangle(canvas: Canvas, surface: Surface, seen: Float64Array, a: number, b: number, c: number): void {
  const at = (i: number): number => seen[i] as number;
  const [ax, ay, na] = [at(3 * a), at(3 * a + 1), 1 / at(3 * a + 2)];
  const [bx, by, nb] = [at(3 * b), at(3 * b + 1), 1 / at(3 * b + 2)];
  const [cx, cy, nc] = [at(3 * c), at(3 * c + 1), 1 / at(3 * c + 2)];
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  // The back of a surface is not drawn: of a head it would be the inside.
  if (!(area > 1e-9)) return;
  const { texture, cover } = surface;
  const [left, right] = [
    Math.max(0, Math.ceil(Math.min(ax, bx, cx))),
    Math.min(canvas.widthPx - 1, Math.max(ax, bx, cx)),
  ];
  const [top, bottom] = [
    Math.max(0, Math.ceil(Math.min(ay, by, cy))),
    Math.min(canvas.heightPx - 1, Math.max(ay, by, cy)),
  ];
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const wb = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area;
      const wc = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area;
      const wa = 1 - wb - wc;
      if (wa < -1e-9 || wb < -1e-9 || wc < -1e-9) continue;
      const nearness = wa * na + wb * nb + wc * nc;
      const to = y * canvas.widthPx + x;
      if (nearness <= (canvas.nearness[to] as number)) continue;
      // In perspective it is value over depth that is linear in the picture.
      const [pa, pb, pc] = [(wa * na) / nearness, (wb * nb) / nearness, (wc * nc) / nearness];
      canvas.nearness[to] = nearness;
      for (let k = 0; k < 2; k++)
        canvas.texture[2 * to + k] =
          pa * (texture[2 * a + k] as number) +
          pb * (texture[2 * b + k] as number) +
          pc * (texture[2 * c + k] as number);
      canvas.cover[to] = pa * (cover[a] as number) + pb * (cover[b] as number) + pc * (cover[c] as number);
    }
}

function shaded(canvas: Canvas, { widthPx, heightPx, data }: Image, background: Image): Image {
  const out = background.data.slice();
  for (let at = 0; at < canvas.nearness.length; at++) {
    const cover = canvas.cover[at] as number;
    if (cover === 0) continue;
    const x = Math.min(widthPx - 1.001, Math.max(0, canvas.texture[2 * at] as number));
    const y = Math.min(heightPx - 1.001, Math.max(0, canvas.texture[2 * at + 1] as number));
    const [ix, iy] = [x | 0, y | 0];
    const [fx, fy] = [x - ix, y - iy];
    const p = 3 * (iy * widthPx + ix);
    const q = p + 3 * widthPx;
    for (let k = 0; k < 3; k++) {
      const upper = (1 - fx) * (data[p + k] as number) + fx * (data[p + 3 + k] as number);
      const lower = (1 - fx) * (data[q + k] as number) + fx * (data[q + 3 + k] as number);
      const colour = (1 - fy) * upper + fy * lower;
      out[3 * at + k] = cover * colour + (1 - cover) * (out[3 * at + k] as number) + 0.5;
    }
  }
  return { ...background, data: out };
}
