import { ShapeError } from '../util/errors.ts';

const SIZE = 8;

/** BASIS[8 k + n] = c(k) cos((2n + 1) k pi / 16) with c(0) = sqrt(1/8), else 1/2: an orthonormal matrix. */
const BASIS = Float64Array.from({ length: SIZE * SIZE }, (_, i) => {
  const k = Math.floor(i / SIZE);
  const n = i % SIZE;
  return (k === 0 ? Math.sqrt(1 / SIZE) : Math.sqrt(2 / SIZE)) * Math.cos(((2 * n + 1) * k * Math.PI) / (2 * SIZE));
});

/**
 * Orthonormal DCT-II of each 8x8 block of one channel.
 *
 * @param plane - `[H,W]` float32, any range; H and W multiples of 8.
 * @returns `[H,W]`: in place of each block its coefficients, the mean (times 8) in the upper left.
 * @throws ShapeError where the sizes do not fit.
 * Source: Ahmed, Natarajan and Rao, "Discrete Cosine Transform", 1974; scaled as in JPEG (ITU-T T.81, A.3.3).
 */
export function blockDct(plane: Float32Array, widthPx: number, heightPx: number): Float32Array {
  return transformBlocks(plane, widthPx, heightPx, (row, column) => BASIS[SIZE * row + column] as number);
}

/** The inverse of {@link blockDct}: same shapes, same errors. */
export function inverseBlockDct(coefficients: Float32Array, widthPx: number, heightPx: number): Float32Array {
  return transformBlocks(coefficients, widthPx, heightPx, (row, column) => BASIS[SIZE * column + row] as number);
}

/** Each 8x8 block X becomes M X M^T. */
function transformBlocks(
  plane: Float32Array,
  widthPx: number,
  heightPx: number,
  matrixAt: (row: number, column: number) => number,
): Float32Array {
  if (widthPx % SIZE !== 0 || heightPx % SIZE !== 0 || plane.length !== widthPx * heightPx) {
    throw new ShapeError(`a channel of ${plane.length} numbers as ${widthPx}x${heightPx} px has no whole 8x8 blocks`);
  }
  const matrix = Float64Array.from({ length: SIZE * SIZE }, (_, i) => matrixAt(Math.floor(i / SIZE), i % SIZE));
  const half = new Float64Array(SIZE * SIZE);
  const out = new Float32Array(plane.length);
  for (let top = 0; top < heightPx; top += SIZE) {
    for (let left = 0; left < widthPx; left += SIZE)
      transformBlock(plane, out, top * widthPx + left, widthPx, matrix, half);
  }
  return out;
}

function transformBlock(
  input: Float32Array,
  out: Float32Array,
  origin: number,
  stride: number,
  matrix: Float64Array,
  half: Float64Array,
): void {
  for (let k = 0; k < SIZE; k++) {
    for (let x = 0; x < SIZE; x++) {
      let sum = 0;
      for (let y = 0; y < SIZE; y++)
        sum += (matrix[SIZE * k + y] as number) * (input[origin + y * stride + x] as number);
      half[SIZE * k + x] = sum;
    }
  }
  for (let k = 0; k < SIZE; k++) {
    for (let l = 0; l < SIZE; l++) {
      let sum = 0;
      for (let x = 0; x < SIZE; x++) sum += (half[SIZE * k + x] as number) * (matrix[SIZE * l + x] as number);
      out[origin + k * stride + l] = sum;
    }
  }
}
