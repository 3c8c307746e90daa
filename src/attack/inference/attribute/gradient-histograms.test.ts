import { expect, test } from 'vitest';
import { PORTRAIT_PX } from '../../../face/portrait.ts';
import { histogramFeatures } from './gradient-histograms.ts';

const SIDE = PORTRAIT_PX;
const CELLS = 64;
const ORIENTATIONS = 9;

/** A portrait of what `value` says of each place, the same in all channels but for `shift` in blue. */
function portrait(value: (x: number, y: number) => number, shift = 0): Float32Array {
  return Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    const place = i % (SIDE * SIDE);
    return value(place % SIDE, Math.floor(place / SIDE)) + (i >= 2 * SIDE * SIDE ? shift : 0);
  });
}

/** Which orientation is strongest in a cell in the middle. */
function strongest(features: Float32Array): number {
  const cell = features.subarray(27 * ORIENTATIONS, 28 * ORIENTATIONS);
  return cell.indexOf(Math.max(...cell));
}

test('tells slopes by their direction, and not by their sign', () => {
  const [right, down, left] = [
    histogramFeatures(portrait((x) => x / SIDE)),
    histogramFeatures(portrait((_, y) => y / SIDE)),
    histogramFeatures(portrait((x) => 1 - x / SIDE)),
  ];
  expect(strongest(right)).not.toBe(strongest(down));
  const cell = (features: Float32Array) => features.subarray(27 * ORIENTATIONS, 28 * ORIENTATIONS);
  cell(right).forEach((value, i) => {
    expect(cell(left)[i]).toBeCloseTo(value, 4);
  });
});

test('a smooth portrait has no orientation, and its colour in every cell', () => {
  const features = histogramFeatures(portrait(() => 0.25, 0.5));
  expect(features.length).toBe(CELLS * (ORIENTATIONS + 3));
  const histograms = features.subarray(0, CELLS * ORIENTATIONS);
  expect(Math.max(...histograms)).toBeLessThan(1e-3);
  const colours = features.subarray(CELLS * ORIENTATIONS);
  for (let cell = 0; cell < CELLS; cell++) {
    expect(colours[3 * cell]).toBeCloseTo(-0.5, 4);
    expect(colours[3 * cell + 2]).toBeCloseTo(0.5, 4);
  }
});
