import type { Image } from './image.ts';

/** Cosines of one side of a picture: only its first half is kept, as the second mirrors it. */
interface Basis {
  /** `[count, half]`: cos(pi k (n + 1/2) / sizePx). */
  readonly byFrequency: Float32Array;
  /** `[half, count]`: the same, turned. */
  readonly bySample: Float32Array;
  readonly half: number;
}

/** A clip's frames have one size; a few more for pictures that are looked at in parts. */
const KEPT_BASES = 12;
const bases = new Map<string, Basis>();

/** What an orthonormal DCT of 256x256 px makes of a mean: 256 * 256 * 2 / 256. */
const GAIN = 512;

/**
 * The lowest frequencies of a picture's brightness, scaled as by an orthonormal DCT-II at 256x256 px whatever the picture's size.
 *
 * Brightness is Y of JPEG (ITU-T T.871). The first row and the first column, which hold means, are not scaled as the rest.
 *
 * @param count - frequencies a side, at most the picture's shorter side.
 * @returns `[count, count]` float32, vertical frequency first.
 */
export function lowFrequencies(image: Image, count: number): Float32Array {
  return topFrequencies(image, count)(image.heightPx);
}

/**
 * The same of a picture's upper parts: each row, which costs most, is looked at once, however many heights are asked for.
 *
 * @returns what gives {@link lowFrequencies} of the upper `heightPx` rows by themselves.
 */
export function topFrequencies(image: Image, count: number): (heightPx: number) => Float32Array {
  const { widthPx } = image;
  const rows = transformRows(image, basisOf(widthPx, count), count);
  return (heightPx) => {
    const down = basisOf(heightPx, count);
    const out = new Float32Array(count * count);
    const folded = [new Float32Array(down.half), new Float32Array(down.half)] as const;
    for (let u = 0; u < count; u++) {
      fold(rows, u * image.heightPx, heightPx, folded);
      for (let v = 0; v < count; v++) {
        out[v * count + u] =
          (GAIN / (widthPx * heightPx)) * dot(down.byFrequency, v * down.half, folded[v % 2 ? 1 : 0], down.half);
      }
    }
    return out;
  };
}

/**
 * Adds to a picture's brightness what these frequencies say, in {@link lowFrequencies}' units; hue and saturation stay.
 *
 * @returns a copy, and the share of the change that clipping at black and white took.
 */
export function addLowFrequencies(
  image: Image,
  frequencies: Float32Array,
  count: number,
): { readonly image: Image; readonly clippedShare: number } {
  const { widthPx, heightPx, data: source } = image;
  const [across, down] = [basisOf(widthPx, count), basisOf(heightPx, count)];
  const data = new Uint8Array(image.data.length);
  const columns = [new Float32Array(count), new Float32Array(count)] as const;
  const row = new Float32Array(widthPx);
  let wanted = 0;
  let clipped = 0;
  for (let y = 0; y < down.half; y++) {
    mixRows(frequencies, down.bySample.subarray(y * count, (y + 1) * count), count, columns);
    for (const [line, mixed] of [
      [y, columns[0]],
      [heightPx - 1 - y, columns[1]],
    ] as const) {
      expandRow(mixed, across, count, row);
      for (let x = 0, p = 3 * widthPx * line; x < widthPx; x++) {
        const change = row[x] as number;
        wanted += 3 * change * change;
        for (let c = 0; c < 3; c++, p++) {
          const value = (source[p] as number) + change;
          if (value >= 0 && value <= 255) {
            data[p] = value + 0.5;
          } else {
            const kept = value < 0 ? 0 : 255;
            clipped += (value - kept) ** 2;
            data[p] = kept;
          }
        }
      }
    }
  }
  return { image: { widthPx, heightPx, data }, clippedShare: wanted > 0 ? clipped / wanted : 0 };
}

