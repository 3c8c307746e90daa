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

/**
 * Draws a surface before a background, nearest first, with bilinear texture.
 *
 * @param seen - [rows, columns, 3] of `seenPoints`.
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
