import type { Image } from '../image/image.ts';
import type { AffineMatrix } from '../image/warp.ts';
import { applyAffine } from './alignment.ts';
import type { Point } from './face.ts';

/** A square of a photo, which may reach beyond it, and how often it is turned clockwise by a quarter. */
export interface ImageWindow {
  readonly centre: Point;
  readonly sidePx: number;
  readonly quarterTurns: 0 | 1 | 2 | 3;
}

/** Windows of one size that cover a photo. */
export interface WindowLevel {
  readonly windows: readonly ImageWindow[];
  /** Faces smaller than this are missed in windows of this size. */
  readonly limitPx: number;
  /** Searched only where no face was found so far. */
  readonly onlyIfNone?: boolean;
}

/** BlazeFace finds faces down to this part of its window: 80 of 80 LFW faces at 0.067. */
const SMALLEST_PART = 0.065;

/** How much neighbours overlap: a face that a window of twice the side would miss lies whole in one of them. */
const OVERLAP = 0.2;

/** From the whole photo, then the whole photo turned, down to windows in which a face of `minFacePx` is found; each level has twice as many windows a side. */
export function planWindows(image: Image, minFacePx: number): WindowLevel[] {
  const longSide = Math.max(image.widthPx, image.heightPx);
  const limitPx = longSide * SMALLEST_PART;
  const levels: WindowLevel[] = [
    { windows: [wholeWindow(image, 0)], limitPx },
    // Before any smaller window, in which faces that stand on their heads are taken for upright ones.
    { windows: [wholeWindow(image, 1), wholeWindow(image, 2), wholeWindow(image, 3)], limitPx, onlyIfNone: true },
  ];
  for (let count = 2; (levels.at(-1)?.limitPx ?? 0) > minFacePx; count *= 2) {
    const sidePx = longSide / (count - (count - 1) * OVERLAP);
    levels.push({ windows: tile(image, sidePx), limitPx: sidePx * SMALLEST_PART });
  }
  return levels;
}

/** The map from pixels of a window drawn at outPx x outPx to pixels of the photo. */
export function windowMatrix(window: ImageWindow, outPx: number): AffineMatrix {
  const { centre, sidePx, quarterTurns } = window;
  const scale = sidePx / outPx;
  const middle = (outPx - 1) / 2;
  const cos = [1, 0, -1, 0][quarterTurns] ?? 1;
  const sin = [0, 1, 0, -1][quarterTurns] ?? 0;
  const [a, b, d, e] = [scale * cos, -scale * sin, scale * sin, scale * cos];
  return [a, b, centre.x - (a + b) * middle, d, e, centre.y - (d + e) * middle];
}

/** Where a pixel of the drawn window lies in the photo. */
export function fromWindow(window: ImageWindow, outPx: number, point: Point): Point {
  return applyAffine(windowMatrix(window, outPx), point);
}

function wholeWindow(image: Image, quarterTurns: ImageWindow['quarterTurns']): ImageWindow {
  const centre = { x: (image.widthPx - 1) / 2, y: (image.heightPx - 1) / 2 };
  return { centre, sidePx: Math.max(image.widthPx, image.heightPx), quarterTurns };
}

function tile(image: Image, sidePx: number): ImageWindow[] {
  const rows = tileCentres(image.heightPx, sidePx);
  const columns = tileCentres(image.widthPx, sidePx);
  return rows.flatMap((y) => columns.map((x): ImageWindow => ({ centre: { x, y }, sidePx, quarterTurns: 0 })));
}

/** Centres of the fewest windows along one side of the photo that overlap enough. */
function tileCentres(extentPx: number, sidePx: number): number[] {
  const last = extentPx - sidePx;
  if (last <= 0) return [(extentPx - 1) / 2];
  // A hair less, so that rounding does not add a window.
  const count = Math.ceil(last / (sidePx * (1 - OVERLAP)) - 1e-6) + 1;
  return Array.from({ length: count }, (_, i) => (i * last) / (count - 1) + (sidePx - 1) / 2);
}
