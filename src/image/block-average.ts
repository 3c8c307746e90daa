import type { Image } from './image.ts';

/** A rectangle of whole pixels; same field names as a face's box. */
export interface PixelRegion {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Shrinks a region by averaging blocks of `blockWidthPx` x `blockHeightPx` pixels, the blocks laid from its upper left corner.
 *
 * Blocks that reach over the region's right or lower edge are the mean of the part inside. The region must lie in the image.
 */
export function averageBlocks(image: Image, region: PixelRegion, blockWidthPx: number, blockHeightPx: number): Image {
  const widthPx = Math.ceil(region.width / blockWidthPx);
  const heightPx = Math.ceil(region.height / blockHeightPx);
  const data = new Uint8Array(3 * widthPx * heightPx);
  const sums = new Uint32Array(3 * widthPx);
  for (let row = 0; row < heightPx; row++) {
    sums.fill(0);
    const top = region.y + row * blockHeightPx;
    const bottom = Math.min(top + blockHeightPx, region.y + region.height);
    for (let y = top; y < bottom; y++) addRow(image, region, y, blockWidthPx, sums);
    for (let column = 0; column < widthPx; column++) {
      const count = Math.min(blockWidthPx, region.width - column * blockWidthPx) * (bottom - top);
      for (let c = 3 * column; c < 3 * column + 3; c++) data[3 * widthPx * row + c] = (sums[c] ?? 0) / count + 0.5;
    }
  }
  return { widthPx, heightPx, data };
}

function addRow(image: Image, region: PixelRegion, y: number, blockWidthPx: number, sums: Uint32Array): void {
  const { data } = image;
  let p = 3 * (y * image.widthPx + region.x);
  const end = p + 3 * region.width;
  for (let s = 0; p < end; s += 3) {
    const blockEnd = Math.min(p + 3 * blockWidthPx, end);
    let red = 0;
    let green = 0;
    let blue = 0;
    for (; p < blockEnd; p += 3) {
      red += data[p] as number;
      green += data[p + 1] as number;
      blue += data[p + 2] as number;
    }
    sums[s] = (sums[s] as number) + red;
    sums[s + 1] = (sums[s + 1] as number) + green;
    sums[s + 2] = (sums[s + 2] as number) + blue;
  }
}
