import { alignedFace } from '../../../encoder/aligned-face.ts';
import type { FaceView } from '../../../face/alignment.ts';
import { alignmentMatrix, composeAffine, invertAffine } from '../../../face/alignment.ts';
import type { Face } from '../../../face/face.ts';
import { fitGuide } from '../../../image/guided-filter.ts';
import type { Image } from '../../../image/image.ts';
import { combinePlanes, multiplyPlanes, type Plane, smoothPlane } from '../../../image/plane.ts';
import { toPlanar } from '../../../image/tensor.ts';
import type { AffineMatrix } from '../../../image/warp.ts';
import { ShapeError } from '../../../util/errors.ts';
import { smoothStep } from '../../../util/smooth-step.ts';
import { cellsToFrame, type FaceGrid, faceGrid, forEachRow, gridPlane } from './face-grid.ts';
import { frameMask, headMask, ownMask } from './face-mask.ts';

/** How a portrait is to change: planar [3,S,S], edited minus original, RGB, -1..1, of the view that it was cut out by. */
export interface PortraitChange {
  readonly view: FaceView;
  readonly data: Float32Array;
}

/** Options of {@link applyChange}. */
export interface CompositeOptions {
  /** Factor on the change; default 1. */
  readonly strength?: number;
  /** Other faces of the photo: what is nearer to them is left alone. */
  readonly others?: readonly Face[];
}

/** Three for each pixel of a portrait of 64 px: enough for curves, and few enough that masks cost little. */
const CELLS_PER_UNIT = 1.4;

/** Changes up to the first are the editor's noise and are left out, from the second on they are taken whole; 0..1. */
const SIGNIFICANT = { from: 0.7 / 255, to: 3 / 255 } as const;

/** How the change is fitted to the photo's luma: over this much of the canonical frame, with this variance counting as flat, and the slope held to this. */
const GUIDE = { reach: 6, regularisation: 0.03 ** 2, mostSlope: 1 } as const;

/**
 * Brings a change of the portrait to the photo at its own resolution.
 *
 * The change is brought to the photo as smooth curves, with what it says of the photo's detail beside it: where the change goes with the photo's luma in the portrait (glasses that
 * vanish, hair that turns grey), it goes with the luma's detail that the portrait could not show too. It is weighed by a soft mask: the head, fading out before the portrait's frame
 * ends, following the change where it is significant. All pixels outside keep their bytes.
 *
 * @returns a copy, or the photo itself where none of the portrait is in it.
 * @throws ShapeError where the change is not of its view's size; InputError where the five points coincide.
 */
export function applyChange(photo: Image, face: Face, change: PortraitChange, options: CompositeOptions = {}): Image {
  return applyChanges(photo, [{ face, change }], options);
}

/**
 * The same for several faces of a photo, each measured on the photo as it was; where two faces meet each keeps its side, so that nothing is changed twice.
 *
 * @throws as {@link applyChange}.
 */
export function applyChanges(
  photo: Image,
  edits: readonly { readonly face: Face; readonly change: PortraitChange }[],
  options: CompositeOptions = {},
): Image {
  const result: Image = { ...photo, data: photo.data.slice() };
  const faces = [...edits.map(({ face }) => face), ...(options.others ?? [])];
  for (const { face, change } of edits) {
    const grid = faceGrid(photo, face, change.view.box, CELLS_PER_UNIT);
    const others = faces.filter((other) => other !== face);
    if (grid) addChange(result, photo, grid, planesOf(photo, grid, face, change, { ...options, others }));
  }
  return result;
}

/** What is known at each cell: the change of red, green and blue, its slope by luma, and the luma that the portrait shows. In grey levels; 0 outside the mask. */
interface ChangePlanes {
  readonly change: readonly Plane[];
  readonly slopes: readonly Plane[];
  readonly luma: Plane;
}

function planesOf(
  photo: Image,
  grid: FaceGrid,
  face: Face,
  { view, data }: PortraitChange,
  { strength = 1, others = [] }: CompositeOptions,
): ChangePlanes {
  const { widthPx, heightPx, box } = view;
  if (data.length !== 3 * widthPx * heightPx)
    throw new ShapeError(`a change of ${data.length} numbers is not [3,${heightPx},${widthPx}]`);
  // Pixels of the view for a pixel of the photo: above 1 the photo is the coarser, and what it cannot show has to go.
  const coarseness = widthPx / (box.width * grid.unitPx);
  const soft = (plane: Plane): Plane => (coarseness > 1 ? smoothPlane(plane, 0.5 * coarseness) : plane);
  const colours = [0, 1, 2].map((channel) => soft(channelOf(data, channel, view)));
  const weight = significanceOf(colours, strength);
  const weighted = colours.map((plane) => multiplyPlanes(plane, weight));
  const luma = lumaOf(alignedFace(photo, face.landmarks, view));
  const guide = {
    radiusPx: Math.max(1, Math.round((GUIDE.reach * widthPx) / box.width / 2)),
    regularisation: GUIDE.regularisation,
  };
  const slopes = weighted.map((plane) => {
    const { slope } = fitGuide(luma, plane, guide);
    return { ...slope, data: slope.data.map((x) => Math.min(GUIDE.mostSlope, Math.max(-GUIDE.mostSlope, x))) };
  });
  const mask = [frameMask(grid, box), headMask(grid, face), ownMask(grid, face, others)].reduce(multiplyPlanes);
  const fromGrid = composeAffine(
    invertAffine(alignmentMatrix(face.landmarks, view)),
    composeAffine(grid.toPhoto, cellsToFrame(grid)),
  );
  const [shown, ...onGrid] = sampleCubic([luma, ...weighted, ...slopes], grid, fromGrid) as [Plane, ...Plane[]];
  const masked = onGrid.map((plane) => multiplyPlanes(plane, mask));
  return {
    change: masked.slice(0, 3).map(inGreyLevels),
    slopes: masked.slice(3),
    luma: inGreyLevels(shown),
  };
}

