import { expect, test } from 'vitest';
import { Random } from '../util/random.ts';
import { applyGuide, fitGuide } from './guided-filter.ts';
import type { Plane } from './plane.ts';

const SIZE = 24;
const planeOf = (value: (x: number, y: number) => number): Plane => ({
  widthPx: SIZE,
  heightPx: SIZE,
  data: Float32Array.from({ length: SIZE ** 2 }, (_, i) => value(i % SIZE, Math.floor(i / SIZE))),
});

test('a plane that is a line of its guide comes back, with the slope', () => {
  const random = new Random(1);
  const guide = planeOf(() => random.uniform());
  const plane = { ...guide, data: guide.data.map((value) => 0.2 - 0.7 * value) };
  const line = fitGuide(guide, plane, { radiusPx: 3, regularisation: 1e-9 });
  for (const i of [0, 100, 300, SIZE ** 2 - 1]) {
    expect(line.slope.data[i]).toBeCloseTo(-0.7, 3);
    expect(applyGuide(line, guide).data[i]).toBeCloseTo(plane.data[i] ?? 0, 3);
  }
});

test('noise about an edge of the guide is smoothed and the edge kept', () => {
  const random = new Random(2);
  const clean = planeOf((x) => (x < SIZE / 2 ? 0.2 : 0.8));
  const noisy = { ...clean, data: clean.data.map((value) => value + 0.02 * random.normal()) };
  const smooth = applyGuide(fitGuide(noisy, noisy, { radiusPx: 3, regularisation: 0.05 ** 2 }), noisy);
  const error = ({ data }: Plane) =>
    Math.sqrt(data.reduce((sum, v, i) => sum + (v - (clean.data[i] ?? 0)) ** 2, 0) / data.length);
  expect(error(smooth)).toBeLessThan(0.6 * error(noisy));
  const [left, right] = [smooth.data[12 * SIZE + 11] ?? 0, smooth.data[12 * SIZE + 12] ?? 0];
  expect(right - left).toBeGreaterThan(0.5);
});

test('a guide without structure leaves the mean', () => {
  const random = new Random(3);
  const plane = planeOf(() => random.uniform());
  const { slope } = fitGuide(
    planeOf(() => 0.5),
    plane,
    { radiusPx: 4, regularisation: 0.01 },
  );
  for (const value of slope.data) expect(Math.abs(value)).toBeLessThan(1e-3);
});
