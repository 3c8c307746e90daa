import type { Random } from '../../../util/random.ts';
import { darkness, type FrameSize, type Light } from './light.ts';
import type { CameraSettings } from './settings.ts';

/** Below this a blur is not seen, and not made. Pixels. */
const LEAST_DEVIATION = 0.15;
const LEAST_LENGTH = 0.4;

/**
 * Blurs by a lens out of focus (a Gaussian instead of a disc) and by motion during the exposure: along a line whose length and direction change with every frame, at most `motionBlurPx`.
 *
 * The returned light is the caller's until the next call.
 */
export function createUnsteadyBlur(
  { defocusPx, motionBlurPx }: Pick<CameraSettings, 'defocusPx' | 'motionBlurPx'>,
  size: FrameSize,
  random: Random,
): (scene: Light) => Light {
  const [half, whole] = [darkness(size), darkness(size)];
  const taps = gaussianTaps(defocusPx);
  return (scene) => {
    const length = motionBlurPx * random.uniform();
    const angle = Math.PI * random.uniform();
    let light = scene;
    if (defocusPx >= LEAST_DEVIATION) {
      blurRows(light, half, taps);
      blurColumns(half, whole, taps);
      light = whole;
    }
    if (length < LEAST_LENGTH) return light;
    blurLine(light, half, length * Math.cos(angle), length * Math.sin(angle));
    return half;
  };
}

/** Weights of a pixel, of both its neighbours, of both next to them and so on; all together they sum to 1. */
function gaussianTaps(deviation: number): Float32Array {
  const reach = Math.ceil(2.5 * deviation);
  const weights = Float32Array.from({ length: reach + 1 }, (_, t) =>
    Math.exp(-(t ** 2) / (2 * Math.max(deviation, 1e-3) ** 2)),
  );
  const sum = weights.reduce((total, weight, t) => total + (t === 0 ? weight : 2 * weight), 0);
  return weights.map((weight) => weight / sum);
}

/** Along each row; beyond the edge its pixels are repeated. */
function blurRows({ widthPx, heightPx, data }: Light, { data: out }: Light, taps: Float32Array): void {
  const reach = taps.length - 1;
  const stride = 3 * widthPx;
  // A row with its edge repeated: the loop over pixels then asks nothing.
  const row = new Float32Array(stride + 6 * reach);
  for (let y = 0; y < heightPx; y++) {
    const start = y * stride;
    row.set(data.subarray(start, start + stride), 3 * reach);
    for (let i = 0; i < 3 * reach; i++) {
      row[i] = row[3 * reach + (i % 3)] as number;
      row[stride + 3 * reach + i] = row[stride + 3 * reach - 3 + (i % 3)] as number;
    }
    const middle = taps[0] as number;
    for (let i = 0; i < stride; i++) {
      const from = i + 3 * reach;
      let sum = middle * (row[from] as number);
      for (let t = 1; t <= reach; t++) {
        sum += (taps[t] as number) * ((row[from - 3 * t] as number) + (row[from + 3 * t] as number));
      }
      out[start + i] = sum;
    }
  }
}

function blurColumns({ widthPx, heightPx, data }: Light, { data: out }: Light, taps: Float32Array): void {
  const stride = 3 * widthPx;
  const middle = taps[0] as number;
  for (let y = 0; y < heightPx; y++) {
    const to = y * stride;
    for (let i = to; i < to + stride; i++) out[i] = middle * (data[i] as number);
    for (let t = 1; t < taps.length; t++) {
      const weight = taps[t] as number;
      const up = Math.max(0, y - t) * stride - to;
      const down = Math.min(heightPx - 1, y + t) * stride - to;
      for (let i = to; i < to + stride; i++) {
        out[i] = (out[i] as number) + weight * ((data[i + up] as number) + (data[i + down] as number));
      }
    }
  }
}

/** Samples of a line for a pixel of its length. */
const LINE_SAMPLES = 8;

/** The mean along a line about each pixel; beyond the edge its pixels are repeated. */
function blurLine({ widthPx, heightPx, data }: Light, { data: out }: Light, byX: number, byY: number): void {
  const stride = 3 * widthPx;
  out.fill(0);
  for (const { dx, dy, weight } of lineTaps(byX, byY)) {
    const first = Math.min(widthPx, Math.max(0, -dx));
    const end = Math.max(first, Math.min(widthPx, widthPx - dx));
    for (let y = 0; y < heightPx; y++) {
      const from = stride * Math.min(heightPx - 1, Math.max(0, y + dy));
      const to = stride * y;
      for (let x = 0; x < first; x++)
        for (let k = 0; k < 3; k++) add(out, to + 3 * x + k, weight * (data[from + k] ?? 0));
      for (let i = 3 * first; i < 3 * end; i++) {
        out[to + i] = (out[to + i] as number) + weight * (data[from + 3 * dx + i] as number);
      }
      const last = from + stride - 3;
      for (let x = end; x < widthPx; x++)
        for (let k = 0; k < 3; k++) add(out, to + 3 * x + k, weight * (data[last + k] ?? 0));
    }
  }
}

const add = (out: Float32Array, i: number, value: number): void => {
  out[i] = (out[i] as number) + value;
};

/** The pixels that a line about the origin covers, by how much: places on it, shared bilinearly. */
function lineTaps(byX: number, byY: number): { readonly dx: number; readonly dy: number; readonly weight: number }[] {
  const samples = Math.ceil(LINE_SAMPLES * Math.hypot(byX, byY)) + 1;
  const taps = new Map<string, { dx: number; dy: number; weight: number }>();
  for (let n = 0; n < samples; n++) {
    const share = (n + 0.5) / samples - 0.5;
    const [x, y] = [share * byX, share * byY];
    for (const dx of [Math.floor(x), Math.floor(x) + 1])
      for (const dy of [Math.floor(y), Math.floor(y) + 1]) {
        const weight = ((1 - Math.abs(x - dx)) * (1 - Math.abs(y - dy))) / samples;
        const key = `${dx},${dy}`;
        const tap = taps.get(key) ?? { dx, dy, weight: 0 };
        tap.weight += weight;
        if (weight > 0) taps.set(key, tap);
      }
  }
  return [...taps.values()];
}
