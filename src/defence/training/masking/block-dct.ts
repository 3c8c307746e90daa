import type { Value } from '../../../graph/builder.ts';
import { conv, convTranspose } from '../../../graph/ops/convolution.ts';
import { float32 } from '../../../graph/tensor.ts';

/** Side of a block in pixels. */
export const BLOCK_PX = 8;

const BLOCK_AREA = BLOCK_PX ** 2;

/** Numbers of a block: 64 of Y, then 64 of Cb, then 64 of Cr. */
export const BLOCK_CHANNELS = 3 * BLOCK_AREA;

/** What becomes of a block: its pixels as they are, row by row; or its DCT, 8 times the vertical frequency plus the horizontal one. */
export type BlockTransform = 'pixels' | 'dct';

/** Luma's weights of red and blue. Source: ITU-R BT.601, as JPEG (JFIF) has it. */
const [RED, BLUE] = [0.299, 0.114];
const GREEN = 1 - RED - BLUE;

/** Rows Y, Cb and Cr, of RGB. */
const TO_YCBCR = [
  [RED, GREEN, BLUE],
  [-RED / (2 - 2 * BLUE), -GREEN / (2 - 2 * BLUE), 0.5],
  [0.5, -GREEN / (2 - 2 * RED), -BLUE / (2 - 2 * RED)],
] as const;

/** Rows R, G and B, of YCbCr: solved from the rows above, so that there and back is exact. */
const TO_RGB = [
  [1, 0, 2 - 2 * RED],
  [1, (-BLUE * (2 - 2 * BLUE)) / GREEN, (-RED * (2 - 2 * RED)) / GREEN],
  [1, 2 - 2 * BLUE, 0],
] as const;

/** Taken off Y, so that mid grey is 0, as JPEG does. */
const MIDDLE = 0.5;

/** How each of the 192 numbers of a block comes from its pixels: the rows of an affine map. */
export interface BlockRows {
  /** Of row `channel` the weights of the block's pixels, [3,8,8], RGB. */
  readonly kernel: (channel: number) => Float32Array;
  /** What is added to it. */
  readonly offset: (channel: number) => number;
}

/** The rows of a transform. */
export function blockRows(transform: BlockTransform): BlockRows {
  const basis = basisOf(transform);
  return {
    kernel: (channel) => {
      const [colour, number] = placeOf(channel);
      return outer(TO_YCBCR[colour] as readonly number[], basis, number);
    },
    offset: (channel) => {
      const [colour, number] = placeOf(channel);
      return colour === 0 ? -MIDDLE * basis.subarray(number * BLOCK_AREA, (number + 1) * BLOCK_AREA).reduce(sum) : 0;
    },
  };
}

/**
 * Every block of 8x8 px as 192 channels: faces [N,3,S,S], RGB, 0..1 -> [N,192,S/8,S/8]. One convolution of stride 8; both transforms are orthonormal within each of Y, Cb and Cr.
 *
 * Source: Ahmed, Natarajan and Rao 1974; of masked faces, PPFR-FD (Wang et al., AAAI 2022).
 */
export function toBlocks(faces: Value, transform: BlockTransform): Value {
  const rows = blockRows(transform);
  const channels = Array.from({ length: BLOCK_CHANNELS }, (_, channel) => channel);
  return rowsOfBlocks(
    faces,
    channels.map((channel) => ({ kernel: rows.kernel(channel), offset: rows.offset(channel) })),
  );
}

/** The rows given, in their order, as channels: faces [N,3,S,S] -> [N,rows,S/8,S/8]. */
export function rowsOfBlocks(
  faces: Value,
  rows: readonly { readonly kernel: Float32Array; readonly offset: number }[],
): Value {
  const { builder } = faces;
  const kernels = new Float32Array(rows.length * BLOCK_CHANNELS);
  rows.forEach(({ kernel }, i) => {
    kernels.set(kernel, i * BLOCK_CHANNELS);
  });
  const weight = builder.constant(float32(kernels, [rows.length, 3, BLOCK_PX, BLOCK_PX]), 'block_rows');
  const offsets = rows.map(({ offset }) => offset);
  const bias = builder.constant(float32(offsets, [rows.length]), 'block_offsets');
  return conv(faces, weight, { bias, strides: [BLOCK_PX, BLOCK_PX] });
}

/** The inverse of {@link toBlocks}: [N,192,S/8,S/8] -> faces [N,3,S,S]; values that no face has come out beyond 0..1. */
export function fromBlocks(blocks: Value, transform: BlockTransform): Value {
  const { builder } = blocks;
  const basis = basisOf(transform);
  const kernels = new Float32Array(BLOCK_CHANNELS ** 2);
  for (let channel = 0; channel < BLOCK_CHANNELS; channel++) {
    const [colour, number] = placeOf(channel);
    const column = TO_RGB.map((row) => row[colour] as number);
    kernels.set(outer(column, basis, number), channel * BLOCK_CHANNELS);
  }
  const weight = builder.constant(float32(kernels, [BLOCK_CHANNELS, 3, BLOCK_PX, BLOCK_PX]), 'block_columns');
  const bias = builder.constant(float32([MIDDLE, MIDDLE, MIDDLE], [3]), 'middle');
  return convTranspose(blocks, weight, { bias, strides: [BLOCK_PX, BLOCK_PX] });
}

/** Which of Y, Cb and Cr a channel is of, and which number of the block. */
const placeOf = (channel: number): [colour: number, number: number] => [
  Math.floor(channel / BLOCK_AREA),
  channel % BLOCK_AREA,
];

const sum = (a: number, b: number): number => a + b;

/** The orthonormal rows [64,64] of a transform of 8x8 numbers. */
function basisOf(transform: BlockTransform): Float64Array {
  const basis = new Float64Array(BLOCK_AREA ** 2);
  for (let number = 0; number < BLOCK_AREA; number++) {
    for (let pixel = 0; pixel < BLOCK_AREA; pixel++) {
      const [u, v] = [Math.floor(number / BLOCK_PX), number % BLOCK_PX];
      const [y, x] = [Math.floor(pixel / BLOCK_PX), pixel % BLOCK_PX];
      basis[number * BLOCK_AREA + pixel] = transform === 'dct' ? wave(u, y) * wave(v, x) : Number(number === pixel);
    }
  }
  return basis;
}

/** Row `frequency` of the orthonormal DCT-II of eight numbers. */
function wave(frequency: number, place: number): number {
  const scale = Math.sqrt((frequency === 0 ? 1 : 2) / BLOCK_PX);
  return scale * Math.cos(((2 * place + 1) * frequency * Math.PI) / (2 * BLOCK_PX));
}

/** Three numbers times row `number` of the basis: [3,8,8]. */
function outer(colours: readonly number[], basis: Float64Array, number: number): Float32Array {
  const out = new Float32Array(BLOCK_CHANNELS);
  colours.forEach((colour, c) => {
    for (let pixel = 0; pixel < BLOCK_AREA; pixel++)
      out[c * BLOCK_AREA + pixel] = colour * (basis[number * BLOCK_AREA + pixel] as number);
  });
  return out;
}
