import type { RandomNumbers } from '../../../util/random.ts';
import { darkness, type FrameSize, type Light } from './light.ts';
import type { CameraSettings } from './settings.ts';

/** Below this a blur is not seen, and not made. Pixels. */
const LEAST_DEVIATION = 0.15;
const LEAST_LENGTH = 0.4;

/**
 * Blurs by a lens out of focus (a Gaussian instead of a disc) and by motion during the exposure: along a line whose length and direction change with every frame, at most `motionBlurPx`.
 *
 * The returned light is the caller's until the next call. Sums are made a row at a time in double precision: rounding them to single precision each time costs more than adding.
 */
export function createUnsteadyBlur(
  { defocusPx, motionBlurPx }: Pick<CameraSettings, 'defocusPx' | 'motionBlurPx'>,
  size: FrameSize,
  random: RandomNumbers,
): (scene: Light) => Light {
  const [defocused, moved] = [darkness(size), darkness(size)];
  const taps = gaussianTaps(defocusPx);
  return (scene) => {
    const length = motionBlurPx * random.uniform();
    const angle = Math.PI * random.uniform();
    let light = scene;
    if (defocusPx >= LEAST_DEVIATION) {
      blurDisc(scene, defocused, taps);
      light = defocused;
    }
    if (length < LEAST_LENGTH) return light;
    blurLine(light, moved, lineThrees(length * Math.cos(angle), length * Math.sin(angle)));
    return moved;
  };
}

/** Weights of a pixel, of both its neighbours, of both next to them and so on; all together they sum to 1. After that of the pixel they come two and two: the last may be 0. */
function gaussianTaps(deviation: number): Float64Array {
  const reach = Math.ceil(2.5 * deviation);
  const weights = Float64Array.from({ length: 2 * Math.ceil(reach / 2) + 1 }, (_, t) =>
    t > reach ? 0 : Math.exp(-(t ** 2) / (2 * Math.max(deviation, 1e-3) ** 2)),
  );
  const sum = weights.reduce((total, weight, t) => total + (t === 0 ? weight : 2 * weight), 0);
  return weights.map((weight) => weight / sum);
}

/** Along the columns, then along the rows; beyond the edge its pixels are repeated. */
function blurDisc({ widthPx, heightPx, data }: Light, { data: out }: Light, taps: Float64Array): void {
  const stride = 3 * widthPx;
  const reach = taps.length - 1;
  const row = new Float64Array(stride + 6 * reach);
  const own = row.subarray(3 * reach, 3 * reach + stride);
  const sums = new Float64Array(stride);
  for (let y = 0; y < heightPx; y++) {
    const start = y * stride;
    const rowAt = (dy: number): number => stride * Math.min(heightPx - 1, Math.max(0, y + dy));
    own.fill(0);
    for (let t = 1; t <= reach; t += 2) {
      const middle = t === 1 ? (taps[0] as number) : 0;
      const near = taps[t] as number;
      const far = taps[t + 1] as number;
      const above = rowAt(-t);
      const below = rowAt(t);
      const top = rowAt(-t - 1);
      const bottom = rowAt(t + 1);
      for (let i = 0; i < stride; i++)
        own[i] =
          (own[i] as number) +
          middle * (data[start + i] as number) +
          near * ((data[above + i] as number) + (data[below + i] as number)) +
          far * ((data[top + i] as number) + (data[bottom + i] as number));
    }
    repeatEnds(row, reach, widthPx);
    sums.fill(0);
    for (let t = 1; t <= reach; t += 2) {
      const middle = t === 1 ? (taps[0] as number) : 0;
      const near = taps[t] as number;
      const far = taps[t + 1] as number;
      const left = 3 * (reach - t);
      const right = 3 * (reach + t);
      for (let i = 0; i < stride; i++)
        sums[i] =
          (sums[i] as number) +
          middle * (own[i] as number) +
          near * ((row[left + i] as number) + (row[right + i] as number)) +
          far * ((row[left - 3 + i] as number) + (row[right + 3 + i] as number));
    }
    out.set(sums, start);
  }
}

/** Samples of a line for a pixel of its length. */
const LINE_SAMPLES = 8;

/** The mean along a line about each pixel; beyond the edge its pixels are repeated. */
function blurLine({ widthPx, heightPx, data }: Light, { data: out }: Light, line: readonly ThreePixels[]): void {
  const stride = 3 * widthPx;
  const reach = Math.max(...line.map(({ dx }) => Math.abs(dx))) + 1;
  const row = new Float64Array(stride + 6 * reach);
  const sums = new Float64Array(stride);
  for (let y = 0; y < heightPx; y++) {
    sums.fill(0);
    for (const { dx, dy, weights } of line) {
      const start = stride * Math.min(heightPx - 1, Math.max(0, y + dy));
      row.set(data.subarray(start, start + stride), 3 * reach);
      repeatEnds(row, reach, widthPx);
      const [left, own, right] = weights;
      const from = 3 * (reach + dx - 1);
      for (let i = 0; i < stride; i++)
        sums[i] =
          (sums[i] as number) +
          left * (row[from + i] as number) +
          own * (row[from + i + 3] as number) +
          right * (row[from + i + 6] as number);
    }
    out.set(sums, y * stride);
  }
}

/** Writes the first and the last pixel of a row, which lies in the middle, so often before and behind it. */
function repeatEnds(row: Float64Array, times: number, widthPx: number): void {
  const [first, end] = [3 * times, 3 * (times + widthPx)];
  for (let i = 0; i < first; i++) {
    row[i] = row[first + (i % 3)] as number;
    row[end + i] = row[end - 3 + (i % 3)] as number;
  }
}

/** A pixel at an offset and its neighbours to the left and to the right. */
interface ThreePixels {
  readonly dx: number;
  readonly dy: number;
  readonly weights: [left: number, own: number, right: number];
}

/** The pixels that a line about the origin covers, by how much: places on it, shared bilinearly. */
function lineThrees(byX: number, byY: number): ThreePixels[] {
  const samples = Math.ceil(LINE_SAMPLES * Math.hypot(byX, byY)) + 1;
  const threes = new Map<string, ThreePixels>();
  for (let n = 0; n < samples; n++) {
    const share = (n + 0.5) / samples - 0.5;
    const [x, y] = [share * byX, share * byY];
    // A zero with a sign is no whole number to the engine, and all that is counted from it is slow.
    const [firstColumn, firstRow] = [Math.floor(x) | 0, Math.floor(y) | 0];
    for (const column of [firstColumn, firstColumn + 1])
      for (const dy of [firstRow, firstRow + 1]) {
        const dx = 3 * Math.floor((column + 1) / 3);
        const three = threes.get(`${dx},${dy}`) ?? { dx, dy, weights: [0, 0, 0] };
        const weight = ((1 - Math.abs(x - column)) * (1 - Math.abs(y - dy))) / samples;
        three.weights[column - dx + 1] = (three.weights[column - dx + 1] as number) + weight;
        if (weight > 0) threes.set(`${dx},${dy}`, three);
      }
  }
  return [...threes.values()];
}
