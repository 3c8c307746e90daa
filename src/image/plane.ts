/** A point; x to the right, y downwards, pixel centres at whole numbers. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** One channel of a picture: widthPx * heightPx numbers, rows from the top. */
export interface Plane {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Float32Array;
}

/** A plane of zeros. */
export const emptyPlane = (widthPx: number, heightPx: number): Plane => ({
  widthPx,
  heightPx,
  data: new Float32Array(widthPx * heightPx),
});

/** A plane made of two of the same size, number by number. */
export function combinePlanes(combine: (first: number, second: number) => number, first: Plane, second: Plane): Plane {
  const data = new Float32Array(first.data.length);
  for (let i = 0; i < data.length; i++) data[i] = combine(first.data[i] as number, second.data[i] as number);
  return { ...first, data };
}

/** The product of two planes of the same size; most masks are made of these. */
export function multiplyPlanes(first: Plane, second: Plane): Plane {
  const data = new Float32Array(first.data.length);
  for (let i = 0; i < data.length; i++) data[i] = (first.data[i] as number) * (second.data[i] as number);
  return { ...first, data };
}

/** The mean over squares of side 2 * radiusPx + 1; beyond the edge nothing counts. The cost does not depend on the radius. */
export function boxMean(plane: Plane, radiusPx: number): Plane {
  if (radiusPx < 1) return plane;
  const out = emptyPlane(plane.widthPx, plane.heightPx);
  writeBoxMean(plane, radiusPx, new Float32Array(plane.data.length), out.data);
  return out;
}

/** Smooths by three box means, which is close to a Gaussian of this deviation. */
export function smoothPlane(plane: Plane, deviationPx: number): Plane {
  // Three boxes of side s have the variance (s^2 - 1) / 4; the radii are the whole ones about the one that is sought.
  const soughtPx = (Math.sqrt(4 * deviationPx ** 2 + 1) - 1) / 2;
  const radiiPx = [1 / 6, 3 / 6, 5 / 6].map((more) => Math.floor(soughtPx + more)).filter((radius) => radius > 0);
  if (radiiPx.length === 0) return plane;
  const out = emptyPlane(plane.widthPx, plane.heightPx);
  const scratch = new Float32Array(plane.data.length);
  writeBoxMean(plane, radiiPx[0] as number, scratch, out.data);
  for (const radius of radiiPx.slice(1)) writeBoxMean(out, radius, scratch, out.data);
  return out;
}

/** Scanlines for each row of pixels: how finely an outline's upper and lower edges are seen. */
const SCANLINES = 4;

/** The share of each pixel that is inside closed outlines, 0..1: of each by the even-odd rule, together at most 1. */
export function polygonMask(
  outlines: readonly (readonly Point[])[],
  size: { readonly widthPx: number; readonly heightPx: number },
): Plane {
  const plane = emptyPlane(size.widthPx, size.heightPx);
  for (const corners of outlines) addPolygon(plane, corners);
  for (let i = 0; i < plane.data.length; i++) if ((plane.data[i] as number) > 1) plane.data[i] = 1;
  return plane;
}

function addPolygon(plane: Plane, corners: readonly Point[]): void {
  const heights = corners.map(({ y }) => y);
  const first = Math.max(0, Math.floor(Math.min(...heights)));
  const last = Math.min(plane.heightPx - 1, Math.ceil(Math.max(...heights)));
  for (let row = first; row <= last; row++) {
    for (let line = 0; line < SCANLINES; line++) {
      const y = row - 0.5 + (line + 0.5) / SCANLINES;
      const crossings = crossingsOf(corners, y);
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        addSpan(plane, row, crossings[k] as number, crossings[k + 1] as number);
      }
    }
  }
}

function crossingsOf(corners: readonly Point[], y: number): number[] {
  const crossings: number[] = [];
  corners.forEach((from, i) => {
    const to = corners[(i + 1) % corners.length] as Point;
    if (from.y > y !== to.y > y) crossings.push(from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x));
  });
  return crossings.sort((a, b) => a - b);
}

function addSpan({ data, widthPx }: Plane, row: number, from: number, to: number): void {
  const [left, right] = [Math.max(from, -0.5), Math.min(to, widthPx - 0.5)];
  for (let x = Math.round(left); x <= Math.round(right) && x < widthPx; x++) {
    const covered = Math.min(right, x + 0.5) - Math.max(left, x - 0.5);
    const at = row * widthPx + x;
    if (covered > 0) data[at] = (data[at] as number) + covered / SCANLINES;
  }
}

/** `out` may be the plane's own data. */
function writeBoxMean(
  { widthPx, heightPx, data }: Plane,
  radius: number,
  scratch: Float32Array,
  out: Float32Array,
): void {
  const across = reciprocalCounts(widthPx, radius);
  for (let y = 0; y < heightPx; y++) slideAcross(data, scratch, y * widthPx, across, radius);
  slideDown(scratch, out, widthPx, reciprocalCounts(heightPx, radius), radius);
}

/** For each place of a line, one by the number of places within the radius. */
const reciprocalCounts = (length: number, radius: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => 1 / (Math.min(length - 1, i + radius) - Math.max(0, i - radius) + 1));

function slideAcross(data: Float32Array, out: Float32Array, start: number, shares: Float64Array, radius: number): void {
  const { length } = shares;
  let sum = 0;
  for (let i = 0; i < Math.min(radius, length); i++) sum += data[start + i] as number;
  for (let i = 0; i < length; i++) {
    if (i + radius < length) sum += data[start + i + radius] as number;
    if (i > radius) sum -= data[start + i - radius - 1] as number;
    out[start + i] = sum * (shares[i] as number);
  }
}

/** All columns at once, row by row, as memory lies. */
function slideDown(data: Float32Array, out: Float32Array, width: number, shares: Float64Array, radius: number): void {
  const height = shares.length;
  const sums = new Float64Array(width);
  for (let y = 0; y < Math.min(radius, height); y++) addRow(sums, data, y * width, 1);
  for (let y = 0; y < height; y++) {
    if (y + radius < height) addRow(sums, data, (y + radius) * width, 1);
    if (y > radius) addRow(sums, data, (y - radius - 1) * width, -1);
    const share = shares[y] as number;
    for (let x = 0, at = y * width; x < width; x++, at++) out[at] = (sums[x] as number) * share;
  }
}

function addRow(sums: Float64Array, data: Float32Array, start: number, sign: 1 | -1): void {
  for (let x = 0; x < sums.length; x++) sums[x] = (sums[x] as number) + sign * (data[start + x] as number);
}
