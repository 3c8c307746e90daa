import { describe, expect, it } from 'vitest';
import { Random } from '../../../util/random.ts';
import { createUnsteadyBlur } from './blur.ts';
import { createCamera, createSensorNoise } from './camera.ts';
import { darkness, daylight } from './light.ts';
import { createChannel } from './parameters.ts';
import type { CameraSettings } from './settings.ts';

const SIZE = { widthPx: 64, heightPx: 48 };

function settingsOf(own: Partial<CameraSettings>): CameraSettings {
  const still = { defocusPx: 0, motionBlurPx: 0, vignetting: 0, readNoiseElectrons: 0, electronsAtWhite: 30_000 };
  const channel = createChannel('camera', { camera: { ...still, ...own } });
  if (channel.kind !== 'camera') throw new TypeError('no camera');
  return channel.camera;
}

function photograph(light: number, own: Partial<CameraSettings>, seed = 'a') {
  const scene = darkness(SIZE);
  scene.data.fill(light);
  return createCamera(settingsOf(own), SIZE, new Random(seed)).take(scene);
}

const middle = (data: Uint8Array, k = 1): number => data[3 * (64 * 24 + 32) + k] ?? 0;

describe('noise', () => {
  const varianceOf = (light: number, readNoiseElectrons: number): number => {
    const data = new Float32Array(60_000).fill(light);
    createSensorNoise({ electronsAtWhite: 1000, readNoiseElectrons }, new Random('noise'))(data, 600);
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    expect(mean).toBeCloseTo(light, 2);
    return data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length;
  };

  it('of photons: its variance is proportional to the signal', () => {
    for (const light of [0.05, 0.2, 0.8]) expect(varianceOf(light, 0)).toBeCloseTo(light / 1000, 4.5);
    expect(varianceOf(0.8, 0) / varianceOf(0.1, 0)).toBeCloseTo(8, 0.5);
  });

  it('of reading: adds its own square, in the dark as well', () => {
    expect(varianceOf(0, 20) * 1e6).toBeCloseTo(400, -1.2);
    expect(varianceOf(0.5, 20) - varianceOf(0.5, 0)).toBeCloseTo(0.0004, 4.5);
  });
});

describe('a camera', () => {
  it('gives back a lit scene as sRGB has it, and brighter by a stop where exposed so', () => {
    expect(middle(photograph(0.18, {}).data)).toBeCloseTo(118, -0.7);
    expect(middle(photograph(0.09, { exposureStops: 1 }).data)).toBeCloseTo(118, -0.7);
    expect(middle(photograph(4, {}).data)).toBe(255);
  });

  it('takes a warm white for neutral: blue is what it then adds', () => {
    const { data } = photograph(0.3, { whiteBalanceKelvin: 4500 });
    expect(middle(data, 2)).toBeGreaterThan(middle(data, 0) + 20);
  });

  it('lacks light in the corner by what is asked', () => {
    const { data } = photograph(0.4, { vignetting: 0.5 });
    // sRGB's bytes of 0.4 and 0.2 of the light.
    expect(Math.abs(middle(data) - 170)).toBeLessThanOrEqual(4);
    expect(Math.abs((data[1] ?? 0) - 124)).toBeLessThanOrEqual(4);
  });

  it('is the same for a seed, and another for another', () => {
    const own = { electronsAtWhite: 500, motionBlurPx: 3 };
    expect(photograph(0.3, own).data).toEqual(photograph(0.3, own).data);
    expect(photograph(0.3, own).data).not.toEqual(photograph(0.3, own, 'b').data);
  });
});

describe('a blur', () => {
  /** Light of one bright pixel, its amount, and its spread along x and y. */
  function spotThrough(defocusPx: number, motionBlurPx: number) {
    const scene = darkness(SIZE);
    scene.data.fill(1, 3 * (64 * 24 + 32), 3 * (64 * 24 + 32) + 3);
    const { data } = createUnsteadyBlur({ defocusPx, motionBlurPx }, SIZE, new Random(4))(scene);
    let [sum, x2, y2] = [0, 0, 0];
    for (let i = 0; i < 64 * 48; i++) {
      const light = data[3 * i + 1] ?? 0;
      sum += light;
      x2 += light * ((i % 64) - 32) ** 2;
      y2 += light * (Math.floor(i / 64) - 24) ** 2;
    }
    return { sum, x2, y2 };
  }

  it('of a lens keeps the light and has the deviation asked for', () => {
    const { sum, x2, y2 } = spotThrough(2, 0);
    expect(sum).toBeCloseTo(1, 4);
    // A Gaussian of deviation 2 that ends after 6 pixels has the variance 2 (1 w1 + 4 w2 + ... + 36 w6) / (1 + 2 (w1 + ... + w6)).
    expect(x2).toBeCloseTo(3.951, 2);
    expect(y2).toBeCloseTo(x2, 4);
  });

  it('of motion keeps the light, and is no longer than asked', () => {
    const { sum, x2, y2 } = spotThrough(0, 6);
    expect(sum).toBeCloseTo(1, 4);
    // A line of length 6 has the variance 36 / 12; sharing places between pixels adds at most 1/4 each way.
    expect(x2 + y2).toBeGreaterThan(0.05);
    expect(x2 + y2).toBeLessThan(3.5);
  });

  it.each([
    ['lens', 1.3, 0],
    ['motion', 0, 5],
  ])('leaves an even scene as it is, to its edges (%s)', (_, defocusPx, motionBlurPx) => {
    const scene = darkness(SIZE);
    scene.data.fill(0.4);
    const { data } = createUnsteadyBlur({ defocusPx, motionBlurPx }, SIZE, new Random(2))(scene);
    expect(data.every((x) => Math.abs(x - 0.4) < 1e-5)).toBe(true);
  });
});

it.each([
  // CIE 15: chromaticities of daylight illuminants.
  [5003, 0.34567, 0.3585],
  [6504, 0.31272, 0.32903],
  [7504, 0.29902, 0.31485],
])('daylight of %d K has the chromaticity of its table', (kelvin, x, y) => {
  const [r, g, b] = daylight(kelvin);
  // IEC 61966-2-1, the other way.
  const X = 0.4124 * r + 0.3576 * g + 0.1805 * b;
  const Y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const Z = 0.0193 * r + 0.1192 * g + 0.9505 * b;
  expect(X / (X + Y + Z)).toBeCloseTo(x, 2.7);
  expect(Y / (X + Y + Z)).toBeCloseTo(y, 2.7);
});
