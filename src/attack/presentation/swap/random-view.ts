import { fitSimilarity } from '../../../face/alignment.ts';
import type { Point } from '../../../face/face.ts';
import type { AffineMatrix } from '../../../image/warp.ts';
import type { Random } from '../../../util/random.ts';

/** A face of a training: more than the swap's view on every side ({@link ./swap-view.ts}), and where it counts. */
export interface SwapExample {
  /** Planar [3,P,P], RGB, 0..255. */
  readonly picture: Uint8Array;
  /** [P,P], 0..255. */
  readonly mask: Uint8Array;
}

/** Points along each side of the grid that is jittered. */
const GRID = 5;

/** Deviation of a grid point, as a share of the view's side; and by how much all is turned, sized, shifted and lit at most or in deviation. Source: faceswap's random transform and warp. */
const JITTER = 1 / 32;
const MOST = { radians: Math.PI / 18, scale: 0.05, shift: 0.05 } as const;
const LIGHT = { all: 0.08, channel: 0.03 } as const;

/** How a face is seen in one step. */
export interface RandomView {
  /** Where each point of the grid lies in the unwarped view, in its pixels, row by row. */
  readonly grid: readonly Point[];
  /** The similarity nearest to that warp: what the network need not undo. */
  readonly nearest: AffineMatrix;
  /** From the view's pixels to those of the example's picture. */
  readonly toPicture: AffineMatrix;
  /** Factor on red, green and blue. */
  readonly gains: readonly [number, number, number];
}

/**
 * Draws how a face is seen: turned, sized and shifted a little, mirrored half of the time, in slightly other light, and warped.
 *
 * @param sizePx - side of the view.
 * @param sidePx - side of the example's picture, whose middle the view is.
 */
export function drawView(random: Random, sizePx: number, sidePx: number): RandomView {
  const within = (most: number): number => most * (2 * random.uniform() - 1);
  const angle = within(MOST.radians);
  const scale = 1 + within(MOST.scale);
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const mirror = random.uniform() < 0.5 ? -1 : 1;
  const [middle, centre] = [(sizePx - 1) / 2, (sidePx - 1) / 2];
  const [right, down] = [centre + within(MOST.shift) * sizePx, centre + within(MOST.shift) * sizePx];
  const toPicture: AffineMatrix = [
    mirror * cos,
    -sin,
    right - mirror * cos * middle + sin * middle,
    mirror * sin,
    cos,
    down - mirror * sin * middle - cos * middle,
  ];
  const regular = regularGrid(sizePx);
  const grid = regular.map(({ x, y }) => ({
    x: x + JITTER * sizePx * random.normal(),
    y: y + JITTER * sizePx * random.normal(),
  }));
  const light = LIGHT.all * random.normal();
  const gain = (): number => Math.exp(light + LIGHT.channel * random.normal());
  return { grid, nearest: fitSimilarity(regular, grid), toPicture, gains: [gain(), gain(), gain()] };
}

/** The grid where nothing is jittered. */
export const regularGrid = (sizePx: number): Point[] =>
  Array.from({ length: GRID ** 2 }, (_, i) => ({
    x: ((i % GRID) * (sizePx - 1)) / (GRID - 1),
    y: (Math.floor(i / GRID) * (sizePx - 1)) / (GRID - 1),
  }));

/** Where a view's results go: arrays of a batch, each at the face's own place. */
export interface ViewTarget {
  /** Planar [3,S,S], RGB, 0..1. */
  readonly warped: Float32Array;
  readonly straight: Float32Array;
  /** [S,S], 0..1. */
  readonly mask: Float32Array;
}

/**
 * Renders a face twice: warped, as the network is shown it, and unwarped but for the similarity nearest to the warp, as it shall give it back, with the mask of that.
 *
 * Source: faceswap's `random_warp`, in which the target too is moved by the similarity that fits the warp.
 */
export function renderPair(example: SwapExample, view: RandomView, sizePx: number, out: ViewTarget): void {
  const sidePx = Math.sqrt(example.mask.length);
  const place = { x: 0, y: 0 };
  const colour = new Float32Array(4);
  for (let y = 0, at = 0; y < sizePx; y++) {
    for (let x = 0; x < sizePx; x++, at++) {
      warpedPlace(view.grid, x, y, sizePx, place);
      samplePicture(example, sidePx, view.toPicture, place, colour);
      for (let c = 0; c < 3; c++) out.warped[c * sizePx ** 2 + at] = lit(colour, view.gains, c);
      mapPlace(view.nearest, x, y, place);
      samplePicture(example, sidePx, view.toPicture, place, colour);
      for (let c = 0; c < 3; c++) out.straight[c * sizePx ** 2 + at] = lit(colour, view.gains, c);
      out.mask[at] = (colour[3] as number) / 255;
    }
  }
}

const lit = (colour: Float32Array, gains: RandomView['gains'], channel: number): number =>
  Math.min(1, ((colour[channel] as number) * (gains[channel] as number)) / 255);

interface Place {
  x: number;
  y: number;
}

/** Between the points of the grid, bilinear. */
function warpedPlace(grid: readonly Point[], x: number, y: number, sizePx: number, place: Place): void {
  const [u, v] = [(x * (GRID - 1)) / (sizePx - 1), (y * (GRID - 1)) / (sizePx - 1)];
  const [column, row] = [Math.min(GRID - 2, Math.floor(u)), Math.min(GRID - 2, Math.floor(v))];
  const [right, down] = [u - column, v - row];
  const at = row * GRID + column;
  const [a, b, c, d] = [grid[at], grid[at + 1], grid[at + GRID], grid[at + GRID + 1]] as [Point, Point, Point, Point];
  place.x = (1 - down) * ((1 - right) * a.x + right * b.x) + down * ((1 - right) * c.x + right * d.x);
  place.y = (1 - down) * ((1 - right) * a.y + right * b.y) + down * ((1 - right) * c.y + right * d.y);
}

function mapPlace([a, b, c, d, e, f]: AffineMatrix, x: number, y: number, place: Place): void {
  place.x = a * x + b * y + c;
  place.y = d * x + e * y + f;
}

/** Red, green, blue and mask at a place of the view, bilinear; beyond the picture its border is repeated. */
function samplePicture(
  { picture, mask }: SwapExample,
  sidePx: number,
  [a, b, c, d, e, f]: AffineMatrix,
  { x, y }: Place,
  out: Float32Array,
): void {
  const last = sidePx - 1;
  const px = Math.min(last, Math.max(0, a * x + b * y + c));
  const py = Math.min(last, Math.max(0, d * x + e * y + f));
  const [left, top] = [Math.min(last - 1, Math.floor(px)), Math.min(last - 1, Math.floor(py))];
  const [fx, fy] = [px - left, py - top];
  const at = top * sidePx + left;
  const plane = sidePx ** 2;
  for (let k = 0; k < 4; k++) {
    const values = k < 3 ? picture : mask;
    const p = at + (k < 3 ? k * plane : 0);
    const upper = (1 - fx) * (values[p] as number) + fx * (values[p + 1] as number);
    const lower = (1 - fx) * (values[p + sidePx] as number) + fx * (values[p + sidePx + 1] as number);
    out[k] = (1 - fy) * upper + fy * lower;
  }
}
