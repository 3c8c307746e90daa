import { expect, test } from 'vitest';
import type { Image } from './image.ts';
import { drawDot, drawRectangle } from './outline.ts';

const blank = (widthPx: number, heightPx: number): Image => ({
  widthPx,
  heightPx,
  data: new Uint8Array(3 * widthPx * heightPx),
});

/** Rows of the image, # where the green channel is set. */
function rowsOf({ widthPx, heightPx, data }: Image): string[] {
  return Array.from({ length: heightPx }, (_, y) =>
    Array.from({ length: widthPx }, (_, x) => (data[3 * (y * widthPx + x) + 1] ? '#' : '.')).join(''),
  );
}

test('a rectangle is outlined inwards, in its colour', () => {
  const image = blank(6, 5);
  drawRectangle(image, { x: 1, y: 1, width: 4, height: 3 }, 1, [10, 20, 30]);
  expect(rowsOf(image)).toEqual(['......', '.####.', '.#..#.', '.####.', '......']);
  expect([...image.data.subarray(3 * 7, 3 * 8)]).toEqual([10, 20, 30]);
});

test('what lies outside is left out', () => {
  const image = blank(4, 3);
  drawRectangle(image, { x: -2, y: -2, width: 5, height: 4 }, 1, [0, 255, 0]);
  expect(rowsOf(image)).toEqual(['..#.', '###.', '....']);
});

test('a dot is centred on its point', () => {
  const image = blank(5, 5);
  drawDot(image, { x: 2, y: 2 }, 3, [0, 255, 0]);
  expect(rowsOf(image)).toEqual(['.....', '.###.', '.###.', '.###.', '.....']);
});
