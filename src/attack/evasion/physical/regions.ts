import { CANONICAL_EXTENT } from '../../../encoder/view.ts';
import { CANONICAL_POINTS } from '../../../face/alignment.ts';
import type { Box, FivePoints, MeshPoint, Point } from '../../../face/face.ts';
import { CHEEKS, FACE_OUTLINES, meshPoints } from '../../../face/face-regions.ts';
import { fivePointsOf } from '../../../face/landmarks.ts';
import { InputError } from '../../../util/errors.ts';
import { disc, drawMask, ellipse, polygon, rim, roundedBox, type Shape, stroke, union, without } from './drawing.ts';

/** A mesh of a face, in units of the canonical frame. */
export type CanonicalMesh = readonly MeshPoint[];

/** The part of an aligned face that an accessory covers: a mask [S,S], 0..1. With a mesh it fits this face, without one the canonical face. */
export type Region = (sizePx: number, mesh?: CanonicalMesh) => Float32Array;

/** Where a patch sits: a usual place, or a rectangle or a disc in units of the canonical frame (0..112). */
export type PatchPlace =
  | 'forehead'
  | 'left-cheek'
  | 'right-cheek'
  | 'nose'
  | { readonly rectangle: Box }
  | { readonly disc: Point & { readonly radius: number } };

/**
 * Eyeglass frames: two rims, a bridge, and temples to the sides of the face. They cover about 6 % of the aligned face, as the frames of Sharif et al. 2016 do (6.5 % of theirs).
 */
export const eyeglassFrames: Region = (sizePx, mesh) => {
  const { middle, unit, turned } = eyeLine(mesh);
  // In units of the distance between the eyes, about its middle, along the line of the eyes.
  const rims = [-0.5, 0.5].map((x) => roundedBox({ x, y: 0.08 }, { x: 0.385, y: 0.27 }, 0.14));
  const bridge = stroke({ x: -0.14, y: -0.04 }, { x: 0.14, y: -0.04 }, 0.1);
  const temples = [-1, 1].map((side) => stroke({ x: 0.88 * side, y: -0.06 }, { x: 1.22 * side, y: -0.08 }, 0.1));
  const glasses = union(...rims.map((one) => rim(one, 0.11)), bridge, ...temples);
  return drawMask(placed(glasses, middle, unit, turned), sizePx);
};

/**
 * A patch at one place of the face.
 *
 * @throws InputError where the place is not wholly within the canonical frame, or has no area.
 */
export function patch(place: PatchPlace): Region {
  if (typeof place !== 'string') {
    const shape = givenShape(place);
    return (sizePx) => drawMask(shape, sizePx);
  }
  return (sizePx, mesh) => {
    const { middle, unit, turned } = eyeLine(mesh);
    return drawMask(placed(PLACES[place], middle, unit, turned), sizePx);
  };
}

/** Usual places of patches, as {@link eyeglassFrames} measures. */
const PLACES: Readonly<Record<Extract<PatchPlace, string>, Shape>> = {
  forehead: roundedBox({ x: 0, y: -0.72 }, { x: 0.6, y: 0.3 }, 0.08),
  'left-cheek': roundedBox({ x: -0.62, y: 0.68 }, { x: 0.27, y: 0.27 }, 0.08),
  'right-cheek': roundedBox({ x: 0.62, y: 0.68 }, { x: 0.27, y: 0.27 }, 0.08),
  nose: roundedBox({ x: 0, y: 0.44 }, { x: 0.24, y: 0.36 }, 0.12),
};

/** The lips alone, as make-up has them. */
export const lips: Region = (sizePx, mesh) => drawMask(lipShape(mesh), sizePx, LIP_SOFTNESS);

/** Lips, eyelids and cheeks, with edges as soft as each is worn. With a mesh their outlines are the face's own. */
export const makeUp: Region = (sizePx, mesh) => {
  const parts = [
    lips(sizePx, mesh),
    drawMask(lidShape(mesh), sizePx, 3),
    drawMask(cheekShape(mesh), sizePx, 8),
  ] as const;
  return parts[0].map((value, i) => Math.max(value, parts[1][i] as number, parts[2][i] as number));
};

