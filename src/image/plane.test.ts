import { describe, expect, test } from 'vitest';
import { Random } from '../util/random.ts';
import { boxMean, combinePlanes, emptyPlane, multiplyPlanes, type Plane, polygonMask, smoothPlane } from './plane.ts';

const noise = (widthPx: number, heightPx: number): Plane => ({
  widthPx,
  heightPx,
  data: new Random(1).normals(widthPx * heightPx),
});

describe('boxMean', () => {
  test.for([1, 2, 5, 40])('of radius %i is the mean of what is inside', (radius) => {
    const plane = noise(23, 17);
    const found = boxMean(plane, radius);
    for (let y = 0; y < 17; y++) {
      for (let x = 0; x < 23; x++) {
        let [sum, count] = [0, 0];
        for (let v = Math.max(0, y - radius); v <= Math.min(16, y + radius); v++) {
          for (let u = Math.max(0, x - radius); u <= Math.min(22, x + radius); u++) {
            // Mean of means: rows first, then columns, each of what is inside; the same as the mean over the square.
            sum += plane.data[23 * v + u] as number;
            count++;
          }
        }
        expect(found.data[23 * y + x]).toBeCloseTo(sum / count, 4);
      }
    }
  });

  test('of radius 0 changes nothing', () => {
    const plane = noise(5, 4);
    expect(boxMean(plane, 0).data).toEqual(plane.data);
  });
});

test.for([2, 4.5, 9])('smoothPlane spreads a dot as a Gaussian of deviation %d does', (deviation) => {
  const plane = emptyPlane(121, 121);
  plane.data[60 * 121 + 60] = 1;
  const { data } = smoothPlane(plane, deviation);
  let [sum, variance] = [0, 0];
  data.forEach((value, i) => {
    sum += value;
    variance += value * ((i % 121) - 60) ** 2;
  });
  expect(sum).toBeCloseTo(1, 4);
  expect(Math.abs(Math.sqrt(variance) - deviation) / deviation).toBeLessThan(0.1);
  expect(Math.max(...data)).toBeCloseTo(1 / (2 * Math.PI * variance), 2);
});

test('planes are combined and multiplied number by number', () => {
  const [first, second] = [noise(4, 3), smoothPlane(noise(4, 3), 1)];
  const product = multiplyPlanes(first, second);
  expect(product.data).toEqual(combinePlanes((x, y) => x * y, first, second).data);
  expect(product.data[5]).toBeCloseTo((first.data[5] ?? 0) * (second.data[5] ?? 0), 6);
});

describe('polygonMask', () => {
  const size = { widthPx: 40, heightPx: 30 };
  const area = ({ data }: Plane): number => data.reduce((sum, value) => sum + value, 0);

  test('covers the area of its outline, pixels at the edge in part', () => {
    const triangle = [
      { x: 3.2, y: 4.7 },
      { x: 33.1, y: 9.4 },
      { x: 12.6, y: 26.3 },
    ];
    // By the shoelace formula.
    const expected = Math.abs((33.1 - 3.2) * (26.3 - 4.7) - (12.6 - 3.2) * (9.4 - 4.7)) / 2;
    const mask = polygonMask([triangle], size);
    expect(area(mask)).toBeCloseTo(expected, -0.5);
    expect(mask.data[15 * 40 + 15]).toBeCloseTo(1, 5);
    expect(mask.data[0]).toBe(0);
    expect(mask.data.some((value) => value > 0.1 && value < 0.9)).toBe(true);
  });

  test('is cut at the border, and nowhere more than 1 where outlines overlap', () => {
    const square = (from: number, to: number) => [
      { x: from, y: from },
      { x: to, y: from },
      { x: to, y: to },
      { x: from, y: to },
    ];
    expect(area(polygonMask([square(-20, 9.5)], size))).toBeCloseTo(100, 3);
    const both = polygonMask([square(1.5, 9.5), square(5.5, 13.5)], size);
    expect(Math.max(...both.data)).toBe(1);
    expect(area(both)).toBeCloseTo(2 * 64 - 16, 3);
  });
});
