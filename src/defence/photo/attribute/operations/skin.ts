import { applyAffine } from '../../../../face/alignment.ts';
import type { Box, Face, Point } from '../../../../face/face.ts';
import { FACE_OUTLINES, meshPoints } from '../../../../face/face-regions.ts';
import { applyGuide, fitGuide } from '../../../../image/guided-filter.ts';
import type { Image } from '../../../../image/image.ts';
import { type Oklab, toOklab } from '../../../../image/oklab.ts';
import { combinePlanes, multiplyPlanes, type Plane, smoothPlane } from '../../../../image/plane.ts';
import { smoothStep } from '../../../../util/smooth-step.ts';
import { cellColours, type FaceGrid, faceGrid, gridPlane } from '../face-grid.ts';
import { frameMask, outlineMask, shapeMask, widenedOval } from '../face-mask.ts';

/** What operations look at: the head with its neck, in units of the canonical frame. */
const SURROUNDINGS: Box = { x: -24, y: -34, width: 160, height: 206 };

/** Cells for each unit, as many as the mask's softness needs: a brow is four cells high. */
const CELLS_PER_UNIT = 1;

/** A face with its skin found. */
export interface Skin {
  readonly grid: FaceGrid;
  /** Over the grid's cells, 0..1: skin of face, ears and neck; not eyes, brows, lips, hair, glasses. */
  readonly mask: Plane;
  /** The cheeks' colour. */
  readonly tone: Oklab;
}

/** L, a and b over the grid's cells. */
export interface LabPlanes {
  readonly lightness: Plane;
  readonly a: Plane;
  readonly b: Plane;
}

/**
 * Spread of skin about its tone: of (a / L, b / L) in hue and in chroma, which shade and shine change more, and of L as a share of what skin nearby has. So many of them still belong to it,
 * surely and at all.
 */
const SPREAD = { hue: 0.019, chroma: 0.036, lightness: 0.11 } as const;
const BELONGS = { surely: 1.7, atAll: 3.2 } as const;

/** In the middle of the face, where nearly all is skin, so many times as much is tolerated. */
const MIDDLE_TOLERANCE = 1.8;

/** More is not tolerated for the sake of coloured lamps. */
const MOST_LIGHTS = 3;

/** Deviation over which skin's lightness is followed around the face, and of the mask's own softness, in units of the canonical frame. */
const SHADE_REACH = 11;
const SOFTNESS = 1;

/**
 * Finds a face's skin: within the mesh's outline widened to ears, forehead and neck, what has the cheeks' hue in whatever shade, is about as light as the skin around it, and is not eye,
 * brow or lip. The mask follows the photo's edges.
 *
 * @returns undefined where the face is not in the photo.
 */
export function findSkin(photo: Image, face: Face): Skin | undefined {
  const grid = faceGrid(photo, face, SURROUNDINGS, CELLS_PER_UNIT);
  if (!grid) return undefined;
  const lab = labOf(cellColours(photo, grid), grid);
  const cheeks = outlineMask(grid, face, ['leftCheek', 'rightCheek'], 0);
  const oval = outlineMask(grid, face, ['oval'], 1);
  const samples = indicesWhere(cheeks, 0.5);
  const tone = toneOf(lab, samples.length > 0 ? samples : indicesWhere(oval, 0.5));
  const middle = shapeMask(grid, [widenedOval(grid, face, { aside: 0.8, up: 0.7, down: 0.85 })], 4);
  const features = outlineMask(grid, face, ['leftEye', 'rightEye', 'leftBrow', 'rightBrow', 'lips'], 0.8);
  const bare = combinePlanes((x, y) => x * (1 - Math.min(1, 1.15 * y)), middle, features);
  const tolerance = { ...middle, data: middle.data.map((value) => 1 + (MIDDLE_TOLERANCE - 1) * value) };
  const hueApart = hueDistance(lab, tone);
  const lights = lightsOf(hueApart, indicesWhere(bare, 0.5));
  const hue = combinePlanes(
    (x, y) => 1 - smoothStep(x / (y * lights), BELONGS.surely, BELONGS.atAll),
    hueApart,
    tolerance,
  );
  // Twice: what skin is like around a place is known once it is known where skin is.
  const skinLike = (known: Plane): Plane =>
    multiplyPlanes(
      hue,
      lightnessLikeness(lab, multiplyPlanes(known, oval), tone, tolerance, SHADE_REACH * grid.unitCells),
    );
  const placed = multiplyPlanes(skinLike(skinLike(hue)), skinGround(grid, face));
  const spared = combinePlanes((x, y) => x * (1 - Math.min(1, 1.15 * y)), placed, features);
  return {
    grid,
    mask: multiplyPlanes(followEdges(spared, lab.lightness, grid), frameMask(grid, SURROUNDINGS, 12)),
    tone,
  };
}

/** Where skin may be: the face, the ears, the forehead, fading upwards, and the neck, fading downwards. */
function skinGround(grid: FaceGrid, face: Face): Plane {
  const near = shapeMask(grid, [widenedOval(grid, face, { aside: 1.04, up: 1.2, down: 1.1 })], 2);
  const wide = shapeMask(grid, [widenedOval(grid, face, { aside: 1.22, up: 1.6, down: 1.3 })], 5);
  const neck = shapeMask(grid, [neckOutline(grid, face)], 6);
  const outer = combinePlanes(Math.max, wide, neck);
  return combinePlanes(Math.max, near, outer);
}

/** From jaw to jaw and down to the collar. */
function neckOutline(grid: FaceGrid, face: Face): Point[] {
  const jaw = meshPoints(face.mesh, FACE_OUTLINES.oval.slice(11, 26));
  const below = [jaw[0], jaw.at(-1)].map((point) => {
    const { x, y } = applyAffine(grid.toFrame, point ?? { x: 0, y: 0 });
    return applyAffine(grid.toPhoto, { x, y: y + 62 });
  });
  return [...jaw, ...below.toReversed()];
}

