import { describe, expect, test } from 'vitest';
import { evaluate, largestDifference } from '../../../../test/fixtures/evaluate.ts';
import { float32 } from '../../../graph/tensor.ts';
import { blockDct } from '../../../image/dct.ts';
import { Random } from '../../../util/random.ts';
import { BLOCK_CHANNELS, type BlockTransform, blockRows, fromBlocks, toBlocks } from './block-dct.ts';

const [WIDTH, HEIGHT] = [24, 16];
const PLANE = WIDTH * HEIGHT;
const random = new Random(5);
const faces = float32(
  Float32Array.from({ length: 2 * 3 * PLANE }, () => random.uniform()),
  [2, 3, HEIGHT, WIDTH],
);

const blocksOf = async (transform: BlockTransform): Promise<number[]> => {
  const { blocks } = await evaluate({ faces }, (inputs) => ({ blocks: toBlocks(inputs.faces, transform) }));
  return blocks ?? [];
};

/** Y, Cb and Cr of a face by the formulas of JFIF, with Y less a half. */
function ycbcr(face: number): Float32Array[] {
  const of = (channel: number, i: number): number => faces.data[(3 * face + channel) * PLANE + i] as number;
  const made = (red: number, green: number, blue: number, offset: number): Float32Array =>
    Float32Array.from({ length: PLANE }, (_, i) => red * of(0, i) + green * of(1, i) + blue * of(2, i) + offset);
  return [
    made(0.299, 0.587, 0.114, -0.5),
    made(-0.168735892, -0.331264108, 0.5, 0),
    made(0.5, -0.418687589, -0.081312411, 0),
  ];
}

describe('the blocks of a face', () => {
  test('are the DCT that image/ computes in another way', async () => {
    const blocks = await blocksOf('dct');
    const expected: number[] = [];
    for (let face = 0; face < 2; face++) {
      for (const plane of ycbcr(face)) {
        const coefficients = blockDct(plane, WIDTH, HEIGHT);
        for (let number = 0; number < 64; number++)
          for (let row = 0; row < HEIGHT / 8; row++)
            for (let column = 0; column < WIDTH / 8; column++)
              expected.push(
                coefficients[(8 * row + Math.floor(number / 8)) * WIDTH + 8 * column + (number % 8)] as number,
              );
      }
    }
    expect(largestDifference(blocks, expected)).toBeLessThan(1e-5);
  });

  test('are the pixels themselves where that is asked', async () => {
    const blocks = await blocksOf('pixels');
    // Face 1, Cr, third row and sixth column of the last block.
    const at = ((1 * BLOCK_CHANNELS + 128 + 2 * 8 + 5) * 2 + 1) * 3 + 2;
    expect(blocks[at]).toBeCloseTo(ycbcr(1)[2]?.[(8 + 2) * WIDTH + 16 + 5] as number, 6);
  });

  test.each(['pixels', 'dct'] as const)('of %s give the face back', async (transform) => {
    const { back } = await evaluate({ faces }, (inputs) => ({
      back: fromBlocks(toBlocks(inputs.faces, transform), transform),
    }));
    expect(largestDifference(back ?? [], faces.data)).toBeLessThan(1e-5);
  });
});

describe('the rows of the DCT', () => {
  test('are orthonormal within luma', () => {
    // Of grey pixels luma is their sum over the colours, so that a row's weights summed over red, green and blue are the transform's own.
    const rows = Array.from({ length: 64 }, (_, channel) => {
      const kernel = blockRows('dct').kernel(channel);
      return Array.from({ length: 64 }, (_, i) => (kernel[i] ?? 0) + (kernel[64 + i] ?? 0) + (kernel[128 + i] ?? 0));
    });
    const products = rows.flatMap((a) => rows.map((b) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)));
    const identity = products.map((_, i) => Number(i % 65 === 0));
    expect(largestDifference(products, identity)).toBeLessThan(1e-6);
  });

  test('see no colour in grey', () => {
    for (const channel of [64, 70, 128, 191]) {
      const kernel = blockRows('dct').kernel(channel);
      for (let i = 0; i < 64; i++)
        expect((kernel[i] ?? 0) + (kernel[64 + i] ?? 0) + (kernel[128 + i] ?? 0)).toBeCloseTo(0, 6);
    }
  });
});
