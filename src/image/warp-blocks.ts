import type { PixelRegion } from './block-average.ts';
import type { AffineMatrix } from './warp.ts';

/** Width and height of a picture, in pixels. */
export interface PictureSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** The part of a source that a warp sees, to be averaged in blocks before it is sampled. */
export interface WarpBlocks {
  readonly region: PixelRegion;
  readonly blockX: number;
  readonly blockY: number;
  /** From the output to the blocks. */
  readonly matrix: AffineMatrix;
}

/** Blocks of the whole factor that leaves steps of one to two source pixels, so that nothing aliases; undefined where nothing is to be shrunk. */
export function warpBlocks(source: PictureSize, matrix: AffineMatrix, output: PictureSize): WarpBlocks | undefined {
  const [a, b, c, d, e, f] = matrix;
  // Length of a row: how far the source coordinate moves for one output pixel in the direction that moves it most.
  const blockX = blockSize(Math.hypot(a, b));
  const blockY = blockSize(Math.hypot(d, e));
  if (blockX === 1 && blockY === 1) return undefined;
  const [left, right] = coveredRange([a, b, c], output, blockX, source.widthPx);
  const [top, bottom] = coveredRange([d, e, f], output, blockY, source.heightPx);
  // The centre of block 0 lies (block - 1) / 2 right of the region's first pixel.
  const toBlocks = (value: number, start: number, block: number) => (value - start - (block - 1) / 2) / block;
  return {
    region: { x: left, y: top, width: right - left, height: bottom - top },
    blockX,
    blockY,
    matrix: [a / blockX, b / blockX, toBlocks(c, left, blockX), d / blockY, e / blockY, toBlocks(f, top, blockY)],
  };
}

function blockSize(step: number): number {
  return step > 2 ? Math.floor(step) : 1;
}

/** The source pixels [start, end) that the output's corners span in one coordinate, with a margin of two blocks, inside the image. */
function coveredRange(
  [perX, perY, offset]: readonly [number, number, number],
  output: PictureSize,
  block: number,
  limit: number,
): [number, number] {
  const acrossX = perX * (output.widthPx - 1);
  const acrossY = perY * (output.heightPx - 1);
  const low = offset + Math.min(0, acrossX) + Math.min(0, acrossY);
  const high = offset + Math.max(0, acrossX) + Math.max(0, acrossY);
  const start = Math.min(Math.max(0, Math.floor(low) - 2 * block), limit - 1);
  return [start, Math.min(Math.max(start + 1, Math.ceil(high) + 2 * block + 1), limit)];
}