/** The OKLab of each cell's mean colour. */
export function labOf(colours: Image, grid: FaceGrid): LabPlanes {
  const planes = { lightness: gridPlane(grid), a: gridPlane(grid), b: gridPlane(grid) };
  const lab = new Float32Array(3);
  for (let i = 0, p = 0; p < colours.data.length; i++, p += 3) {
    toOklab(colours.data[p] as number, colours.data[p + 1] as number, colours.data[p + 2] as number, lab);
    planes.lightness.data[i] = lab[0] as number;
    planes.a.data[i] = lab[1] as number;
    planes.b.data[i] = lab[2] as number;
  }
  return planes;
}

function indicesWhere({ data }: Plane, above: number): number[] {
  const indices: number[] = [];
  for (let i = 0; i < data.length; i++) if ((data[i] as number) > above) indices.push(i);
  return indices;
}

function toneOf({ lightness, a, b }: LabPlanes, indices: readonly number[]): Oklab {
  const medianOf = ({ data }: Plane): number => {
    const sorted = Float32Array.from(indices, (i) => data[i] as number).sort();
    return sorted[sorted.length >> 1] ?? 0.6;
  };
  return { lightness: Math.max(0.05, medianOf(lightness)), a: medianOf(a), b: medianOf(b) };
}

/** How far the hue is from the tone's, in spreads; brighter places, where skin shines, may be paler. */
function hueDistance({ lightness, a, b }: LabPlanes, tone: Oklab): Plane {
  const own = [tone.a / tone.lightness, tone.b / tone.lightness] as const;
  const ownChroma = Math.max(1e-3, Math.sqrt(own[0] ** 2 + own[1] ** 2));
  const data = lightness.data.map((value, i) => {
    const light = Math.max(value, 0.05);
    const shine = 1 + 4 * Math.max(0, value - tone.lightness);
    const u = (a.data[i] as number) / light - own[0];
    const v = (b.data[i] as number) / light - own[1];
    const inChroma = (u * own[0] + v * own[1]) / ownChroma / SPREAD.chroma;
    const inHue = (v * own[0] - u * own[1]) / ownChroma / SPREAD.hue;
    return Math.sqrt(inChroma * inChroma + inHue * inHue) / shine;
  });
  return { ...lightness, data };
}

/** How many times as spread the hue of this face is as in one light: lamps of different colours paint a face. */
function lightsOf({ data }: Plane, indices: readonly number[]): number {
  const sorted = Float32Array.from(indices, (i) => data[i] as number).sort();
  const usual = sorted[Math.floor(0.75 * sorted.length)] ?? 0;
  return Math.min(MOST_LIGHTS, Math.max(1, usual / BELONGS.surely));
}

/** How alike the lightness is to that of the skin around, 0..1; darker counts more than brighter. `reach` in cells. */
function lightnessLikeness({ lightness }: LabPlanes, skin: Plane, tone: Oklab, tolerance: Plane, reach: number): Plane {
  const weights = smoothPlane(skin, reach);
  const sums = smoothPlane(multiplyPlanes(skin, lightness), reach);
  const data = lightness.data.map((value, i) => {
    // Far from known skin the cheeks' own lightness takes over.
    const around = ((sums.data[i] as number) + 0.02 * tone.lightness) / ((weights.data[i] as number) + 0.02);
    const apart = value / around - 1;
    const spread = SPREAD.lightness * (tolerance.data[i] as number);
    return 1 - smoothStep((apart < 0 ? -apart : 0.5 * apart) / spread, BELONGS.surely, BELONGS.atAll);
  });
  return { ...lightness, data };
}

function followEdges(mask: Plane, guide: Plane, { unitCells }: FaceGrid): Plane {
  const soft = smoothPlane(mask, SOFTNESS * unitCells);
  const line = fitGuide(guide, soft, { radiusPx: Math.max(1, Math.round(2 * unitCells)), regularisation: 0.02 ** 2 });
  const followed = applyGuide(line, guide);
  return { ...followed, data: followed.data.map((value) => smoothStep(value, 0.06, 0.94)) };
}

/** The mask over the cells of another grid of the same face. */
export function skinOn(skin: Skin, grid: FaceGrid): Plane {
  const out = gridPlane(grid);
  const { region, cellPx } = grid;
  for (let row = 0, at = 0; row < grid.heightCells; row++) {
    const y = region.y + (row + 0.5) * cellPx - 0.5;
    for (let column = 0; column < grid.widthCells; column++, at++)
      out.data[at] = skinAt(skin, region.x + (column + 0.5) * cellPx - 0.5, y);
  }
  return out;
}

/** The mask at a place of the photo, from its four nearest cells; 0 outside. */
export function skinAt({ grid, mask }: Skin, x: number, y: number): number {
  const [column, row] = [(x - grid.region.x + 0.5) / grid.cellPx - 0.5, (y - grid.region.y + 0.5) / grid.cellPx - 0.5];
  if (!(column >= 0 && row >= 0 && column < mask.widthPx - 1 && row < mask.heightPx - 1)) return 0;
  const [left, top] = [column | 0, row | 0];
  const [right, down] = [column - left, row - top];
  const at = top * mask.widthPx + left;
  const upper = (mask.data[at] as number) * (1 - right) + (mask.data[at + 1] as number) * right;
  const below = at + mask.widthPx;
  const lower = (mask.data[below] as number) * (1 - right) + (mask.data[below + 1] as number) * right;
  return upper * (1 - down) + lower * down;
}
