import { describe, expect, test } from 'vitest';
import { frontFace } from '../../../../test/fixtures/front-face.ts';
import type { Image } from '../../../image/image.ts';
import { cellColours, cellsToFrame, type FaceGrid, faceGrid, forEachRow, gridPlane, toCells } from './face-grid.ts';

const BOX = { x: 0, y: 0, width: 112, height: 112 };
const photo: Image = { widthPx: 400, heightPx: 300, data: new Uint8Array(3 * 400 * 300) };

function gridOf(scale: number, cellsPerUnit: number, rollRadians = 0): FaceGrid {
  const grid = faceGrid(photo, frontFace(scale, { x: 60, y: 20 }, rollRadians), BOX, cellsPerUnit);
  if (!grid) throw new TypeError('no grid');
  return grid;
}

describe.for([
  [2, 2, 1],
  [2, 1, 2],
  [2.4, 0.8, 3],
  [2, 0.4, 5],
] as const)('a face of %d px a unit at %d cells a unit', ([scale, cellsPerUnit, cellPx]) => {
  const grid = gridOf(scale, cellsPerUnit);

  test('has cells of whole pixels over its part of the photo', () => {
    expect(grid.cellPx).toBe(cellPx);
    expect(Math.abs(grid.region.x - 60)).toBeLessThanOrEqual(1);
    expect(Math.abs(grid.region.width - 112 * scale)).toBeLessThanOrEqual(2);
    expect(grid.unitPx).toBeCloseTo(scale, 5);
    expect(cellColours(photo, grid).widthPx).toBe(grid.widthCells);
  });

  test('brings a plane that rises evenly over the photo to its pixels as it is', () => {
    const ramp = gridPlane(grid);
    // The value of a cell is 3 x - 2 y of the photo at its centre.
    for (let row = 0, at = 0; row < grid.heightCells; row++) {
      for (let column = 0; column < grid.widthCells; column++, at++) {
        const [x, y] = [grid.region.x + (column + 0.5) * cellPx - 0.5, grid.region.y + (row + 0.5) * cellPx - 0.5];
        ramp.data[at] = 3 * x - 2 * y;
        if (at === 1000)
          expect(toCells(grid, { x, y })).toEqual({ x: expect.closeTo(column, 6), y: expect.closeTo(row, 6) });
      }
    }
    const margin = 3 * cellPx;
    let furthest = 0;
    forEachRow(grid, [ramp], (row, [values]) => {
      if (row < margin || row >= grid.region.height - margin) return;
      for (let x = margin; x < grid.region.width - margin; x++) {
        const expected = 3 * (grid.region.x + x) - 2 * (grid.region.y + row);
        furthest = Math.max(furthest, Math.abs((values?.[x] ?? Number.NaN) - expected));
      }
    });
    expect(furthest).toBeLessThan(0.01);
  });

  test('a lone cell is seen within two cells and no further, and as much in sum as it covers', () => {
    const dot = gridPlane(grid);
    const [column, row] = [10, 12];
    dot.data[row * grid.widthCells + column] = 1;
    let [sum, strays] = [0, 0];
    forEachRow(grid, [dot], (y, [values]) => {
      values?.forEach((value, x) => {
        sum += value;
        const near = Math.max(Math.abs(x - (column + 0.5) * cellPx + 0.5), Math.abs(y - (row + 0.5) * cellPx + 0.5));
        if (near >= 2 * cellPx && value !== 0) strays++;
        if (value < 0) strays++;
      });
    });
    expect(strays).toBe(0);
    expect(sum).toBeCloseTo(cellPx ** 2, 3);
  });

  test('is visited only where a plane is not 0, and is there as in a whole visit', () => {
    const [spots, everywhere] = [gridPlane(grid), gridPlane(grid)];
    const last = spots.data.length - 1;
    for (const at of [0, 5 * grid.widthCells + 7, 5 * grid.widthCells + 9, last]) spots.data[at] = 1;
    everywhere.data.fill(1);
    const whole = new Map<number, Float32Array>();
    forEachRow(grid, [spots, everywhere], (row, [values], from, to) => {
      expect([from, to]).toEqual([0, grid.region.width]);
      whole.set(row, values?.slice() ?? new Float32Array());
    });
    expect(whole.size).toBe(grid.region.height);
    let pixels = 0;
    forEachRow(grid, [spots], (row, [values], from, to) => {
      pixels += to - from;
      const expected = new Float32Array(grid.region.width);
      expected.set(values?.subarray(from, to) ?? [], from);
      expect(expected).toEqual(whole.get(row));
      whole.delete(row);
    });
    for (const values of whole.values()) expect(values.every((value) => value === 0)).toBe(true);
    // Three places, each of at most six cells a side.
    expect(pixels).toBeLessThanOrEqual(3 * (6 * cellPx) ** 2);
  });
});

test('cells know their place in the canonical frame, whichever way the face is turned', () => {
  const grid = gridOf(1.7, 1, 0.4);
  const [a, b, c, d, e, f] = cellsToFrame(grid);
  // The left eye's place.
  const face = frontFace(1.7, { x: 60, y: 20 }, 0.4);
  const { x, y } = toCells(grid, face.landmarks[0]);
  expect(a * x + b * y + c).toBeCloseTo(38.2946, 2);
  expect(d * x + e * y + f).toBeCloseTo(51.6963, 2);
});

test('a face outside the photo has no grid, one partly outside has the part inside', () => {
  expect(faceGrid(photo, frontFace(1, { x: 500, y: 20 }), BOX, 1)).toBeUndefined();
  const grid = faceGrid(photo, frontFace(1, { x: -50, y: -20 }), BOX, 1);
  expect(grid?.region).toMatchObject({ x: 0, y: 0 });
  expect(Math.abs((grid?.region.width ?? 0) - 62)).toBeLessThanOrEqual(2);
});
