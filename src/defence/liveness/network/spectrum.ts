import { ShapeError } from '../../../util/errors.ts';

/** Weights of red, green and blue in grey (Rec. 601), for values in 0..1 that grey has in 0..255. */
const GREY = [0.299 * 255, 0.587 * 255, 0.114 * 255] as const;

/**
 * The spectrum that {@link fourierHead} learns to predict: the logarithm of one plus the magnitudes of the grey picture's Fourier transform, the lowest frequency in the middle, (x - least + 1) / (most -
 * least + 1), so that it is above 0 and at most 1; then the means of blocks.
 *
 * About 2 ms at 80 px.
 *
 * Source: Silent-Face-Anti-Spoofing, src/data_io/dataset_folder.py, generate_FT; it takes single values where we take means of blocks.
 *
 * @param planar - [3,S,S], RGB, 0..1; S is even.
 * @param size - side of what is given, a divisor of S.
 * @returns [size,size].
 * @throws ShapeError where sizes do not fit.
 */
export function logSpectrum(planar: Float32Array, side: number, size: number): Float32Array {
  if (planar.length !== 3 * side * side || side % 2 !== 0 || side % size !== 0)
    throw new ShapeError(`a spectrum of [${size},${size}] of a picture of ${planar.length} numbers, ${side} a side`);
  const magnitudes = fourierMagnitudes(greyOf(planar, side), side);
  const logs = magnitudes.map((magnitude) => Math.log(1 + magnitude));
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const value of logs) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const out = new Float32Array(size * size);
  const block = side / size;
  for (let v = 0; v < side; v++) {
    // The lowest frequency goes from the corner to the middle.
    const row = Math.floor(((v + side / 2) % side) / block) * size;
    for (let u = 0; u < side; u++) {
      const at = row + Math.floor(((u + side / 2) % side) / block);
      const value = ((logs[v * side + u] as number) - least + 1) / (most - least + 1);
      out[at] = (out[at] as number) + value / block ** 2;
    }
  }
  return out;
}

function greyOf(planar: Float32Array, side: number): Float64Array {
  const plane = side * side;
  return Float64Array.from({ length: plane }, (_, i) =>
    GREY.reduce((sum, weight, channel) => sum + weight * (planar[channel * plane + i] as number), 0),
  );
}

/** |F(v,u)| of a real picture, [S,S], the lowest frequency in the corner: along the rows, then down the columns; the half that is left mirrors the other. */
function fourierMagnitudes(grey: Float64Array, side: number): Float64Array {
  const half = side / 2 + 1;
  const cosines = Float64Array.from({ length: side }, (_, i) => Math.cos((2 * Math.PI * i) / side));
  const sines = Float64Array.from({ length: side }, (_, i) => Math.sin((2 * Math.PI * i) / side));
  // [u,y], so that a column lies in a row.
  const real = new Float64Array(half * side);
  const imaginary = new Float64Array(half * side);
  for (let u = 0; u < half; u++) {
    for (let y = 0; y < side; y++) {
      let [a, b] = [0, 0];
      for (let x = 0, turn = 0; x < side; x++) {
        const value = grey[y * side + x] as number;
        a += value * (cosines[turn] as number);
        b -= value * (sines[turn] as number);
        turn += u;
        if (turn >= side) turn -= side;
      }
      real[u * side + y] = a;
      imaginary[u * side + y] = b;
    }
  }
  const out = new Float64Array(side * side);
  for (let u = 0; u < half; u++) {
    for (let v = 0; v < side; v++) {
      let [a, b] = [0, 0];
      for (let y = 0, turn = 0; y < side; y++) {
        const [re, im] = [real[u * side + y] as number, imaginary[u * side + y] as number];
        const [cosine, sine] = [cosines[turn] as number, sines[turn] as number];
        a += re * cosine + im * sine;
        b += im * cosine - re * sine;
        turn += v;
        if (turn >= side) turn -= side;
      }
      const magnitude = Math.hypot(a, b);
      out[v * side + u] = magnitude;
      out[((side - v) % side) * side + ((side - u) % side)] = magnitude;
    }
  }
  return out;
}