const inGreyLevels = (plane: Plane): Plane => ({ ...plane, data: plane.data.map((value) => 255 * value) });

/** strength where some channel changes by more than noise about a pixel, falling to 0. */
function significanceOf(colours: readonly Plane[], strength: number): Plane {
  const [red, green, blue] = colours as [Plane, Plane, Plane];
  const most = combinePlanes((x, y) => Math.max(Math.abs(x), Math.abs(y)), combinePlanes(larger, red, green), blue);
  const about = smoothPlane(most, 1.5);
  return { ...about, data: about.data.map((x) => strength * smoothStep(x, SIGNIFICANT.from, SIGNIFICANT.to)) };
}

const larger = (x: number, y: number): number => (Math.abs(x) > Math.abs(y) ? x : y);

function addChange(result: Image, photo: Image, grid: FaceGrid, { change, slopes, luma }: ChangePlanes): void {
  const { region } = grid;
  // A clamped array clips and rounds as it is written.
  const out = new Uint8ClampedArray(result.data.buffer);
  const { data } = photo;
  forEachRow(grid, [...change, ...slopes, luma], (row, values, from, to) => {
    const [red, green, blue, slopeRed, slopeGreen, slopeBlue, shown] = values as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    let at = 3 * ((region.y + row) * photo.widthPx + region.x + from);
    for (let x = from; x < to; x++, at += 3) {
      const detail =
        0.299 * (data[at] as number) +
        0.587 * (data[at + 1] as number) +
        0.114 * (data[at + 2] as number) -
        (shown[x] as number);
      // On the result: an earlier face's change may be there.
      out[at] = (out[at] as number) + (red[x] as number) + (slopeRed[x] as number) * detail;
      out[at + 1] = (out[at + 1] as number) + (green[x] as number) + (slopeGreen[x] as number) * detail;
      out[at + 2] = (out[at + 2] as number) + (blue[x] as number) + (slopeBlue[x] as number) * detail;
    }
  });
}

const channelOf = (data: Float32Array, channel: number, { widthPx, heightPx }: FaceView): Plane => ({
  widthPx,
  heightPx,
  data: data.subarray(channel * widthPx * heightPx, (channel + 1) * widthPx * heightPx),
});

/** Luma of BT.601, 0..1. */
function lumaOf(image: Image): Plane {
  const planes = toPlanar([image]);
  const { widthPx, heightPx } = image;
  const area = widthPx * heightPx;
  const data = Float32Array.from(
    { length: area },
    (_, i) =>
      0.299 * (planes[i] as number) + 0.587 * (planes[area + i] as number) + 0.114 * (planes[2 * area + i] as number),
  );
  return { widthPx, heightPx, data };
}

/**
 * Samples planes of one size at a grid's cells: Catmull and Rom's cubic, held within the four values about each place so that it does not ring. Beyond the planes their border is
 * repeated.
 *
 * @param matrix - from cells to pixels of the planes.
 */
function sampleCubic(planes: readonly Plane[], grid: FaceGrid, [a, b, c, d, e, f]: AffineMatrix): Plane[] {
  const [first] = planes;
  if (!first) return [];
  const outs = planes.map(() => gridPlane(grid));
  // Where the sixteen values lie, and their weights.
  const places = new Int32Array(16);
  const weights = new Float32Array(16);
  for (let row = 0, at = 0; row < grid.heightCells; row++) {
    for (let column = 0; column < grid.widthCells; column++, at++) {
      placeTaps(first, a * column + b * row + c, d * column + e * row + f, places, weights);
      for (let p = 0; p < planes.length; p++)
        (outs[p] as Plane).data[at] = heldSum((planes[p] as Plane).data, places, weights);
    }
  }
  return outs;
}

function placeTaps(
  { widthPx, heightPx }: Plane,
  x: number,
  y: number,
  places: Int32Array,
  weights: Float32Array,
): void {
  const [insideX, insideY] = [Math.min(widthPx - 1, Math.max(0, x)), Math.min(heightPx - 1, Math.max(0, y))];
  const [left, top] = [Math.floor(insideX), Math.floor(insideY)];
  for (let j = 0, k = 0; j < 4; j++) {
    const start = widthPx * Math.min(heightPx - 1, Math.max(0, top + j - 1));
    const down = catmullRom(insideY - top - j + 1);
    for (let i = 0; i < 4; i++, k++) {
      places[k] = start + Math.min(widthPx - 1, Math.max(0, left + i - 1));
      weights[k] = down * catmullRom(insideX - left - i + 1);
    }
  }
}

/** The weighted sum of sixteen values, within the range of the inner four. */
function heldSum(data: Float32Array, places: Int32Array, weights: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < 16; k++) sum += (weights[k] as number) * (data[places[k] as number] as number);
  const p = data[places[5] as number] as number;
  const q = data[places[6] as number] as number;
  const r = data[places[9] as number] as number;
  const s = data[places[10] as number] as number;
  return Math.min(Math.max(p, q, r, s), Math.max(Math.min(p, q, r, s), sum));
}

/** Keys, "Cubic convolution interpolation for digital image processing" (1981), a = -1/2. */
function catmullRom(offset: number): number {
  const t = Math.abs(offset);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}
