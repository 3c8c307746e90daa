import { CANONICAL_EXTENT } from '../../../encoder/view.ts';
import { smoothPlanes } from './smoothing.ts';

/** Deviation of luma, 0..1, that perfectly smooth skin counts as having: it sets how much less smooth skin is changed than texture. */
const SKIN_DEVIATION = 0.02;

/** From this deviation on texture hides all that a cloak does. */
const TEXTURE_DEVIATION = 0.12;

/** The mask falls to nothing over this much of the canonical frame, in its units. */
const MASK_EDGE = 8;

/** SSIM's own constants (Wang et al. 2004), twice over because two variances stand in its denominators. */
const [C1, C2] = [0.01 ** 2, 0.03 ** 2];

/**
 * How much each pixel may change, 0..1 of the most: in proportion to the deviation of the luma around it, because texture hides change and smooth skin shows it; and
 * nothing at the edge of the frame, so that no outline is seen.
 *
 * @param face - planar [3,S,S], RGB, 0..1, filling the canonical frame.
 * @returns [S,S].
 */
export function changeAllowance(face: Float32Array, sizePx: number): Float32Array {
  const deviation = localDeviation(lumaOf(face), sizePx);
  const bounded = deviation.map((value) => Math.min(TEXTURE_DEVIATION, Math.hypot(value, SKIN_DEVIATION)));
  const top = bounded.reduce((most, value) => Math.max(most, value), 0);
  const edgePx = (MASK_EDGE * sizePx) / CANONICAL_EXTENT;
  return bounded.map((value, i) => {
    const [x, y] = [i % sizePx, Math.floor(i / sizePx)];
    const inside = Math.min(x, y, sizePx - 1 - x, sizePx - 1 - y);
    return (value / top) * Math.min(1, inside / edgePx);
  });
}

/**
 * What SSIM lets pass of a change around each pixel, [3,S,S] each: a change that is smooth over its window is weighed by the brightness there, one that is not by the
 * variance. For small changes DSSIM is close to the mean of smooth^2 / luminance + rough^2 / structure, up to a factor: so a step along gradient * these is the steepest
 * for its DSSIM.
 */
export function structuralTolerance(
  face: Float32Array,
  sizePx: number,
): { readonly luminance: Float32Array; readonly structure: Float32Array } {
  const mean = smoothPlanes(face, sizePx, 1);
  const square = smoothPlanes(
    face.map((value) => value * value),
    sizePx,
    1,
  );
  return {
    luminance: mean.map((value) => 2 * value * value + C1),
    structure: square.map((value, i) => 2 * Math.max(0, value - (mean[i] as number) ** 2) + C2),
  };
}

/** Luma of BT.601. */
function lumaOf(face: Float32Array): Float32Array {
  const plane = face.length / 3;
  return Float32Array.from(
    { length: plane },
    (_, i) =>
      0.299 * (face[i] as number) + 0.587 * (face[plane + i] as number) + 0.114 * (face[2 * plane + i] as number),
  );
}

function localDeviation(luma: Float32Array, sizePx: number): Float32Array {
  const deviationPx = (1.5 * sizePx) / CANONICAL_EXTENT;
  const mean = smoothPlanes(luma, sizePx, deviationPx);
  const square = smoothPlanes(
    luma.map((value) => value * value),
    sizePx,
    deviationPx,
  );
  return square.map((value, i) => Math.sqrt(Math.max(0, value - (mean[i] as number) ** 2)));
}
