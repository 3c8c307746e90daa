/** sRGB's 256 values as linear light, 0..1. Source: IEC 61966-2-1. */
export const LINEAR_OF_BYTE: Float32Array = Float32Array.from({ length: 256 }, (_, i) => linearOf(i / 255));

/** Luminance of linear red, green and blue, 1 for white. Source: IEC 61966-2-1. */
export const luminanceOf = (red: number, green: number, blue: number): number =>
  0.2126 * red + 0.7152 * green + 0.0722 * blue;

/** Steps of linear light from 0 to 1 whose sRGB value is looked up: fine enough that the darkest values keep their byte. */
const STEPS = 1 << 14;
const ENCODED = Uint8Array.from({ length: STEPS + 1 }, (_, i) => Math.round(255 * encodedOf(i / STEPS)));

/** The sRGB byte of linear light, 0..1; what lies beyond is clipped. */
export function byteOfLinear(linear: number): number {
  const step = linear > 0 ? (linear < 1 ? linear * STEPS + 0.5 : STEPS) : 0;
  return ENCODED[step | 0] as number;
}

function linearOf(encoded: number): number {
  return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
}

function encodedOf(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}
