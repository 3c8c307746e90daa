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
  const edge = Math.ceil(motionBlurPx / 2) + 1;
  const wide = new Float32Array(3 * (size.widthPx + 2 * edge) * (size.heightPx + 2 * edge));
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
    blurLine(light, moved, lineOf(length * Math.cos(angle), length * Math.sin(angle)), wide, edge);
    return moved;
  };
}

/** Weights of a pixel, of both its neighbours, of both next to them and so on; all together they sum to 1. Those that come to less than a hundredth of the pixel's own are left out. */
function gaussianTaps(deviation: number): Float64Array {
  const reach = Math.max(1, Math.floor(deviation * Math.sqrt(2 * Math.log(100))));
  const weights = Float64Array.from({ length: reach + 1 }, (_, t) =>
    Math.exp(-(t ** 2) / (2 * Math.max(deviation, 1e-3) ** 2)),
  );
  const sum = weights.reduce((total, weight, t) => total + (t === 0 ? weight : 2 * weight), 0);
  return weights.map((weight) => weight / sum);
}

/** Along the columns, then along the rows; beyond the edge its pixels are repeated. */
function blurDisc({ widthPx, heightPx, data }: Light, { data: out }: Light, taps: Float64Array): void {
  const stride = 3 * widthPx;
  const reach = taps.length - 1;
  const middle = taps[0] as number;
  const next = taps[1] as number;
  const row = new Float64Array(stride + 6 * reach);
  const first = 3 * reach;
  for (let y = 0, o = 0; y < heightPx; y++) {
    const rowAt = (dy: number): number => stride * Math.min(heightPx - 1, Math.max(0, y + dy));
    let above = rowAt(-1);
    let below = rowAt(1);
    for (let i = 0; i < stride; i++)
      row[first + i] =
        middle * (data[o + i] as number) + next * ((data[above + i] as number) + (data[below + i] as number));
    for (let t = 2; t <= reach; t++) {
      const weight = taps[t] as number;
      above = rowAt(-t);
      below = rowAt(t);
      for (let i = 0; i < stride; i++)
        row[first + i] =
          (row[first + i] as number) + weight * ((data[above + i] as number) + (data[below + i] as number));
    }
    repeatEnds(row, reach, widthPx);
    for (let i = 0; i < stride; i++, o++) {
      const at = first + i;
      let sum = middle * (row[at] as number) + next * ((row[at - 3] as number) + (row[at + 3] as number));
      for (let t = 2, far = 6; t <= reach; t++, far += 3)
        sum += (taps[t] as number) * ((row[at - far] as number) + (row[at + far] as number));
      out[o] = sum;
    }
  }
}

/** Samples of a line for a pixel of its length. */
const LINE_SAMPLES = 8;

/** Pairs that are added in one pass over a row: as many as a line of two pixels has. */
const PAIRS = 4;

/** The mean along a line about each pixel; beyond the edge its pixels are repeated. @param wide - room for the scene with an edge of `edge` pixels. */
function blurLine(light: Light, { data: out }: Light, line: Line, wide: Float32Array, edge: number): void {
  const { widthPx, heightPx } = light;
  const stride = 3 * widthPx;
  const wideStride = stride + 6 * edge;
  widen(light, wide, edge);
  const passes = Array.from({ length: Math.ceil(line.pairs.length / PAIRS) }, (_, n) => {
    const own = line.pairs.slice(n * PAIRS, (n + 1) * PAIRS);
    return { offsets: own.map(({ dx, dy }) => 3 * dx + wideStride * dy), weights: own.map(({ weight }) => weight) };
  });
  const sums = new Float64Array(stride);
  for (let y = 0; y < heightPx; y++) {
    const start = wideStride * (y + edge) + 3 * edge;
    for (let i = 0; i < stride; i++) sums[i] = line.own * (wide[start + i] as number);
    for (const { offsets, weights } of passes) {
      const [a = 0, b = 0, c = 0, d = 0] = offsets;
      const [wa = 0, wb = 0, wc = 0, wd = 0] = weights;
      for (let i = 0, p = start; i < stride; i++, p++)
        sums[i] =
          (sums[i] as number) +
          wa * ((wide[p + a] as number) + (wide[p - a] as number)) +
          wb * ((wide[p + b] as number) + (wide[p - b] as number)) +
          wc * ((wide[p + c] as number) + (wide[p - c] as number)) +
          wd * ((wide[p + d] as number) + (wide[p - d] as number));
    }
    out.set(sums, y * stride);
  }
}

/** Copies a scene into the middle of a larger one, whose edge repeats its outermost pixels. */
function widen({ widthPx, heightPx, data }: Light, wide: Float32Array, edge: number): void {
  const stride = 3 * widthPx;
  const wideStride = stride + 6 * edge;
  for (let y = -edge, at = 0; y < heightPx + edge; y++, at += wideStride) {
    const start = stride * Math.min(heightPx - 1, Math.max(0, y));
    wide.set(data.subarray(start, start + stride), at + 3 * edge);
    repeatEnds(wide.subarray(at, at + wideStride), edge, widthPx);
  }
}

/** Writes the first and the last pixel of a row, which lies in the middle, so often before and behind it. */
function repeatEnds(row: Float32Array | Float64Array, times: number, widthPx: number): void {
  const [first, end] = [3 * times, 3 * (times + widthPx)];
  for (let i = 0; i < first; i++) {
    row[i] = row[first + (i % 3)] as number;
    row[end + i] = row[end - 3 + (i % 3)] as number;
  }
}

/** How much of a line about the origin is on the pixel there, and on each two that lie opposite to each other. */
interface Line {
  readonly own: number;
  readonly pairs: readonly { readonly dx: number; readonly dy: number; readonly weight: number }[];
}

/** The pixels that a line covers, by how much: places on it, shared bilinearly. */
function lineOf(byX: number, byY: number): Line {
  const samples = Math.ceil(LINE_SAMPLES * Math.hypot(byX, byY)) + 1;
  const weights = new Map<string, { dx: number; dy: number; weight: number }>();
  for (let n = 0; n < samples; n++) {
    const share = (n + 0.5) / samples - 0.5;
    const [x, y] = [share * byX, share * byY];
    // A zero with a sign is no whole number to the engine, and all that is counted from it is slow.
    const [firstColumn, firstRow] = [Math.floor(x) | 0, Math.floor(y) | 0];
    for (const dx of [firstColumn, firstColumn + 1])
      for (const dy of [firstRow, firstRow + 1]) {
        const weight = ((1 - Math.abs(x - dx)) * (1 - Math.abs(y - dy))) / samples;
        const covered = weights.get(`${dx},${dy}`) ?? { dx, dy, weight: 0 };
        covered.weight += weight;
        if (weight > 0) weights.set(`${dx},${dy}`, covered);
      }
  }
  // The line lies alike on both sides of the origin.
  const all = [...weights.values()];
  return {
    own: all.find(({ dx, dy }) => dx === 0 && dy === 0)?.weight ?? 0,
    pairs: all.filter(({ dx, dy }) => dy > 0 || (dy === 0 && dx > 0)),
  };
}
