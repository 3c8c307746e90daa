import { MOUTH } from '../../../face/landmarks68.ts';
import type { Image } from '../../../image/image.ts';
import { edgeAt, emptyAperture, heightOf, setAperture } from './aperture.ts';
import { blend, forEachWithin, type Painter, placeOf } from './aperture-pixels.ts';
import { sampleColour } from './bilinear.ts';
import type { FaceMesh } from './face-mesh.ts';

/** Heights in units of the mean face: how far the upper teeth show below the lip, over how much their edge fades, and between which the photo's own open mouth comes to be shown. */
const HEIGHT = { teeth: 0.05, edge: 0.016, open: [0.05, 0.11] } as const;

/** A mouth up to so many times as open as in the photo has not parted; the head only came nearer. */
const STILL_CLOSED = 1.1;

/** Colours on skin of mean luma 170, which scales them. */
const COLOURS = { cavity: [42, 16, 17], tongue: [116, 58, 58], teeth: [206, 194, 178] } as const;
const SKIN_LUMA = 170;

/** Points on the cheeks and the nose, where skin is bare: middles of two landmarks each. */
const BARE_SKIN = [
  [31, 2],
  [35, 14],
  [29, 28],
  [41, 4],
  [46, 12],
] as const;

/**
 * Paints the inside of the mouth where lips part: what the photo's own open mouth shows stays with the upper jaw, and below it, or behind lips that were closed, lies a dark cavity with a
 * band of upper teeth and a tongue.
 */
export function createMouthPainter(photo: Image, mesh: FaceMesh): Painter {
  const [source, target] = [emptyAperture(), emptyAperture()];
  setAperture(source, mesh.photo, MOUTH);
  const sourceHeight = heightOf(source);
  const { unitPx } = mesh;
  // A mouth that is open in the photo has teeth of its own, or none to be seen; one that is hardly open may be closed, by landmarks that are a little off.
  const [from, to] = HEIGHT.open;
  const ownShare = clamp01((sourceHeight / unitPx - from) / (to - from));
  const brightness = skinLuma(photo, mesh.photo) / SKIN_LUMA;
  const colour = new Float64Array(3);
  return (out, moved) => {
    setAperture(target, moved, MOUTH);
    const height = heightOf(target);
    // The teeth end along an arch, whatever the lip's own line is.
    const teethLine = (edgeAt(target.upper, 0.3) + edgeAt(target.upper, 0.5) + edgeAt(target.upper, 0.7)) / 2.68;
    const parted = clamp01((height - STILL_CLOSED * sourceHeight) / 2);
    forEachWithin(out, target, 1, (at, u, v) => {
      const upper = edgeAt(target.upper, u);
      const depth = v - upper;
      // What is stretched below shows at no edge of an opened mouth: the paint reaches a little beneath the lips.
      const within = clamp01(Math.min(depth, edgeAt(target.lower, u) - v) + 0.5 + 0.7 * parted);
      if (within === 0) return;
      const sourceUpper = edgeAt(source.upper, u);
      const sourceDepth = edgeAt(source.lower, u) - sourceUpper;
      // Where the photo's own mouth ends, its lower lip begins.
      const own = ownShare * (1 - clamp01((depth - sourceDepth + 1) * parted));
      const shown = own + (1 - own) * parted;
      if (shown === 0) return;
      paintInside(colour, u, depth, height, v - teethLine * (1 - (2 * u - 1) ** 2));
      if (own > 0) {
        const [r, g, b] = colour as unknown as readonly [number, number, number];
        const share = own / shown;
        placeOf(source, u, sourceUpper + depth, colour);
        sampleColour(photo, colour[0] as number, colour[1] as number, colour);
        colour[0] = r + share * ((colour[0] as number) - r);
        colour[1] = g + share * ((colour[1] as number) - g);
        colour[2] = b + share * ((colour[2] as number) - b);
      }
      for (let k = 0; k < 3; k++) blend(out, at + k, within * shown, colour[k] as number);
    });
  };

  /** Cavity, tongue and teeth at a depth below the upper lip and below the arch of the teeth's roots, in pixels. */
  function paintInside(into: Float64Array, u: number, depth: number, height: number, belowArch: number): void {
    const aside = 2 * Math.abs(u - 0.5);
    const bow = 1 - aside * aside;
    const teethPx = HEIGHT.teeth * unitPx * Math.sqrt(bow) * (1 - ownShare);
    const teeth = clamp01((teethPx - belowArch) / (HEIGHT.edge * unitPx) + 0.5) * clamp01(2.2 * bow) * (1 - ownShare);
    const tongue =
      0.7 * bow * clamp01(2.5 * (depth / Math.max(1, height) - 0.62)) * clamp01(height / (0.12 * unitPx) - 0.5);
    // The lip shades what is right below it, and the cheeks the teeth at the sides.
    const shade = (0.72 + 0.28 * clamp01(depth / (0.03 * unitPx))) * (0.6 + 0.4 * bow);
    for (let k = 0; k < 3; k++) {
      const dark = COLOURS.cavity[k] as number;
      const back = dark + tongue * ((COLOURS.tongue[k] as number) - dark);
      into[k] = brightness * (back + teeth * (shade * (COLOURS.teeth[k] as number) - back));
    }
  }
}

const clamp01 = (value: number): number => Math.min(1, Math.max(0, value));

/** Mean luma (BT.601) of bare skin, 0..255. */
function skinLuma(photo: Image, points: Float64Array): number {
  const colour = new Float64Array(3);
  let sum = 0;
  for (const [i, j] of BARE_SKIN) {
    const middle = (axis: number): number => ((points[2 * i + axis] as number) + (points[2 * j + axis] as number)) / 2;
    sampleColour(photo, middle(0), middle(1), colour);
    sum += 0.299 * (colour[0] as number) + 0.587 * (colour[1] as number) + 0.114 * (colour[2] as number);
  }
  return sum / BARE_SKIN.length;
}
