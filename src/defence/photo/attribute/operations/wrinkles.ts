import type { Face, Point } from '../../../../face/face.ts';
import { FACE_LINES, meshPoint, meshPoints } from '../../../../face/face-regions.ts';
import type { Image } from '../../../../image/image.ts';
import { type Plane, smoothPlane } from '../../../../image/plane.ts';
import type { Random } from '../../../../util/random.ts';
import { cellColours, type FaceGrid, faceGrid, toCells } from '../face-grid.ts';
import type { FaceOperation } from './operation.ts';
import { recolourCells } from './recolouring.ts';
import { SIDES, type Side, sideVisibility } from './side-visibility.ts';
import { findSkin, labOf, type Skin, skinAt, skinOn } from './skin.ts';
import { addStroke, curveThrough, mix, partOf, swelling, waver } from './strokes.ts';

/** The face without its neck, in units of the canonical frame, and cells fine enough for a wrinkle. */
const BOX = { x: -4, y: -14, width: 120, height: 140 };
const CELLS_PER_UNIT = 2.5;

/** A wrinkle to draw: its path in the photo, half its width in units of the canonical frame, and how dark it is, 0..1. */
interface Wrinkle {
  readonly path: readonly Point[];
  readonly width: number;
  readonly depth: number;
}

/** By how much the face's own folds are deepened, over this deviation in units of the canonical frame, and at most. */
const OWN_FOLDS = { gain: 0.7, reach: 2.2, most: 0.1 } as const;

/** What a fold's shade, as a share, adds to a / L and b / L. */
const FOLD_WARMTH = 0.14;

/**
 * Wrinkles of age: lines of the forehead and between the brows, crow's feet, folds beside nose and mouth and below the eyes, drawn as valleys with a lit edge along the mesh; and the face's
 * own folds deepened. As shading, so that the skin's own texture stays.
 */
export const wrinkles: FaceOperation = {
  name: 'wrinkles',
  description: 'draws wrinkles along the face’s mesh and deepens its own folds',
  apply(photo, face, { amount, random }) {
    const skin = amount > 0 ? findSkin(photo, face) : undefined;
    const grid = skin && faceGrid(photo, face, BOX, CELLS_PER_UNIT);
    if (!skin || !grid) return;
    const shade = deepenedFolds(photo, grid, skin);
    for (const wrinkle of wrinklesOf(face, grid.unitPx, random)) drawWrinkle(shade, grid, skin, wrinkle);
    recolourCells(photo, grid, [shade], (lab, [shades], x) => {
      const dark = amount * (shades?.[x] as number);
      const lightness = (lab[0] as number) * (1 - dark);
      lab[0] = lightness;
      // Light that comes out of a fold has been through skin: warmer than a mere shadow.
      lab[1] = (lab[1] as number) * (1 - dark) + FOLD_WARMTH * dark * lightness;
      lab[2] = (lab[2] as number) * (1 - dark) + FOLD_WARMTH * dark * lightness;
    });
  },
};

/** How much darker the skin is than the skin about it, as a share, somewhat exaggerated. */
function deepenedFolds(photo: Image, grid: FaceGrid, skin: Skin): Plane {
  const { lightness } = labOf(cellColours(photo, grid), grid);
  const about = smoothPlane(lightness, OWN_FOLDS.reach * grid.unitCells);
  const { most, gain } = OWN_FOLDS;
  const shade = skinOn(skin, grid);
  for (let i = 0; i < shade.data.length; i++) {
    const here = shade.data[i] as number;
    if (here === 0) continue;
    const mean = about.data[i] as number;
    const fold = (mean - (lightness.data[i] as number)) / Math.max(mean, 0.05);
    shade.data[i] = here * most * Math.tanh((gain * fold) / most);
  }
  return shade;
}

function drawWrinkle(shade: Plane, grid: FaceGrid, skin: Skin, { path, width, depth }: Wrinkle): void {
  const cells = path.map((point) => toCells(grid, point));
  const deviation = width * grid.unitCells;
  // The photo's light mostly comes from above: below a valley there is a lit edge. "Below" is the face's.
  const [down, right] = [grid.toPhoto[4] / grid.unitPx, grid.toPhoto[1] / grid.unitPx];
  const lit = cells.map(({ x, y }) => ({ x: x + 1.9 * deviation * right, y: y + 1.9 * deviation * down }));
  const profile = (along: number): number => {
    const { x, y } = path[Math.round(along * (path.length - 1))] as Point;
    return swelling(along) * skinAt(skin, x, y);
  };
  addStroke(shade, cells, { deviation, strength: depth, profile });
  addStroke(shade, cells, { deviation: 3 * deviation, strength: 0.3 * depth, profile });
  addStroke(shade, lit, { deviation: 1.2 * deviation, strength: -0.4 * depth, profile });
}

function wrinklesOf(face: Face, unitPx: number, random: Random): Wrinkle[] {
  const shaky: Shaky = (points, deviation, stream) => waver(curveThrough(points), deviation * unitPx, stream);
  return [
    ...foreheadLines(face, random.fork('forehead'), shaky),
    ...SIDES.flatMap((side) => {
      const visible = sideVisibility(face, side);
      return sideLines(face, side, random.fork(side), shaky).map((line) => ({ ...line, depth: line.depth * visible }));
    }),
  ];
}

/** A curve through points that wavers by a deviation in units of the canonical frame. */
type Shaky = (points: readonly Point[], deviation: number, random: Random) => Point[];

