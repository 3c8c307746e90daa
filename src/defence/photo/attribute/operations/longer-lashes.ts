import type { Face, Point } from '../../../../face/face.ts';
import { FACE_LINES, meshPoint, meshPoints } from '../../../../face/face-regions.ts';
import type { Plane } from '../../../../image/plane.ts';
import type { Random } from '../../../../util/random.ts';
import { smoothStep } from '../../../../util/smooth-step.ts';
import { type FaceGrid, faceGrid, gridPlane, toCells } from '../face-grid.ts';
import { browColour } from './hair-colour.ts';
import { layHair } from './hair-layer.ts';
import type { FaceOperation } from './operation.ts';
import { SIDES, type Side, sideVisibility } from './side-visibility.ts';
import { addStroke, curveThrough, mix, tapering } from './strokes.ts';

/** About both eyes, in units of the canonical frame. */
const BOX = { x: 6, y: 26, width: 100, height: 44 };

const LASHES_PER_EYE = 34;

/** A lash: length as a share of the eye's width, half its width in units of the canonical frame, and its depth of ink. */
const LASH = { length: 0.3, width: 0.13, ink: 1.4 } as const;

/** Lashes are never paler than this: L in OKLab. */
const PALEST = 0.28;

const EYES = {
  left: { inner: 133, outer: 33, upper: 159, lower: 145, brow: 52, lashes: FACE_LINES.leftUpperLashes },
  right: { inner: 362, outer: 263, upper: 386, lower: 374, brow: 282, lashes: FACE_LINES.rightUpperLashes },
} as const;

/** Longer lashes, drawn hair by hair along the upper lids; foreshortened as the mesh is, hanging where an eye is closed. */
export const longerLashes: FaceOperation = {
  name: 'longer-lashes',
  description: 'draws longer lashes along the upper lids',
  apply(photo, face, { amount, random }) {
    const grid = amount > 0 ? faceGrid(photo, face, BOX, Number.POSITIVE_INFINITY) : undefined;
    const brows = browColour(photo, face);
    if (!grid || !brows) return;
    const ink = gridPlane(grid);
    for (const side of SIDES) drawLashes(ink, grid, face, side, amount, random.fork(side));
    const colour = { lightness: Math.min(PALEST, 0.6 * brows.lightness), a: 0.5 * brows.a, b: 0.5 * brows.b };
    layHair(photo, grid, ink, colour);
  },
};

function drawLashes(ink: Plane, grid: FaceGrid, face: Face, side: Side, amount: number, random: Random): void {
  const eye = EYES[side];
  const at = (index: number): Point => meshPoint(face.mesh, index);
  const visible = sideVisibility(face, side);
  if (visible === 0) return;
  // The eye's own axes, as long as the mesh shows them: outwards by the eye's width, upwards by the same length of the face.
  const out = { x: at(eye.outer).x - at(eye.inner).x, y: at(eye.outer).y - at(eye.inner).y };
  const toBrow = { x: at(eye.brow).x - at(eye.lower).x, y: at(eye.brow).y - at(eye.lower).y };
  const rise = Math.hypot(toBrow.x, toBrow.y);
  const widthPx = Math.max(Math.hypot(out.x, out.y), 0.75 * rise);
  const up = { x: (toBrow.x / rise) * widthPx, y: (toBrow.y / rise) * widthPx };
  const opening = Math.hypot(at(eye.upper).x - at(eye.lower).x, at(eye.upper).y - at(eye.lower).y) / widthPx;
  // Open eyes lift their lashes; those of closed ones lie on the cheek.
  const lift = 2 * smoothStep(opening, 0.08, 0.2) - 1;
  const lid = curveThrough(meshPoints(face.mesh, eye.lashes), 12);
  for (let i = 0; i < LASHES_PER_EYE; i++) {
    // None in the inner corner; random places, as lashes stand in tufts.
    const along = 0.14 + 0.84 * ((i + 1.2 * random.uniform() - 0.6) / LASHES_PER_EYE);
    const root = lid[Math.round(Math.min(1, Math.max(0, along)) * (lid.length - 1))];
    if (!root) continue;
    const fan = -0.35 + 1.35 * along + 0.12 * random.normal();
    const length = LASH.length * (0.55 + 0.6 * along) * (0.75 + 0.4 * random.uniform()) * (0.45 + 0.55 * amount);
    const tip = {
      x: root.x + length * (up.x * lift * 0.85 + out.x * fan * 0.75),
      y: root.y + length * (up.y * lift * 0.85 + out.y * fan * 0.75),
    };
    // They leave the lid outwards and bend up.
    const knee = mix(root, tip, 0.5);
    const bent = { x: knee.x - 0.16 * length * up.x * lift, y: knee.y - 0.16 * length * up.y * lift };
    addStroke(ink, curveThrough([root, bent, tip].map((point) => toCells(grid, point))), {
      deviation: LASH.width * grid.unitCells * (0.8 + 0.4 * random.uniform()),
      strength: LASH.ink * amount * visible,
      profile: tapering,
    });
  }
  // Their roots stand so close that the lid's edge is dark.
  addStroke(
    ink,
    lid.slice(Math.round(0.12 * lid.length)).map((point) => toCells(grid, point)),
    {
      deviation: 0.4 * grid.unitCells,
      strength: 0.7 * amount * visible,
      profile: () => 1,
    },
  );
}
