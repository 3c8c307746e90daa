import { describe, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { gaussianBlur, medianFilter } from './filter.ts';
import type { Image } from './image.ts';

const SIZE = 12;
const random = new Random(5);
const photo: Image = {
  widthPx: SIZE,
  heightPx: SIZE,
  data: Uint8Array.from({ length: 3 * SIZE * SIZE }, () => random.integer(256)),
};
const at = ({ data }: Image, x: number, y: number, channel: number): number =>
  data[3 * (y * SIZE + x) + channel] as number;

test('the median of each square, from first principles', async () => {
  const filtered = await medianFilter(photo, 3);
  for (let y = 1; y < SIZE - 1; y++)
    for (let x = 1; x < SIZE - 1; x++)
      for (let channel = 0; channel < 3; channel++) {
        const square = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => at(photo, x + dx, y + dy, channel)));
        expect(at(filtered, x, y, channel)).toBe(square.toSorted((a, b) => a - b)[4]);
      }
});

test('the Gaussian mean, from first principles', async () => {
  const deviation = 0.8;
  const blurred = await gaussianBlur(photo, deviation);
  const weight = (offset: number): number => Math.exp(-(offset ** 2) / (2 * deviation ** 2));
  for (let y = 4; y < SIZE - 4; y++)
    for (let x = 4; x < SIZE - 4; x++) {
      let [sum, total] = [0, 0];
      for (let dy = -4; dy <= 4; dy++)
        for (let dx = -4; dx <= 4; dx++) {
          sum += weight(dx) * weight(dy) * at(photo, x + dx, y + dy, 0);
          total += weight(dx) * weight(dy);
        }
      expect(Math.abs(at(blurred, x, y, 0) - sum / total)).toBeLessThan(2.5);
    }
});

describe('bad settings', () => {
  test.each([0, 2, 4, 33, 3.5])('a median over %s px is refused', async (sizePx) => {
    await expect((async () => medianFilter(photo, sizePx))()).rejects.toThrow(InputError);
  });

  test.each([0, 0.1, Number.NaN, 1000])('a Gaussian of deviation %s px is refused', async (deviation) => {
    await expect((async () => gaussianBlur(photo, deviation))()).rejects.toThrow(InputError);
  });
});
