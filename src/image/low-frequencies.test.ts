import { describe, expect, it } from 'vitest';
import { flatImage, wavyImage } from '../../test/fixtures/image-files.ts';
import { Random } from '../util/random.ts';
import type { Image } from './image.ts';
import { addLowFrequencies, lowFrequencies, topFrequencies } from './low-frequencies.ts';

const COUNT = 9;

/** The sum as it is defined, pixel by pixel. */
function coefficient({ widthPx, heightPx, data }: Image, v: number, u: number): number {
  let sum = 0;
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const [r = 0, g = 0, b = 0] = data.subarray(3 * (y * widthPx + x));
      const brightness = 0.299 * r + 0.587 * g + 0.114 * b;
      const down = Math.cos((Math.PI * v * (y + 0.5)) / heightPx);
      sum += brightness * down * Math.cos((Math.PI * u * (x + 0.5)) / widthPx);
    }
  }
  return (512 * sum) / (widthPx * heightPx);
}

describe('low frequencies', () => {
  it.each([
    [16, 12],
    [17, 23],
    [30, 31],
  ])('are the definition’s at %dx%d px', (widthPx, heightPx) => {
    const image = wavyImage(widthPx, heightPx, new Random(4));
    const found = lowFrequencies(image, COUNT);
    for (let v = 0; v < COUNT; v++) {
      for (let u = 0; u < COUNT; u++) expect(found[v * COUNT + u]).toBeCloseTo(coefficient(image, v, u), 1);
    }
  });

  it('of an upper part are those of the part by itself', () => {
    const image = wavyImage(31, 40, new Random(5));
    const ofTop = topFrequencies(image, COUNT);
    for (const heightPx of [40, 36, 29]) {
      const part = { widthPx: 31, heightPx, data: image.data.slice(0, 3 * 31 * heightPx) };
      expect(ofTop(heightPx)).toEqual(lowFrequencies(part, COUNT));
    }
  });

  it.each([
    [64, 48],
    [61, 47],
  ])('rise by what is added, and no others, at %dx%d px', (widthPx, heightPx) => {
    const change = new Float32Array(COUNT * COUNT);
    change[2 * COUNT + 5] = 400;
    change[7 * COUNT + 3] = -300;
    const { image, clippedShare } = addLowFrequencies(flatImage(widthPx, heightPx, [120, 130, 140]), change, COUNT);
    expect(clippedShare).toBe(0);
    const found = lowFrequencies(image, COUNT);
    found.forEach((value, at) => {
      // Rounding to whole levels; and the mean is no frequency.
      if (at > 0) expect(Math.abs(value - (change[at] ?? 0)), `${at}`).toBeLessThan(12);
    });
  });

  it('tell how much of a change was clipped', () => {
    const change = new Float32Array(COUNT * COUNT);
    change[COUNT + 1] = 2000;
    const share = (level: number) =>
      addLowFrequencies(flatImage(32, 32, [level, level, level]), change, COUNT).clippedShare;
    expect(share(128)).toBe(0);
    expect(share(255)).toBeCloseTo(0.5, 1);
  });
});
