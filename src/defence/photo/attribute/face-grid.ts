import { applyAffine, CANONICAL_POINTS, fitSimilarity, invertAffine } from '../../../face/alignment.ts';
import type { Box, Face, Point } from '../../../face/face.ts';
import { averageBlocks, type PixelRegion } from '../../../image/block-average.ts';
import type { Image } from '../../../image/image.ts';
import { emptyPlane, type Plane } from '../../../image/plane.ts';
import type { AffineMatrix } from '../../../image/warp.ts';

/**
 * The photo's pixels about a face, and a grid of square cells over them, upright as the photo is: what is smooth (masks, changes of colour) is made on the cells, which a photo
 * of any size has about as many of, and brought to the pixels row by row.
 */
export interface FaceGrid {
  /** Inside the photo. */
  readonly region: PixelRegion;
  /** Side of a cell, a whole number of pixels; cells at the right and lower edge may reach over the region. */
  readonly cellPx: number;
  readonly widthCells: number;
  readonly heightCells: number;
  /** Length of a unit of the canonical frame: in cells, and in pixels of the photo. */
  readonly unitCells: number;
  readonly unitPx: number;
  /** From pixels of the photo to units of the canonical frame, and back. */
  readonly toFrame: AffineMatrix;
  readonly toPhoto: AffineMatrix;
}

/**
 * Lays a grid over a part of a face's surroundings.
 *
 * @param box - in units of the canonical frame; turned and sized as the face is.
 * @param cellsPerUnit - cells for each unit of the canonical frame, about, where the photo has as many pixels.
 * @returns undefined where none of it is in the photo.
 * @throws InputError where the five points coincide.
 */
export function faceGrid(photo: Image, face: Face, box: Box, cellsPerUnit: number): FaceGrid | undefined {
  const toFrame = fitSimilarity(face.landmarks, CANONICAL_POINTS);
  const toPhoto = invertAffine(toFrame);
  const unitPx = Math.hypot(toPhoto[0], toPhoto[3]);
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  const corners = [
    { x: box.x, y: box.y },
    { x: right, y: box.y },
    { x: box.x, y: bottom },
    { x: right, y: bottom },
  ].map((corner) => applyAffine(toPhoto, corner));
  const [left, width] = spanInside(
    corners.map(({ x }) => x),
    photo.widthPx,
  );
  const [top, height] = spanInside(
    corners.map(({ y }) => y),
    photo.heightPx,
  );
  if (width < 1 || height < 1) return undefined;
  const cellPx = Math.max(1, Math.round(unitPx / cellsPerUnit));
  return {
    region: { x: left, y: top, width, height },
    cellPx,
    widthCells: Math.ceil(width / cellPx),
    heightCells: Math.ceil(height / cellPx),
    unitCells: unitPx / cellPx,
    unitPx,
    toFrame,
    toPhoto,
  };
}

/** The first whole pixel and the number of pixels that the values span within 0..limit. */
function spanInside(values: readonly number[], limit: number): readonly [first: number, count: number] {
  const first = Math.max(0, Math.floor(Math.min(...values)));
  return [first, Math.min(limit, Math.ceil(Math.max(...values)) + 1) - first];
}

/** A plane of zeros over a grid's cells. */
export const gridPlane = ({ widthCells, heightCells }: FaceGrid): Plane => emptyPlane(widthCells, heightCells);

/** The photo's colours, a cell the mean of its pixels. */
export const cellColours = (photo: Image, { region, cellPx }: FaceGrid): Image =>
  averageBlocks(photo, region, cellPx, cellPx);

/** A point of the photo in cells; the centres of cells are at whole numbers. */
export const toCells = ({ region, cellPx }: FaceGrid, { x, y }: Point): Point => ({
  x: (x - region.x + 0.5) / cellPx - 0.5,
  y: (y - region.y + 0.5) / cellPx - 0.5,
});

/** From cells to units of the canonical frame. */
export function cellsToFrame({ region, cellPx, toFrame }: FaceGrid): AffineMatrix {
  const [a, b, c, d, e, f] = toFrame;
  const [x, y] = [region.x + (cellPx - 1) / 2, region.y + (cellPx - 1) / 2];
  return [a * cellPx, b * cellPx, a * x + b * y + c, d * cellPx, e * cellPx, d * x + e * y + f];
}

