import { EYES } from '../../../face/landmarks68.ts';
import type { Image } from '../../../image/image.ts';
import { edgeAt, emptyAperture, heightOf, setAperture } from './aperture.ts';
import { blend, forEachWithin, type Painter, placeOf } from './aperture-pixels.ts';
import { sampleColour } from './bilinear.ts';
import type { FaceMesh } from './face-mesh.ts';

/** Lashes of a closing eye: half their width in units of the mean face, and how much darker than the skin they are. */
const LASHES = { width: 0.016, depth: 0.55 } as const;

/** The share of an eye's height in the photo below which it is closing; above, the head only turned. */
const STILL_OPEN = 0.92;

/**
 * Paints the eyes: where lids close, the eyeball stays behind them as it is, instead of being pressed flat with the skin, and the lashes come down with the upper lid.
 */
export function createEyePainter(photo: Image, mesh: FaceMesh): Painter {
  const eyes = EYES.map((edges) => {
    const source = emptyAperture();
    setAperture(source, mesh.photo, edges);
    return { edges, source, target: emptyAperture(), openPx: Math.max(0.5, heightOf(source)) };
  });
  const colour = new Float64Array(3);
  const width = LASHES.width * mesh.unitPx;
  return (out, moved) => {
    for (const { edges, source, target, openPx } of eyes) {
      setAperture(target, moved, edges);
      const closed = Math.min(1, Math.max(0, 1 - heightOf(target) / (STILL_OPEN * openPx)));
      // Half closed, the eyeball is wholly the photo's; an eye that opens further is stretched.
      const share = Math.min(1, 4 * closed);
      if (share === 0) continue;
      forEachWithin(out, target, 3 * width, (at, u, v) => {
        const above = v - edgeAt(target.upper, u);
        const below = edgeAt(target.lower, u) - v;
        const ball = share * Math.min(1, Math.max(0, Math.min(above, below) + 0.5));
        if (ball > 0) {
          placeOf(source, u, v, colour);
          sampleColour(photo, colour[0] as number, colour[1] as number, colour);
          for (let k = 0; k < 3; k++) blend(out, at + k, ball, colour[k] as number);
        }
        const lash = closed * LASHES.depth * Math.exp(-((above / width) ** 2)) * Math.min(1, 12 * u * (1 - u));
        for (let k = 0; k < 3; k++) blend(out, at + k, lash, 0.25 * (out.data[at + k] as number));
      });
    }
  };
}
