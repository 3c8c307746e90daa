import { blockDct, inverseBlockDct } from '../../../image/dct.ts';
import type { Image } from '../../../image/image.ts';
import { InputError } from '../../../util/errors.ts';
import type { FrameSize } from './light.ts';
import type { CodecSettings } from './settings.ts';

/** Chroma is coded at half the size both ways, and both sizes in blocks of 8. */
const TILE = 16;

/** What is rounded up to a level, as a share of the step: a key frame's coefficients, and those of a difference. Source: H.264's reference encoder, JM, which takes 1/3 and 1/6. */
const ROUNDING = { key: 1 / 3, difference: 1 / 6 } as const;

/** Planes Y, Cb, Cr of a frame, as they are decoded. */
type Planes = readonly [Float32Array, Float32Array, Float32Array];

/** Gives frames as they come out of the decoder, in order. */
export type BlockCodec = (frame: Image) => Image;

/**
 * A stand-in for H.264 where there is no encoder: half-size chroma, 8x8 DCT, uniform quantisation with a dead zone and the step of H.264's parameter, of a key frame or of the difference to the
 * frame decoded before. So detail and noise are lost, blocks show, and what stands still freezes, as in a video call.
 *
 * It is **not** H.264: no motion compensation, no intra prediction, no 4x4 transform, no deblocking, no rate control. A result that hangs on compression needs the real one.
 *
 * Sources: Richardson, The H.264 Advanced Video Compression Standard, 2010 (the step doubles every 6 of the parameter and is 1 at 4); ITU-R BT.601 for the colours. About 8 ms a frame at
 * 256x256 px.
 */
export function createBlockCodec(
  { quantiser, keyframeEvery }: Pick<CodecSettings, 'quantiser' | 'keyframeEvery'>,
  { widthPx, heightPx }: FrameSize,
): BlockCodec {
  const step = 2 ** ((quantiser - 4) / 6);
  // A search may ask for 12.5: no count is a multiple of that.
  const every = Math.max(1, Math.round(keyframeEvery));
  const wide = Math.ceil(widthPx / TILE) * TILE;
  const high = Math.ceil(heightPx / TILE) * TILE;
  const sizes = [
    [wide, high],
    [wide / 2, high / 2],
    [wide / 2, high / 2],
  ] as const;
  let decoded: Planes | undefined;
  let count = 0;
  return (frame) => {
    if (frame.widthPx !== widthPx || frame.heightPx !== heightPx) {
      throw new InputError(`a frame of ${frame.widthPx}x${frame.heightPx} px in a clip of ${widthPx}x${heightPx} px`);
    }
    const before = count++ % every === 0 ? undefined : decoded;
    const planes = toPlanes(frame, wide, high);
    decoded = planes.map((plane, k) => {
      const [columns, rows] = sizes[k] as readonly [number, number];
      return codePlane(plane, columns, rows, step, before?.[k]);
    }) as unknown as Planes;
    return toImage(decoded, wide, { widthPx, heightPx });
  };
}

function codePlane(
  plane: Float32Array,
  widthPx: number,
  heightPx: number,
  step: number,
  before: Float32Array | undefined,
): Float32Array {
  const rest = plane.map((value, i) => value - (before?.[i] ?? 128));
  const coefficients = blockDct(rest, widthPx, heightPx);
  const rounding = before ? ROUNDING.difference : ROUNDING.key;
  for (let i = 0; i < coefficients.length; i++) {
    const value = coefficients[i] as number;
    const level = Math.floor(Math.abs(value) / step + rounding);
    coefficients[i] = value < 0 ? -level * step : level * step;
  }
  const kept = inverseBlockDct(coefficients, widthPx, heightPx);
  return kept.map((value, i) => Math.max(0, Math.min(255, value + (before?.[i] ?? 128))));
}

/** Full-range Y, Cb and Cr; edges are repeated up to whole tiles. */
function toPlanes({ data, widthPx, heightPx }: Image, wide: number, high: number): Planes {
  const luma = new Float32Array(wide * high);
  const [blue, red] = [new Float32Array((wide * high) / 4), new Float32Array((wide * high) / 4)];
  for (let y = 0; y < high; y++) {
    const row = 3 * widthPx * Math.min(y, heightPx - 1);
    for (let x = 0; x < wide; x++) {
      const p = row + 3 * Math.min(x, widthPx - 1);
      const [r, g, b] = [data[p] as number, data[p + 1] as number, data[p + 2] as number];
      const light = 0.299 * r + 0.587 * g + 0.114 * b;
      luma[y * wide + x] = light;
      const c = (y >> 1) * (wide >> 1) + (x >> 1);
      blue[c] = (blue[c] as number) + (128 + 0.564 * (b - light)) / 4;
      red[c] = (red[c] as number) + (128 + 0.713 * (r - light)) / 4;
    }
  }
  return [luma, blue, red];
}

function toImage([luma, blue, red]: Planes, wide: number, { widthPx, heightPx }: FrameSize): Image {
  const data = new Uint8ClampedArray(3 * widthPx * heightPx);
  for (let y = 0, o = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, o += 3) {
      const light = luma[y * wide + x] as number;
      const c = (y >> 1) * (wide >> 1) + (x >> 1);
      const [cb, cr] = [(blue[c] as number) - 128, (red[c] as number) - 128];
      data[o] = light + 1.403 * cr;
      data[o + 1] = light - 0.344 * cb - 0.714 * cr;
      data[o + 2] = light + 1.773 * cb;
    }
  }
  return { widthPx, heightPx, data: new Uint8Array(data.buffer) };
}
