import type { Image } from '../../../image/image.ts';
import { byteOfLinear } from '../../../image/srgb.ts';
import type { Random } from '../../../util/random.ts';
import { createUnsteadyBlur } from './blur.ts';
import { daylight, type FrameSize, type Light } from './light.ts';
import type { CameraSettings } from './settings.ts';

/** Turns light into frames. It holds buffers of a frame's size, and is not to be used by two callers at once. */
export interface Camera {
  /** The next frame: a new picture. The scene may be overwritten. */
  take(scene: Light): Image;
}

/**
 * A camera without a mosaic of colours: lens (vignetting, defocus, motion), sensor (shot and read noise), white balance, sRGB. Frames are alike for a stream of the same state. About 4 ms a
 * frame at 256x256 px.
 */
export function createCamera(settings: CameraSettings, size: FrameSize, random: Random): Camera {
  const { exposureStops, whiteBalanceKelvin, vignetting } = settings;
  const fallOff = lensFallOff(size, vignetting, 2 ** exposureStops);
  const [red, green, blue] = daylight(whiteBalanceKelvin);
  const balance = [1 / red, 1 / green, 1 / blue] as const;
  const blur = createUnsteadyBlur(settings, size, random.fork('motion'));
  const noise = createSensorNoise(settings, random.fork('noise'));
  return {
    take(scene) {
      const { data } = blur(scene);
      fade(data, fallOff);
      noise(data, 3 * size.widthPx);
      return { ...size, data: developed(data, balance) };
    },
  };
}

/** Exposure times the share of the light that each pixel has: cos^4 of the angle, to second order, scaled to `vignetting` in the corner. */
function lensFallOff({ widthPx, heightPx }: FrameSize, vignetting: number, exposure: number): Float32Array {
  const [middleX, middleY] = [(widthPx - 1) / 2, (heightPx - 1) / 2];
  const corner = Math.max(1, middleX ** 2 + middleY ** 2);
  return Float32Array.from({ length: widthPx * heightPx }, (_, i) => {
    const [x, y] = [(i % widthPx) - middleX, Math.floor(i / widthPx) - middleY];
    return exposure * (1 - (vignetting * (x * x + y * y)) / corner);
  });
}

/** Weakens the three channels of each pixel, in place. */
function fade(data: Float32Array, factors: Float32Array): void {
  for (let i = 0, o = 0; i < factors.length; i++, o += 3) {
    const factor = factors[i] as number;
    data[o] = (data[o] as number) * factor;
    data[o + 1] = (data[o + 1] as number) * factor;
    data[o + 2] = (data[o + 2] as number) * factor;
  }
}

/** Light as sRGB bytes, its channels balanced. */
function developed(data: Float32Array, [red, green, blue]: readonly [number, number, number]): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let o = 0; o < out.length; o += 3) {
    out[o] = byteOfLinear((data[o] as number) * red);
    out[o + 1] = byteOfLinear((data[o + 1] as number) * green);
    out[o + 2] = byteOfLinear((data[o + 2] as number) * blue);
  }
  return out;
}

/** Normals are drawn once and read from a random place in every row: a row needs hundreds of them, and a fresh one costs more than everything else. */
const NORMALS = 1 << 16;

/**
 * Adds a sensor's noise to light, in place, row by row: of e electrons the deviation is the root of e + r^2, with read noise r; white light has `electronsAtWhite`. What falls below no light
 * at all stays, as black levels do.
 *
 * Source: Janesick, Photon Transfer, 2007; the Poisson distribution is taken as a normal one.
 */
export function createSensorNoise(
  { electronsAtWhite, readNoiseElectrons }: Pick<CameraSettings, 'electronsAtWhite' | 'readNoiseElectrons'>,
  random: Random,
): (data: Float32Array, rowLength: number) => void {
  const normals = random.normals(NORMALS);
  const shot = 1 / electronsAtWhite;
  const read = (readNoiseElectrons / electronsAtWhite) ** 2;
  return (data, rowLength) => {
    for (let start = 0; start < data.length; start += rowLength) {
      const from = random.integer(NORMALS);
      const end = Math.min(data.length, start + rowLength);
      for (let i = start; i < end; i++) {
        const light = data[i] as number;
        const normal = normals[(from + i - start) & (NORMALS - 1)] as number;
        data[i] = light + normal * Math.sqrt(shot * Math.max(0, light) + read);
      }
    }
  };
}
