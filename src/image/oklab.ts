import { byteOfLinear, LINEAR_OF_BYTE } from './srgb.ts';

/**
 * OKLab, in which equal steps look equally large: L 0 (black) to 1 (white), a from green to red, b from blue to yellow. Light of k times the intensity scales all three by
 * the cube root of k, so that a / L and b / L tell a surface's colour whatever shade it lies in.
 *
 * Source: Ottosson, "A perceptual color space for image processing" (2020), the matrices for sRGB.
 */
export interface Oklab {
  readonly lightness: number;
  readonly a: number;
  readonly b: number;
}

/** Writes the OKLab of one pixel, bytes 0..255 of sRGB, to lab[0..2]. */
export function toOklab(red: number, green: number, blue: number, lab: Float32Array): void {
  const r = LINEAR_OF_BYTE[red] as number;
  const g = LINEAR_OF_BYTE[green] as number;
  const b = LINEAR_OF_BYTE[blue] as number;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  lab[0] = 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
  lab[1] = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  lab[2] = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
}

/** Writes the sRGB bytes of lab[0..2] to pixels[at..at + 2]; what sRGB cannot show is clipped. */
export function fromOklab(lab: Float32Array, pixels: Uint8Array, at: number): void {
  const lightness = lab[0] as number;
  const a = lab[1] as number;
  const b = lab[2] as number;
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  pixels[at] = byteOfLinear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  pixels[at + 1] = byteOfLinear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  pixels[at + 2] = byteOfLinear(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
}
