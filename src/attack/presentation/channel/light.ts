import type { Image } from '../../../image/image.ts';
import { requireSize } from '../../../image/image-shape.ts';
import { LINEAR_OF_BYTE } from '../../../image/srgb.ts';
import { InputError } from '../../../util/errors.ts';

/** A scene as light: linear, three interleaved channels RGB, rows from the top; 1 is what the camera renders as white at its usual exposure, and there is brighter. */
export interface Light {
  readonly widthPx: number;
  readonly heightPx: number;
  /** 3 * widthPx * heightPx numbers, from 0 up. */
  readonly data: Float32Array;
}

/** Size of a picture in pixels. */
export interface FrameSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A scene without light. @throws ShapeError where the size is not whole and positive. */
export function darkness({ widthPx, heightPx }: FrameSize): Light {
  requireSize('a scene', widthPx, heightPx);
  return { widthPx, heightPx, data: new Float32Array(3 * widthPx * heightPx) };
}

/** Writes the light that an sRGB picture stands for to a scene of its size. */
export function writeLight({ data }: Image, out: Light): void {
  for (let i = 0; i < data.length; i++) out.data[i] = LINEAR_OF_BYTE[data[i] as number] as number;
}

/** Colour temperatures that {@link daylight} knows, in kelvin. */
export const DAYLIGHT_KELVIN = { low: 4000, high: 12_000 } as const;

/**
 * The colour of a daylight-like white, linear sRGB with green at 1; 6,504 K is [1, 1, 1].
 *
 * Source: the CIE daylight locus (Judd, MacAdam and Wyszecki 1964; CIE 15:2004); IEC 61966-2-1 for the matrix.
 *
 * @throws InputError below 4,000 K or above 12,000 K.
 */
export function daylight(kelvin: number): readonly [number, number, number] {
  const { low, high } = DAYLIGHT_KELVIN;
  if (!(kelvin >= low && kelvin <= high)) {
    throw new InputError(`a white of ${kelvin} K`, { hint: `give ${low} to ${high} K` });
  }
  const t = 1000 / kelvin;
  const x =
    kelvin <= 7000
      ? ((-4.607 * t + 2.9678) * t + 0.09911) * t + 0.244063
      : ((-2.0064 * t + 1.9018) * t + 0.24748) * t + 0.23704;
  const y = (-3 * x + 2.87) * x - 0.275;
  const [X, Z] = [x / y, (1 - x - y) / y];
  const red = 3.2404542 * X - 1.5371385 - 0.4985314 * Z;
  const green = -0.969266 * X + 1.8760108 + 0.041556 * Z;
  const blue = 0.0556434 * X - 0.2040259 + 1.0572252 * Z;
  return [red / green, 1, blue / green];
}
