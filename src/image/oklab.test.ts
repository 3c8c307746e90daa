import { expect, test } from 'vitest';
import { fromOklab, toOklab } from './oklab.ts';

/** sRGB as percentages and its OKLab, from the W3C's tests of CSS Color 4. */
const REFERENCES: readonly (readonly [rgb: readonly number[], lab: readonly number[]])[] = [
  [
    [0, 50.196, 0],
    [0.51975, -0.1403, 0.10768],
  ],
  [
    [48.477, 34.29, 38.412],
    [0.5, 0.05, 0],
  ],
  [
    [29.264, 70.096, 63.017],
    [0.7, -0.1, 0],
  ],
  [
    [73.942, 60.484, 19.65],
    [0.7, 0, 0.125],
  ],
  [
    [27.888, 38.072, 89.414],
    [0.55, 0, -0.2],
  ],
  [
    [100, 100, 100],
    [1, 0, 0],
  ],
  [
    [0, 0, 0],
    [0, 0, 0],
  ],
];

test.for(REFERENCES)('sRGB %o %% is OKLab %o', ([rgb, lab]) => {
  const bytes = rgb.map((percent) => Math.round(2.55 * percent));
  const found = new Float32Array(3);
  toOklab(bytes[0] ?? 0, bytes[1] ?? 0, bytes[2] ?? 0, found);
  // A byte is a step of about 0.003.
  lab.forEach((value, i) => void expect(Math.abs((found[i] ?? 0) - value)).toBeLessThan(0.003));
  const back = new Uint8Array(3);
  fromOklab(Float32Array.from(lab), back, 0);
  bytes.forEach((value, i) => void expect(Math.abs((back[i] ?? 0) - value)).toBeLessThanOrEqual(1));
});

test('a pixel comes back as it was', () => {
  const lab = new Float32Array(3);
  const back = new Uint8Array(3);
  for (let red = 0; red < 256; red += 5) {
    for (let green = 0; green < 256; green += 5) {
      for (let blue = 0; blue < 256; blue += 5) {
        toOklab(red, green, blue, lab);
        fromOklab(lab, back, 0);
        if (back[0] !== red || back[1] !== green || back[2] !== blue) expect([...back]).toEqual([red, green, blue]);
      }
    }
  }
});

test('in half the light a colour has the same a / L and b / L', () => {
  const [bright, dim] = [new Float32Array(3), new Float32Array(3)];
  // 188 and 137 of sRGB are linear 0.503 and 0.250; 137 and 99 are 0.250 and 0.125.
  toOklab(188, 137, 99, bright);
  toOklab(137, 99, 71, dim);
  for (const i of [1, 2]) expect((dim[i] ?? 0) / (dim[0] ?? 1)).toBeCloseTo((bright[i] ?? 0) / (bright[0] ?? 1), 2);
});

test('what sRGB cannot show is clipped', () => {
  const pixels = new Uint8Array(3);
  fromOklab(Float32Array.of(1.2, 0, 0), pixels, 0);
  expect([...pixels]).toEqual([255, 255, 255]);
  fromOklab(Float32Array.of(0.5, 0.4, 0), pixels, 0);
  expect(pixels[1]).toBe(0);
});