const LIP_SOFTNESS = 1.5;

function lipShape(mesh: CanonicalMesh | undefined): Shape {
  if (mesh) return without(outline(mesh, FACE_OUTLINES.lips), outline(mesh, FACE_OUTLINES.mouth));
  const [, , , left, right] = CANONICAL_POINTS;
  const middle = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 };
  return ellipse(middle, { x: 0.54 * (right.x - left.x), y: 0.2 * (right.x - left.x) });
}

function lidShape(mesh: CanonicalMesh | undefined): Shape {
  if (mesh) return union(outline(mesh, FACE_OUTLINES.leftLid), outline(mesh, FACE_OUTLINES.rightLid));
  const { unit } = eyeLine(undefined);
  return union(
    ...CANONICAL_POINTS.slice(0, 2).map((eye) =>
      ellipse({ x: eye.x, y: eye.y - 0.19 * unit }, { x: 0.3 * unit, y: 0.11 * unit }),
    ),
  );
}

function cheekShape(mesh: CanonicalMesh | undefined): Shape {
  const { unit, middle } = eyeLine(mesh);
  const centres = mesh
    ? meshPoints(mesh, CHEEKS)
    : [-0.66, 0.66].map((x) => ({ x: middle.x + x * unit, y: middle.y + 0.62 * unit }));
  return union(...centres.map((centre) => disc(centre, 0.25 * unit)));
}

const outline = (mesh: CanonicalMesh, indices: readonly number[]): Shape => polygon(meshPoints(mesh, indices));

/** The line through the eyes: its middle, the eyes' distance, and its direction as cosine and sine. */
function eyeLine(mesh: CanonicalMesh | undefined): {
  readonly middle: Point;
  readonly unit: number;
  readonly turned: Point;
} {
  const [left, right]: FivePoints = mesh ? fivePointsOf(mesh) : CANONICAL_POINTS;
  const unit = Math.hypot(right.x - left.x, right.y - left.y);
  if (!(unit > 1))
    throw new InputError('the eyes of a mesh coincide', { hint: 'the mesh is to be in units of the canonical frame' });
  return {
    middle: { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 },
    unit,
    turned: { x: (right.x - left.x) / unit, y: (right.y - left.y) / unit },
  };
}

/** A shape that is given about the eyes, where it lies in the frame. */
const placed =
  (shape: Shape, middle: Point, unit: number, turned: Point): Shape =>
  ({ x, y }) => {
    const [right, down] = [(x - middle.x) / unit, (y - middle.y) / unit];
    return unit * shape({ x: right * turned.x + down * turned.y, y: down * turned.x - right * turned.y });
  };

function givenShape(place: Exclude<PatchPlace, string>): Shape {
  const isRectangle = 'rectangle' in place;
  const { x, y, width, height } = isRectangle
    ? place.rectangle
    : {
        x: place.disc.x - place.disc.radius,
        y: place.disc.y - place.disc.radius,
        width: 2 * place.disc.radius,
        height: 2 * place.disc.radius,
      };
  const isInside = x >= 0 && y >= 0 && x + width <= CANONICAL_EXTENT && y + height <= CANONICAL_EXTENT;
  if (!(isInside && width > 0 && height > 0)) {
    throw new InputError(`a patch of ${width}x${height} at ${x}, ${y} is not within the aligned face`, {
      hint: `the face is ${CANONICAL_EXTENT} units wide and high`,
    });
  }
  // A box is measured from the edges of pixels, whose centres are at whole numbers.
  const centre = { x: x + width / 2 - 0.5, y: y + height / 2 - 0.5 };
  return isRectangle ? roundedBox(centre, { x: width / 2, y: height / 2 }, 0) : disc(centre, width / 2);
}
