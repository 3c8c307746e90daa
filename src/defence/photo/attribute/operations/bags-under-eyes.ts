import type { Face, Point } from '../../../../face/face.ts';
import { FACE_LINES, meshPoints } from '../../../../face/face-regions.ts';
import { combinePlanes, type Plane } from '../../../../image/plane.ts';
import { type FaceGrid, faceGrid, gridPlane, toCells } from '../face-grid.ts';
import { shapeMask } from '../face-mask.ts';
import type { FaceOperation } from './operation.ts';
import { recolour } from './recolouring.ts';
import { SIDES, type Side, sideVisibility } from './side-visibility.ts';
import { findSkin, type Skin, skinAt } from './skin.ts';
import { addStroke, curveThrough, mix, partOf, swelling } from './strokes.ts';

/** About both eyes and the upper cheeks, in units of the canonical frame. */
const BOX = { x: 0, y: 36, width: 112, height: 50 };
const CELLS_PER_UNIT = 3;

/** How dark the ring is, the crease below the bag, and how light its bulge, as shares of the skin's lightness. */
const DEPTH = { ring: 0.085, crease: 0.14, bulge: 0.055 } as const;

/** What thin skin over veins adds to (a / L, b / L). */
const VEINS = { a: 0.014, b: -0.003 } as const;

/** Bags under the eyes: a bluish shade, a bulge that catches the light, and a crease below it. */
export const bagsUnderEyes: FaceOperation = {
  name: 'bags-under-eyes',
  description: 'shades bags below the eyes',
  apply(photo, face, { amount }) {
    const skin = amount > 0 ? findSkin(photo, face) : undefined;
    const grid = skin && faceGrid(photo, face, BOX, CELLS_PER_UNIT);
    if (!skin || !grid) return;
    const shade = gridPlane(grid);
    const rings = SIDES.map((side) => drawBag(shade, grid, face, skin, side));
    const ring = rings.reduce((all, one) => combinePlanes(Math.max, all, one), gridPlane(grid));
    const dark = combinePlanes((x, y) => x + DEPTH.ring * y, shade, ring);
    recolour(photo, grid, [dark, ring], (lab, [darks, rings], x) => {
      const factor = 1 - amount * (darks?.[x] as number);
      const veins = amount * (rings?.[x] as number) * (lab[0] as number);
      lab[0] = (lab[0] as number) * factor;
      lab[1] = (lab[1] as number) * factor + VEINS.a * veins;
      lab[2] = (lab[2] as number) * factor + VEINS.b * veins;
    });
  },
};

/** Draws bulge and crease of one eye into the shade, and gives the ring's mask. */
function drawBag(shade: Plane, grid: FaceGrid, face: Face, skin: Skin, side: Side): Plane {
  const [lid, lower] = (side === 'left'
    ? [FACE_LINES.leftLowerLid, FACE_LINES.leftBag]
    : [FACE_LINES.rightLowerLid, FACE_LINES.rightBag]
  ).map((line) => curveThrough(meshPoints(face.mesh, line))) as readonly Point[][] as [Point[], Point[]];
  const visible = sideVisibility(face, side);
  const upper = lid.map((point, i) => mix(point, across(lower, i, lid.length), 0.18));
  const crease = lid.map((point, i) => mix(point, across(lower, i, lid.length), 0.86));
  const bulge = lid.map((point, i) => mix(point, across(lower, i, lid.length), 0.55));
  const draw = (path: readonly Point[], width: number, strength: number): void =>
    addStroke(
      shade,
      path.map((point) => toCells(grid, point)),
      {
        deviation: width * grid.unitCells,
        strength: strength * visible,
        profile: (along) => {
          const { x, y } = path[Math.round(along * (path.length - 1))] as Point;
          return swelling(along) * skinAt(skin, x, y);
        },
      },
    );
  draw(partOf(crease, 0.04, 0.86), 0.95, DEPTH.crease);
  draw(partOf(bulge, 0.1, 0.8), 1.3, -DEPTH.bulge);
  const ring = shapeMask(grid, [[...upper, ...partOf(crease, 0, 0.94).toReversed()]], 1.6);
  return { ...ring, data: ring.data.map((value) => visible * value) };
}

const across = (line: readonly Point[], i: number, count: number): Point =>
  line[Math.round((i / (count - 1)) * (line.length - 1))] as Point;
