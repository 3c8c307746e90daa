import { CANONICAL_EXTENT } from '../../../encoder/view.ts';
import type { Random } from '../../../util/random.ts';
import { gaussianKernel, smoothPlanes, spreadPlanes } from './gaussian.ts';
import { type Homography, homographyWarp } from './homography-warp.ts';

/** By how much random views differ; each quantity is uniform within plus or minus its bound, in units of the canonical frame (112 across). */
export interface ViewRange {
  readonly turnDegrees: number;
  readonly shift: number;
  /** Of the extent: 0.05 is from 95 % to 105 %. */
  readonly scale: number;
  /** How much nearer one edge of the frame is than its middle: 0.06 makes it 6 % larger there. */
  readonly perspective: number;
  /** Contrast, as a factor about 1. */
  readonly contrast: number;
  /** Brightness, in pixel values 0..1. */
  readonly brightness: number;
  /** Deviation of the Gaussian blur, from 0 to this. */
  readonly blur: number;
}

/**
 * How differently a camera and an aligner may show one and the same face. Turn and shift are those of Sharif et al. 2016; kinds of change those of Brown et al. 2017 and
 * Athalye et al. 2018, as small as alignment leaves them.
 */
export const VIEW_RANGE: ViewRange = {
  turnDegrees: 4,
  shift: 4,
  scale: 0.05,
  perspective: 0.06,
  contrast: 0.15,
  brightness: 0.08,
  blur: 0.8,
};

/** How an accessory sits otherwise on the face than it was made for; glasses slip, skin moves under a patch. */
export const SLIP_RANGE: ViewRange = {
  turnDegrees: 1,
  shift: 1,
  scale: 0.01,
  perspective: 0,
  contrast: 0,
  brightness: 0,
  blur: 0,
};

/** What a view shows of a face. */
export interface ViewedFace {
  /** Planar [3,S,S], 0..1. */
  readonly picture: Float32Array;
  /** Brings a gradient with respect to the picture back to the face. */
  pullBack(gradient: Float32Array): Float32Array;
}

/** One way to see a face. */
export type RandomView = (face: Float32Array) => ViewedFace;

/** Draws a view: through a random homography, then blurred, then in another light. The same state of `random` gives the same view. */
export function drawView(random: Random, sizePx: number, range: ViewRange = VIEW_RANGE): RandomView {
  const warp = homographyWarp(drawHomography(random, range), { sourcePx: sizePx, outputPx: sizePx });
  const kernel = gaussianKernel((range.blur * random.uniform() * sizePx) / CANONICAL_EXTENT);
  const gain = 1 + spread(random, range.contrast);
  const offset = spread(random, range.brightness) + 0.5 * (1 - gain);
  return (face) => {
    const lit = smoothPlanes(warp.apply(face), sizePx, kernel).map((value) => gain * value + offset);
    return {
      picture: lit.map((value) => Math.min(1, Math.max(0, value))),
      // What is clipped does not answer to a change.
      pullBack: (gradient) => {
        const unlit = gradient.map((value, i) => {
          const seen = lit[i] as number;
          return seen >= 0 && seen <= 1 ? gain * value : 0;
        });
        return warp.transpose(spreadPlanes(unlit, sizePx, kernel));
      },
    };
  };
}

/** A random homography within a range: scaled, turned and shifted, then tilted. */
export function drawHomography(random: Random, range: ViewRange): Homography {
  const angle = (spread(random, range.turnDegrees) * Math.PI) / 180;
  const scale = 1 + spread(random, range.scale);
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const shift = (2 * range.shift) / CANONICAL_EXTENT;
  const [x, y] = [spread(random, shift), spread(random, shift)];
  return [cos, -sin, x, sin, cos, y, spread(random, range.perspective), spread(random, range.perspective), 1];
}

const spread = (random: Random, bound: number): number => bound * (2 * random.uniform() - 1);