/** `[count, heightPx]`: each row's frequencies. */
function transformRows({ widthPx, heightPx, data }: Image, across: Basis, count: number): Float32Array {
  const out = new Float32Array(count * heightPx);
  const brightness = new Float32Array(widthPx);
  const folded = [new Float32Array(across.half), new Float32Array(across.half)] as const;
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0, p = 3 * widthPx * y; x < widthPx; x++, p += 3) {
      brightness[x] = 0.299 * (data[p] as number) + 0.587 * (data[p + 1] as number) + 0.114 * (data[p + 2] as number);
    }
    fold(brightness, 0, widthPx, folded);
    for (let u = 0; u < count; u++) {
      out[u * heightPx + y] = dot(across.byFrequency, u * across.half, folded[u % 2 ? 1 : 0], across.half);
    }
  }
  return out;
}

/** Sums of samples that mirror each other, which even frequencies see, and differences for the odd ones. */
function fold(
  samples: Float32Array,
  start: number,
  length: number,
  [sums, differences]: readonly [Float32Array, Float32Array],
): void {
  const half = Math.floor(length / 2);
  for (let n = 0; n < half; n++) {
    const a = samples[start + n] as number;
    const b = samples[start + length - 1 - n] as number;
    sums[n] = a + b;
    differences[n] = a - b;
  }
  if (length % 2 === 0) return;
  sums[half] = samples[start + half] as number;
  differences[half] = 0;
}

/** Four sums side by side, so that no addition waits for the one before. */
function dot(a: Float32Array, start: number, b: Float32Array, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let n = 0;
  for (; n + 3 < length; n += 4) {
    s0 += (a[start + n] as number) * (b[n] as number);
    s1 += (a[start + n + 1] as number) * (b[n + 1] as number);
    s2 += (a[start + n + 2] as number) * (b[n + 2] as number);
    s3 += (a[start + n + 3] as number) * (b[n + 3] as number);
  }
  for (; n < length; n++) s0 += (a[start + n] as number) * (b[n] as number);
  return s0 + s1 + s2 + s3;
}

/** The horizontal frequencies of the row whose vertical cosines are given, and of the row that mirrors it. */
function mixRows(
  frequencies: Float32Array,
  cosines: Float32Array,
  count: number,
  [near, far]: readonly [Float32Array, Float32Array],
): void {
  near.fill(0);
  far.fill(0);
  for (let v = 0; v < count; v++) {
    const cosine = (cosines[v] as number) * (4 / GAIN);
    const mirrored = v % 2 ? -cosine : cosine;
    for (let u = 0; u < count; u++) {
      const value = frequencies[v * count + u] as number;
      near[u] = (near[u] as number) + value * cosine;
      far[u] = (far[u] as number) + value * mirrored;
    }
  }
}

function expandRow(mixed: Float32Array, { bySample, half }: Basis, count: number, row: Float32Array): void {
  const last = row.length - 1;
  for (let x = 0, b = 0; x < half; x++) {
    let even = 0;
    let odd = 0;
    let even2 = 0;
    let odd2 = 0;
    let u = 0;
    for (; u + 3 < count; u += 4, b += 4) {
      even += (mixed[u] as number) * (bySample[b] as number);
      odd += (mixed[u + 1] as number) * (bySample[b + 1] as number);
      even2 += (mixed[u + 2] as number) * (bySample[b + 2] as number);
      odd2 += (mixed[u + 3] as number) * (bySample[b + 3] as number);
    }
    for (; u < count; u++, b++) {
      if (u % 2) odd += (mixed[u] as number) * (bySample[b] as number);
      else even += (mixed[u] as number) * (bySample[b] as number);
    }
    row[x] = even + even2 + odd + odd2;
    // In the middle of an odd length the odd part is 0, so that both agree.
    row[last - x] = even + even2 - odd - odd2;
  }
}

function basisOf(sizePx: number, count: number): Basis {
  const key = `${sizePx} ${count}`;
  const kept = bases.get(key);
  if (kept) return kept;
  const half = Math.ceil(sizePx / 2);
  const cosine = (k: number, n: number) => Math.cos((Math.PI * k * (n + 0.5)) / sizePx);
  const basis = {
    half,
    byFrequency: Float32Array.from({ length: count * half }, (_, i) => cosine(Math.floor(i / half), i % half)),
    bySample: Float32Array.from({ length: count * half }, (_, i) => cosine(i % count, Math.floor(i / count))),
  };
  const [oldest] = bases.keys();
  if (bases.size >= KEPT_BASES && oldest !== undefined) bases.delete(oldest);
  bases.set(key, basis);
  return basis;
}
