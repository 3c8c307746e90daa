import type { Point } from '../../../face/face.ts';
import type { Image } from '../../../image/image.ts';
import { LINEAR_OF_BYTE } from '../../../image/srgb.ts';
import { medianOf } from '../../../metric/median.ts';

/** A point of the 468-point mesh on skin that is bare in most people. */
export interface SkinPoint {
  readonly index: number;
  /** As seen in the picture. */
  readonly side: 'left' | 'right';
  readonly part: 'forehead' | 'cheek';
}

/** Points and their mirror images. All of them are followed as patches. */
const PAIRS = {
  // biome-ignore format: a part of the face a row
  forehead: [[109, 338], [108, 337], [69, 299], [67, 297], [104, 333]],
  // biome-ignore format: a part of the face a row
  cheek: [[230, 450], [119, 348], [117, 346], [101, 330], [50, 280], [36, 266]],
} as const;

/** Where the light on a face is measured. */
export const SKIN_POINTS: readonly SkinPoint[] = (['forehead', 'cheek'] as const).flatMap((part) =>
  PAIRS[part].flatMap(([left, right]): SkinPoint[] => [
    { index: left, side: 'left', part },
    { index: right, side: 'right', part },
  ]),
);

/** Mean light of a disc of skin: natural logarithms of linear red, green and blue, so that its own colour is a term that drops out. */
export interface SkinLight {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

/** One frame's light, in the order of {@link SKIN_POINTS}; undefined where a point is not seen. */
export type FaceLight = readonly (SkinLight | undefined)[];

/** Radius of the disc of skin whose light is measured, as a share of the face's width. */
const DISC = 0.025;

/** Bytes below which a colour is mostly noise, and above which it may be clipped; and the share of a disc that must be neither. */
const [DARKEST, BRIGHTEST, LEAST_SEEN] = [12, 250, 0.7] as const;

/** The light on a face. @param placeOf - where a point of the mesh is seen. */
export function faceLight(image: Image, placeOf: (index: number) => Point | undefined, faceWidthPx: number): FaceLight {
  const radius = Math.max(1.5, DISC * faceWidthPx);
  return SKIN_POINTS.map(({ index }) => {
    const place = placeOf(index);
    return place && lightOfDisc(image, place, radius);
  });
}

/** Undefined where it lies outside the picture, in the dark, or is clipped. */
function lightOfDisc({ widthPx, heightPx, data }: Image, { x, y }: Point, radius: number): SkinLight | undefined {
  if (!(x >= radius && y >= radius && x + radius <= widthPx - 1 && y + radius <= heightPx - 1)) return undefined;
  let [red, green, blue, seen, all] = [0, 0, 0, 0, 0];
  for (let row = Math.ceil(y - radius); row <= y + radius; row++)
    for (let column = Math.ceil(x - radius); column <= x + radius; column++) {
      if ((column - x) ** 2 + (row - y) ** 2 > radius * radius) continue;
      all++;
      const at = 3 * (row * widthPx + column);
      const [r, g, b] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
      if (Math.min(r, g, b) < DARKEST || Math.max(r, g, b) > BRIGHTEST) continue;
      seen++;
      red += LINEAR_OF_BYTE[r] as number;
      green += LINEAR_OF_BYTE[g] as number;
      blue += LINEAR_OF_BYTE[b] as number;
    }
  if (seen < LEAST_SEEN * all) return undefined;
  return { red: Math.log(red / seen), green: Math.log(green / seen), blue: Math.log(blue / seen) };
}

/** Points of a region that must be seen, so that a median of them says something. */
const FEWEST_POINTS = 3;

/**
 * How something changes in a region of the face from frame to frame: the median over its points of what it is at each, less what it is there at rest. NaN in frames in which too few points are seen.
 *
 * @param measure - of one point in one frame.
 * @param resting - the frames that count as rest.
 */
export function regionalChange(
  frames: readonly FaceLight[],
  region: (point: SkinPoint) => boolean,
  measure: (light: SkinLight) => number,
  resting: readonly FaceLight[],
): Float64Array {
  const at = (frame: FaceLight, point: number): number => {
    const light = frame[point];
    return light ? measure(light) : Number.NaN;
  };
  const known = (values: readonly number[]): number[] => values.filter((value) => !Number.isNaN(value));
  const points = SKIN_POINTS.flatMap((point, index) =>
    region(point) ? [{ index, rest: medianOf(known(resting.map((frame) => at(frame, index)))) }] : [],
  );
  return Float64Array.from(frames, (frame) => {
    const changes = known(points.map(({ index, rest }) => at(frame, index) - rest));
    return changes.length < FEWEST_POINTS ? Number.NaN : medianOf(changes);
  });
}
