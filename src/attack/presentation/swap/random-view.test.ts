import { describe, expect, test } from 'vitest';
import { Random } from '../../../util/random.ts';
import { drawView, type RandomView, regularGrid, renderPair, type SwapExample } from './random-view.ts';

const SIZE_PX = 16;
const SIDE_PX = 20;
const BORDER_PX = 2;

/** Red tells the column, green the row, ten levels a pixel; blue is even; the mask is the left half. */
const example: SwapExample = {
  picture: Uint8Array.from({ length: 3 * SIDE_PX ** 2 }, (_, i) => {
    const channel = Math.floor(i / SIDE_PX ** 2);
    return [10 * (i % SIDE_PX), 10 * (Math.floor(i / SIDE_PX) % SIDE_PX), 100][channel] ?? 0;
  }),
  mask: Uint8Array.from({ length: SIDE_PX ** 2 }, (_, i) => (i % SIDE_PX < SIDE_PX / 2 ? 255 : 0)),
};

/** The middle of the picture as it is. */
const still: RandomView = {
  grid: regularGrid(SIZE_PX),
  nearest: [1, 0, 0, 0, 1, 0],
  toPicture: [1, 0, BORDER_PX, 0, 1, BORDER_PX],
  gains: [1, 1, 1],
};

function render(view: RandomView) {
  const area = SIZE_PX ** 2;
  const out = {
    warped: new Float32Array(3 * area),
    straight: new Float32Array(3 * area),
    mask: new Float32Array(area),
  };
  renderPair(example, view, SIZE_PX, out);
  const at = (planes: Float32Array, x: number, y: number, channel: number): number =>
    255 * (planes[channel * area + y * SIZE_PX + x] as number);
  return { ...out, at };
}

describe('a face that is seen as it is', () => {
  const { at, warped, straight, mask } = render(still);

  test('is the middle of the picture, and warped by nothing', () => {
    expect(at(straight, 0, 0, 0)).toBeCloseTo(10 * BORDER_PX, 3);
    expect(at(straight, 15, 7, 0)).toBeCloseTo(10 * (15 + BORDER_PX), 3);
    expect(at(straight, 15, 7, 1)).toBeCloseTo(10 * (7 + BORDER_PX), 3);
    expect(Math.max(...warped.map((value, i) => Math.abs(value - (straight[i] ?? 0))))).toBeLessThan(1e-6);
  });

  test('has its mask in the same place', () => {
    expect(mask[7]).toBe(1);
    expect(mask[8]).toBe(0);
  });
});

test('one point of the grid that is moved moves what is about it, and nothing beyond its neighbours', () => {
  // The middle point, to the right by a pixel: there the network sees what lies a pixel further.
  const grid = still.grid.map((point, i) => (i === 12 ? { ...point, x: point.x + 1 } : point));
  const { at, warped } = render({ ...still, grid });
  const shift = (x: number, y: number): number => at(warped, x, y, 0) - 10 * (x + BORDER_PX);

  // The grid's cells are 3.75 px wide: pixel 7 is half a pixel, of one and a half cells, from the middle at 7.5.
  expect(shift(7, 7)).toBeCloseTo(10 * (1 - 0.5 / 3.75) ** 2, 2);
  expect(shift(3, 7)).toBeCloseTo(0, 3);
  expect(shift(12, 12)).toBeCloseTo(0, 3);
});

test('a warp that is a similarity is in the target too: there is nothing to undo', () => {
  const nearest = [1.1, -0.2, 1, 0.2, 1.1, -2] as const;
  const grid = still.grid.map(({ x, y }) => ({ x: 1.1 * x - 0.2 * y + 1, y: 0.2 * x + 1.1 * y - 2 }));
  const { warped, straight } = render({ ...still, grid, nearest });

  expect(Math.max(...warped.map((value, i) => Math.abs(value - (straight[i] ?? 0))))).toBeLessThan(1e-5);
});

describe('views that are drawn', () => {
  const views = Array.from({ length: 400 }, (_, i) => drawView(new Random(i), SIZE_PX, SIDE_PX));

  test('mirror half of the faces and turn none by more than ten degrees', () => {
    const mirrored = views.filter(({ toPicture: [a] }) => a < 0).length;
    expect(mirrored).toBeGreaterThan(160);
    expect(mirrored).toBeLessThan(240);
    const angles = views.map(({ toPicture: [a, , , d] }) => Math.abs(Math.atan(d / a)));
    expect(Math.max(...angles)).toBeLessThanOrEqual(Math.PI / 18 + 1e-9);
    expect(Math.max(...angles)).toBeGreaterThan(Math.PI / 20);
  });

  test('keep the middle of the face within a twentieth of the middle', () => {
    const middle = (SIZE_PX - 1) / 2;
    for (const { toPicture } of views) {
      const [a, b, c, d, e, f] = toPicture;
      expect(Math.abs(a * middle + b * middle + c - (SIDE_PX - 1) / 2)).toBeLessThanOrEqual(SIZE_PX / 20 + 1e-9);
      expect(Math.abs(d * middle + e * middle + f - (SIDE_PX - 1) / 2)).toBeLessThanOrEqual(SIZE_PX / 20 + 1e-9);
    }
  });

  test('jitter the grid by a thirty-second of the side, and follow the jitter as a whole', () => {
    const regular = regularGrid(SIZE_PX);
    let squares = 0;
    for (const { grid, nearest } of views) {
      grid.forEach((point, i) => {
        squares += (point.x - (regular[i]?.x ?? 0)) ** 2 / (views.length * grid.length);
      });
      // The least squares of a similarity: what is left has no shift.
      const [a, b, c] = nearest;
      const left = grid.reduce(
        (sum, point, i) => sum + point.x - (a * (regular[i]?.x ?? 0) + b * (regular[i]?.y ?? 0) + c),
        0,
      );
      expect(left).toBeCloseTo(0, 6);
    }
    expect(Math.sqrt(squares)).toBeCloseTo(SIZE_PX / 32, 1);
  });
});

test('light is changed alike in what is shown and in what is wanted', () => {
  const { at, warped, straight } = render({ ...still, gains: [0.5, 1, 1.2] });
  expect(at(warped, 8, 8, 0)).toBeCloseTo(50, 3);
  expect(at(straight, 8, 8, 0)).toBeCloseTo(50, 3);
  expect(at(straight, 8, 8, 2)).toBeCloseTo(120, 3);
});
