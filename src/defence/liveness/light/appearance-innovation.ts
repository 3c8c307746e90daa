import { inverse, Matrix } from 'ml-matrix';
import { luminanceOf } from '../../../image/srgb.ts';
import { medianOf } from '../../../metric/median.ts';
import type { Measurement } from '../checks/check.ts';
import { type FaceLight, regionalChange, type SkinLight, type SkinPoint } from './skin-light.ts';

/** Under which name {@link observeAppearance} is stored, and read by `observedCheck`. */
export const APPEARANCE_CHECK = 'appearance-innovation';

/** The light on a face at a time, and how the head is held then. */
export interface TurnedFrame {
  /** On skin that was found again by its own pixels. */
  readonly light: FaceLight;
  /** `headSignals`: 1 is as much as a challenge asks for; to the person's left. */
  readonly turn: number;
  /** Chin lowered. */
  readonly nod: number;
  /** Whether the head is at rest as before a challenge. */
  readonly resting: boolean;
}

/** What a turn about one axis changes: one region against the other. */
const AXES = [
  { axis: 'turn', words: 'turning', ofOne: ({ side }: SkinPoint): boolean => side === 'left' },
  { axis: 'nod', words: 'nodding', ofOne: ({ part }: SkinPoint): boolean => part === 'forehead' },
] as const;

/** A head is turned from here on, as a share of what a challenge asks for; and must be so in so many frames. What is turned further than the most was not found rightly: no face is seen then. */
const TURNED = { least: 0.5, most: 8, frames: 5 } as const;

/** Changes below this are noise: a thousandth of the light. */
const SMALLEST = 1e-3;

/**
 * How much the light on a face changes as the head turns, beyond brightness, contrast and noise: of a head in a room one side grows lighter against the other, or forehead against cheeks; a photo that is warped
 * carries its light along. The ratio of the regions' light is fitted by a parabola of the turn; the score is the natural logarithm of what this explains in frames in which the head is turned, root mean square, of that
 * axis on which it is more.
 *
 * It stops pure warps; what is recorded, or rendered in light, passes. Not looked at is skin that comes to light behind another. It does not apply where no turn is seen. The quality is how far the head turned.
 */
export function observeAppearance(frames: readonly TurnedFrame[]): Measurement {
  const found = AXES.flatMap(({ axis, words, ofOne }) => {
    const change = changeWith(frames, axis, ofOne);
    return change ? [{ ...change, words }] : [];
  });
  const [strongest] = found.toSorted((a, b) => b.explained - a.explained);
  if (!strongest) return { notApplicable: 'no turn of the head is seen' };
  const { explained, farthest, words } = strongest;
  return {
    score: Math.log(Math.max(SMALLEST, explained)),
    quality: Math.min(1, farthest),
    reason: `the light on the face changes by ${(100 * explained).toFixed(1)} % with ${words}`,
  };
}

function changeWith(frames: readonly TurnedFrame[], axis: 'turn' | 'nod', ofOne: (point: SkinPoint) => boolean) {
  const resting = frames.filter((frame) => frame.resting);
  const neutral = medianOf(resting.map((frame) => frame[axis]));
  const lights = frames.map(({ light }) => light);
  const rest = resting.map(({ light }) => light);
  const one = regionalChange(lights, ofOne, luminance, rest);
  const other = regionalChange(lights, (point) => !ofOne(point), luminance, rest);
  const seen = frames.flatMap((frame, f) => {
    const point = { by: frame[axis] - neutral, ratio: (one[f] ?? Number.NaN) - (other[f] ?? Number.NaN) };
    return Math.abs(point.by) <= TURNED.most && Number.isFinite(point.ratio) ? [point] : [];
  });
  const turned = seen.filter(({ by }) => Math.abs(by) >= TURNED.least);
  if (turned.length < TURNED.frames) return undefined;
  const [, slope, curvature] = parabola(seen);
  const squares = turned.reduce((sum, { by }) => sum + (slope * by + curvature * by * by) ** 2, 0);
  return {
    explained: Math.sqrt(squares / turned.length),
    farthest: Math.max(...turned.map(({ by }) => Math.abs(by))),
  };
}

/** Logarithm of the luminance. */
const luminance = ({ red, green, blue }: SkinLight): number =>
  Math.log(luminanceOf(Math.exp(red), Math.exp(green), Math.exp(blue)));

/** Added to the normal equations, so that turns to one side alone have a parabola too; as a share of a frame. */
const RIDGE = 1e-3;

/** The parabola that fits best: constant, slope, curvature. */
function parabola(seen: readonly { readonly by: number; readonly ratio: number }[]): [number, number, number] {
  const design = new Matrix(seen.map(({ by }) => [1, by, by * by]));
  const normal = design.transpose().mmul(design).add(Matrix.eye(3).mul(RIDGE));
  const [constant = 0, slope = 0, curvature = 0] = inverse(normal)
    .mmul(design.transpose())
    .mmul(Matrix.columnVector(seen.map(({ ratio }) => ratio)))
    .to1DArray();
  return [constant, slope, curvature];
}