/**
 * Brings planes over the cells to the photo's pixels, row after row, as a cubic B-spline: twice continuously differentiable and never beyond the cells' values, so that
 * neither blocks nor rings are seen. Where all cells about are 0, it is exactly 0, and not visited.
 *
 * @param visit - is given the row, from 0 at the region's top, for each plane the values of the region's pixels, and from which pixel to before which one they are valid; they are
 * overwritten by the next row.
 */
export function forEachRow(
  { region, cellPx, widthCells, heightCells }: FaceGrid,
  planes: readonly Plane[],
  visit: (row: number, values: readonly Float32Array[], from: number, to: number) => void,
): void {
  const weights = splineWeights(cellPx);
  const mixed = planes.map(() => new Float32Array(widthCells + 4));
  const rows = planes.map(() => new Float32Array(region.width));
  for (let row = 0; row < region.height; row++) {
    const [cell, phase] = cellOf(row, cellPx);
    let [first, last] = [widthCells + 4, -1];
    for (let p = 0; p < planes.length; p++) {
      const padded = mixed[p] as Float32Array;
      mixRows((planes[p] as Plane).data, cell, weights.subarray(4 * phase, 4 * phase + 4), padded, heightCells);
      let [start, end] = [0, padded.length - 1];
      while (start < first && padded[start] === 0) start++;
      while (end > last && padded[end] === 0) end--;
      [first, last] = [Math.min(first, start), Math.max(last, end)];
    }
    if (last < first) continue;
    // A pixel takes part of the cells from the one before its own to the second behind.
    const from = Math.max(0, (first - 4) * cellPx + (cellPx >> 1));
    const to = Math.min(region.width, last * cellPx + (cellPx >> 1));
    if (to <= from) continue;
    for (let p = 0; p < planes.length; p++)
      mixColumns(mixed[p] as Float32Array, weights, cellPx, rows[p] as Float32Array, from, to);
    visit(row, rows, from, to);
  }
}

/** The cell whose centre is at or before a pixel, and which of the cell's pixels, counted from that centre, it is. */
function cellOf(pixel: number, cellPx: number): readonly [cell: number, phase: number] {
  const half = cellPx >> 1;
  const cell = Math.floor((pixel - half) / cellPx);
  return [cell, pixel - half - cell * cellPx];
}

/** For each phase the weights of the cells before, at, behind and two behind. Source: Unser, "Splines: a perfect fit for signal and image processing" (1999). */
function splineWeights(cellPx: number): Float32Array {
  const weights = new Float32Array(4 * cellPx);
  // A cell of an even number of pixels has its centre between two of them.
  const start = cellPx % 2 === 0 ? 0.5 : 0;
  for (let phase = 0; phase < cellPx; phase++) {
    const t = (phase + start) / cellPx;
    weights.set(
      [(1 - t) ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6, t ** 3 / 6],
      4 * phase,
    );
  }
  return weights;
}

/** Mixes four rows of cells into one, with two repeated cells at either end. */
function mixRows(data: Float32Array, cell: number, weights: Float32Array, padded: Float32Array, height: number): void {
  const width = padded.length - 4;
  const startOf = (row: number): number => width * Math.min(height - 1, Math.max(0, row));
  const [a, b, c, d] = [startOf(cell - 1), startOf(cell), startOf(cell + 1), startOf(cell + 2)];
  const [wa, wb, wc, wd] = Array.from(weights) as [number, number, number, number];
  for (let x = 0; x < width; x++) {
    padded[x + 2] =
      wa * (data[a + x] as number) +
      wb * (data[b + x] as number) +
      wc * (data[c + x] as number) +
      wd * (data[d + x] as number);
  }
  padded.fill(padded[2] as number, 0, 2);
  padded.fill(padded[width + 1] as number, width + 2);
}

function mixColumns(
  padded: Float32Array,
  weights: Float32Array,
  cellPx: number,
  out: Float32Array,
  from: number,
  to: number,
): void {
  let [cell, phase] = cellOf(from, cellPx);
  for (let x = from; x < to; x++) {
    const w = 4 * phase;
    // Cell c is at c + 2; the first weight is of the cell before.
    out[x] =
      (weights[w] as number) * (padded[cell + 1] as number) +
      (weights[w + 1] as number) * (padded[cell + 2] as number) +
      (weights[w + 2] as number) * (padded[cell + 3] as number) +
      (weights[w + 3] as number) * (padded[cell + 4] as number);
    if (++phase === cellPx) {
      phase = 0;
      cell++;
    }
  }
}
