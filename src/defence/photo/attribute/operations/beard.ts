import { applyAffine } from '../../../../face/alignment.ts';
import type { Face, Point } from '../../../../face/face.ts';
import { FACE_OUTLINES, meshPoint, meshPoints } from '../../../../face/face-regions.ts';
import { poseOf } from '../../../../face/quality.ts';
import { combinePlanes, type Plane, smoothPlane } from '../../../../image/plane.ts';
import type { Random } from '../../../../util/random.ts';
import { smoothStep } from '../../../../util/smooth-step.ts';
import { type FaceGrid, faceGrid, forEachRow, gridPlane, toCells } from '../face-grid.ts';
import { middleOf, outlineMask, shapeMask } from '../face-mask.ts';
import { browColour } from './hair-colour.ts';
import { layHair } from './hair-layer.ts';
import type { FaceOperation } from './operation.ts';
import { findSkin, type Skin, skinOn } from './skin.ts';
import { addStroke, tapering } from './strokes.ts';

/** The lower face, in units of the canonical frame. */
const BOX = { x: -8, y: 40, width: 128, height: 108 };

/** A hair of stubble in units of the canonical frame (about 1.6 mm): so many in a square unit, so long, half so wide; and how much ink it and the shadow of those below the skin are. */
const HAIR = { density: 1.7, length: 1.9, width: 0.075, ink: 2.1, shadow: 0.42 } as const;

/** A beard is never paler than this: L in OKLab. */
const PALEST = 0.5;

/** From here on the mesh hides one side of the jaw, and puts the beard's edge across cheek and neck. */
const MOST_YAW_DEGREES = 35;

/** A beard of some days: stubble on jaw, chin and upper lip in the brows' colour, hair by hair, over its own shadow. */
export const beard: FaceOperation = {
  name: 'beard',
  description: 'draws stubble on jaw, chin and upper lip in the colour of the brows',
  refusal: ({ mesh }) => (Math.abs(poseOf(mesh).yaw) > MOST_YAW_DEGREES ? 'turned-away' : undefined),
  apply(photo, face, { amount, random }) {
    const skin = amount > 0 ? findSkin(photo, face) : undefined;
    const brows = browColour(photo, face);
    // Masks on coarse cells, hair on the photo's own pixels.
    const coarse = faceGrid(photo, face, BOX, 1.6);
    const fine = faceGrid(photo, face, BOX, Number.POSITIVE_INFINITY);
    if (!skin || !brows || !coarse || !fine) return;
    const region = growthMask(coarse, face, skin, random.fork('density'));
    const lightness = Math.min(PALEST, 0.85 * brows.lightness, 0.62 * skin.tone.lightness);
    const colour = { lightness, a: 0.6 * brows.a, b: 0.55 * brows.b };
    const ink = hairs(fine, coarse, region, face, amount, random.fork('hairs'));
    addShadow(ink, coarse, region, HAIR.shadow * amount);
    layHair(photo, fine, ink, colour);
  },
};

/** Where the beard grows, 0..1: its outline, pushed down over the edge of the chin, on skin alone, thinner in some places than in others. */
function growthMask(grid: FaceGrid, face: Face, skin: Skin, random: Random): Plane {
  const outline = meshPoints(face.mesh, FACE_OUTLINES.beard);
  const centre = applyAffine(grid.toFrame, middleOf(face));
  // The first are the jaw: the mesh ends short of its edge.
  const pushed = outline.map((point, i): Point => {
    if (i < 2 || i > 16) return point;
    const { x, y } = applyAffine(grid.toFrame, point);
    const [right, down] = [x - centre.x, y - centre.y];
    return applyAffine(grid.toPhoto, { x: centre.x + 1.01 * right, y: centre.y + (down > 0 ? 1.17 : 1) * down });
  });
  const shape = shapeMask(grid, [pushed], 2.4);
  const lips = outlineMask(grid, face, ['lips'], 0.7);
  const noise = smoothPlane(
    { ...gridPlane(grid), data: random.normals(grid.widthCells * grid.heightCells) },
    2.5 * grid.unitCells,
  );
  const spread = Math.sqrt(noise.data.reduce((sum, value) => sum + value * value, 0) / noise.data.length);
  const uneven = combinePlanes((value, random) => value * (1 + 0.22 * Math.tanh(random / spread)), shape, noise);
  const mask = combinePlanes((value, lip) => value * (1 - lip), uneven, lips);
  return combinePlanes((value, here) => value * smoothStep(here, 0.25, 0.8), mask, skinOn(skin, grid));
}

/** Adds the shadow of what grows below the skin to the ink, whose grid has a cell for each of the region's pixels. */
function addShadow(ink: Plane, coarse: FaceGrid, region: Plane, depth: number): void {
  forEachRow(coarse, [region], (row, [shares], from, to) => {
    const start = row * ink.widthPx;
    for (let x = from; x < to; x++)
      ink.data[start + x] = (ink.data[start + x] as number) + depth * (shares?.[x] as number);
  });
}

/** Hairs as ink over the fine grid. */
function hairs(fine: FaceGrid, coarse: FaceGrid, region: Plane, face: Face, amount: number, random: Random): Plane {
  const ink = gridPlane(fine);
  const unit = fine.unitCells;
  const count = Math.round((HAIR.density * fine.widthCells * fine.heightCells) / unit ** 2);
  const mouth = toCells(fine, meshPoint(face.mesh, 0));
  const [down, right] = [fine.toPhoto[4] / fine.unitPx, fine.toPhoto[1] / fine.unitPx];
  const cellsEach = coarse.cellPx / fine.cellPx;
  for (let i = 0; i < count; i++) {
    const [x, y] = [random.uniform() * fine.widthCells, random.uniform() * fine.heightCells];
    const [lean, size, thick] = [random.normal(), random.uniform(), random.uniform()];
    const cell = Math.floor(y / cellsEach) * coarse.widthCells + Math.floor(x / cellsEach);
    const here = region.data[cell] as number;
    if (here < 0.02) continue;
    // They grow down and away from the middle of the mouth.
    const aside = (x - mouth.x) * down - (y - mouth.y) * right;
    const angle = 0.5 * Math.tanh(aside / (22 * unit)) + 0.38 * lean;
    const length = HAIR.length * unit * (0.5 + 0.8 * size) * (0.4 + 0.6 * amount);
    const [stepX, stepY] = [Math.sin(angle), Math.cos(angle)];
    const tip = { x: x + length * (stepX * down + stepY * right), y: y + length * (stepY * down - stepX * right) };
    addStroke(ink, [{ x, y }, tip], {
      deviation: HAIR.width * unit * (0.7 + 0.6 * thick),
      strength: HAIR.ink * amount * Math.min(1, 1.2 * here),
      profile: tapering,
    });
  }
  return ink;
}