/** Heights between the brows (0), the middle of the forehead (1) and its top (2). */
const FOREHEAD_HEIGHTS = [0.62, 1.0, 1.38, 1.75] as const;

function foreheadLines({ mesh }: Face, random: Random, shaky: Shaky): Wrinkle[] {
  const [brows, middle, top] = [FACE_LINES.foreheadBrows, FACE_LINES.foreheadMiddle, FACE_LINES.foreheadTop].map(
    (line) => meshPoints(mesh, line),
  ) as readonly Point[][] as [Point[], Point[], Point[]];
  return FOREHEAD_HEIGHTS.flatMap((height, i) => {
    const row = middle.map((point, k) => {
      const other = (height < 1 ? brows : top)[k] ?? point;
      return mix(point, other, Math.abs(height - 1));
    });
    const path = shaky(row, 0.7, random);
    const middleGap = 0.45 + 0.1 * random.uniform();
    const [start, end] = [0.03 + 0.12 * random.uniform(), 0.86 + 0.12 * random.uniform()];
    const depth = 0.1 * (0.75 + 0.4 * random.uniform()) * (i === 3 ? 0.6 : 1);
    // Some lines run through, others are two that overlap.
    if (random.uniform() < 0.5) return [{ path: partOf(path, start, end), width: 0.42, depth }];
    return [
      { path: partOf(path, start, middleGap + 0.1), width: 0.42, depth },
      { path: shaky(partOf(path, middleGap - 0.06, end), 0.25, random), width: 0.38, depth: 0.9 * depth },
    ];
  });
}

/** Points and lines of the mesh that the wrinkles of one side follow. */
const SIDE_MESH = {
  left: {
    ...{ eye: 33, besideEye: 226, temples: [139, 34, 116], brow: 55, browTop: 107, mouth: 61, chin: [202, 211] },
    ...{ lid: FACE_LINES.leftLowerLid, bag: FACE_LINES.leftBag, fold: FACE_LINES.leftFold },
  },
  right: {
    ...{ eye: 263, besideEye: 446, temples: [368, 264, 345], brow: 285, browTop: 336, mouth: 291, chin: [422, 431] },
    ...{ lid: FACE_LINES.rightLowerLid, bag: FACE_LINES.rightBag, fold: FACE_LINES.rightFold },
  },
} as const;

/** The root of the nose between the eyes, and the middle between the brows. */
const [NOSE_ROOT, BETWEEN_BROWS] = [168, 9];

function sideLines({ mesh }: Face, side: Side, random: Random, shaky: Shaky): Wrinkle[] {
  const points = SIDE_MESH[side];
  const at = (index: number): Point => meshPoint(mesh, index);
  const curve = (line: readonly number[]): Point[] => curveThrough(meshPoints(mesh, line));
  const [lid, bag, fold] = [curve(points.lid), curve(points.bag), curve(points.fold)];
  const [mouth, ...chin] = [points.mouth, ...points.chin].map(at) as [Point, Point, Point];
  const frown = [
    mix(at(NOSE_ROOT), at(points.brow), 0.42),
    mix(at(BETWEEN_BROWS), at(points.browTop), 0.38),
    mix(mix(at(BETWEEN_BROWS), at(points.browTop), 0.34), at(151), 0.06),
  ];
  return [
    ...crowsFeet(points, at, random, shaky),
    // Beside the nose, from the nostril; below the corner of the mouth; between the brows; below the eye.
    { path: shaky(partOf(fold, 0.06, 0.98), 0.3, random), width: 0.85, depth: 0.17 },
    {
      path: shaky([mix(mouth, chin[0], 0.25), mix(chin[0], chin[1], 0.25), chin[1]], 0.3, random),
      width: 0.6,
      depth: 0.09,
    },
    { path: shaky(frown, 0.2, random), width: 0.45, depth: 0.1 },
    { path: shaky(partOf(betweenLines(lid, bag, 0.4), 0.06, 0.8), 0.25, random), width: 0.4, depth: 0.085 },
    { path: shaky(partOf(betweenLines(lid, bag, 0.72), 0.06, 0.65), 0.25, random), width: 0.4, depth: 0.07 },
  ];
}

/** The line that lies a share of the way from one to the other. */
function betweenLines(from: readonly Point[], to: readonly Point[], share: number): Point[] {
  return from.map((point, i) => {
    const there = to[Math.round((i / (from.length - 1)) * (to.length - 1))] ?? point;
    return mix(point, there, share);
  });
}

function crowsFeet(
  points: (typeof SIDE_MESH)[Side],
  at: (index: number) => Point,
  random: Random,
  shaky: Shaky,
): Wrinkle[] {
  const temples = curveThrough(points.temples.map(at));
  const corner = mix(at(points.eye), at(points.besideEye), 0.35);
  return [0.12, 0.3, 0.48, 0.66, 0.84].map((place) => {
    const share = place + 0.1 * (random.uniform() - 0.5);
    const target = partOf(temples, share, share)[0] ?? corner;
    const bow = (share - 0.45) * 0.16;
    const start = mix(corner, target, 0.16 + 0.08 * random.uniform());
    const end = mix(corner, target, 0.6 + 0.22 * random.uniform());
    const halfway = mix(start, end, 0.5);
    // They bow away from the middle one.
    const bent = { x: halfway.x - bow * (end.y - start.y), y: halfway.y + bow * Math.abs(end.x - start.x) };
    return { path: shaky([start, bent, end], 0.2, random), width: 0.45, depth: 0.085 * (0.6 + 0.5 * random.uniform()) };
  });
}
