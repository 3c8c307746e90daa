import { describe, expect, it } from 'vitest';
import type { Image } from '../../../image/image.ts';
import { LINEAR_OF_BYTE } from '../../../image/srgb.ts';
import { createChannel } from './parameters.ts';
import { presentThrough } from './present.ts';
import type { CameraSettings, ScreenSettings } from './settings.ts';

const grey = (byte: number): Image => ({ widthPx: 256, heightPx: 256, data: new Uint8Array(3 * 65536).fill(byte) });

const FILL = 1.25;

/** A screen straight before a perfect camera that stands still, linear light of its first frame. */
async function photograph(
  byte: number,
  screen: Partial<ScreenSettings>,
  camera: Partial<CameraSettings> = {},
  fill = FILL,
): Promise<Float32Array> {
  const channel = createChannel('screen', {
    screen: { veil: 0, glare: 0, flickerDepth: 0, gridContrast: 0, brightness: 0.5, whiteKelvin: 6504, ...screen },
    hold: { fill, swayDegrees: 0, swayMm: 0, tremorMm: 0 },
    camera: {
      electronsAtWhite: 30_000,
      readNoiseElectrons: 0,
      defocusPx: 0,
      motionBlurPx: 0,
      vignetting: 0,
      ...camera,
    },
  });
  const { frames } = await presentThrough({ framesPerSecond: 10, frames: [grey(byte)] }, channel, { seed: 1 });
  return Float32Array.from(frames[0]?.data ?? [], (value) => LINEAR_OF_BYTE[value] ?? 0);
}

/** The strongest frequency of a signal, in cycles for a sample, by a Fourier transform at steps of 1/4096. */
function strongest(signal: readonly number[]): { readonly frequency: number; readonly height: number } {
  const mean = signal.reduce((sum, x) => sum + x, 0) / signal.length;
  let best = { frequency: 0, height: 0 };
  for (let step = 16; step <= 2048; step++) {
    const frequency = step / 4096;
    let [re, im] = [0, 0];
    signal.forEach((x, n) => {
      const window = 1 - Math.cos((2 * Math.PI * (n + 0.5)) / signal.length);
      re += window * (x - mean) * Math.cos(2 * Math.PI * frequency * n);
      im += window * (x - mean) * Math.sin(2 * Math.PI * frequency * n);
    });
    const height = (2 * Math.hypot(re, im)) / signal.length;
    if (height > best.height) best = { frequency, height };
  }
  return best;
}

const rowOf = (light: Float32Array, y: number, k: number): number[] =>
  Array.from({ length: 256 }, (_, x) => light[3 * (256 * y + x) + k] ?? 0);
const columnOf = (light: Float32Array, x: number, k: number): number[] =>
  Array.from({ length: 256 }, (_, y) => light[3 * (256 * y + x) + k] ?? 0);

describe('moire', () => {
  // The camera sees widthMm / (fill * 256) of the screen with a pixel.
  const pixelsPerInch = (periods: number, widthMm: number): number => (periods * 25.4 * FILL * 256) / widthMm;

  it.each([1.1, 1.85, 2.2])('of a grid of %d periods for a pixel has the difference of the frequencies', async (f) => {
    const light = await photograph(255, { widthMm: 110, pixelsPerInch: pixelsPerInch(f, 110), gridContrast: 1 });
    const found = strongest(rowOf(light, 128, 1));
    expect(found.frequency).toBeCloseTo(Math.abs(f - Math.round(f)), 2.5);
    expect(found.height).toBeGreaterThan(0.01);
  });

  it('is weakened by the lens before the camera samples it, as the grid is', async () => {
    const settings = { widthMm: 110, pixelsPerInch: pixelsPerInch(1.1, 110), gridContrast: 1 };
    const heightOf = async (defocusPx: number): Promise<number> =>
      strongest(rowOf(await photograph(255, settings, { defocusPx }), 128, 1)).height;
    const [sharp, soft] = [await heightOf(0), await heightOf(0.25)];
    // Of the grid, and of the moire that is left, whose frequency is 0.1, once more.
    const left = Math.exp(-2 * (Math.PI * 0.25) ** 2 * (1.1 ** 2 + 0.1 ** 2));
    expect(soft / sharp).toBeGreaterThan(left / 1.3);
    expect(soft / sharp).toBeLessThan(left * 1.3);
    expect(await heightOf(0.6)).toBeLessThan(0.01);
  });

  it('is coloured: the stripes of red and blue are a third of a period apart', async () => {
    const light = await photograph(255, { widthMm: 110, pixelsPerInch: pixelsPerInch(1.1, 110), gridContrast: 1 });
    const phase = (k: number): number => {
      let [re, im] = [0, 0];
      rowOf(light, 128, k)
        .slice(0, 250)
        .forEach((x, n) => {
          re += x * Math.cos(2 * Math.PI * 0.1 * n);
          im += x * Math.sin(2 * Math.PI * 0.1 * n);
        });
      return Math.atan2(im, re) / (2 * Math.PI);
    };
    const apart = (phase(1) - phase(0) + 2) % 1;
    expect(Math.min(Math.abs(apart - 1 / 3), Math.abs(apart - 2 / 3))).toBeLessThan(0.02);
  });

  it('is gone where the grid is far finer than the camera’s, and where there is none', async () => {
    const fine = await photograph(255, { widthMm: 110, pixelsPerInch: 590, gridContrast: 1 });
    expect(strongest(rowOf(fine, 128, 1)).height).toBeLessThan(0.02);
    const none = await photograph(255, { widthMm: 110, pixelsPerInch: pixelsPerInch(1.1, 110), gridContrast: 0 });
    expect(strongest(rowOf(none, 128, 1)).height).toBeLessThan(0.005);
  });
});

describe('a backlight', () => {
  it.each([
    [150, 20],
    [240, 25],
  ])('of %d Hz under a shutter of %d ms has bands of that period', async (flickerHz, readoutMs) => {
    const light = await photograph(255, { flickerHz, flickerDepth: 0.4 }, { readoutMs });
    const { frequency, height } = strongest(columnOf(light, 100, 1));
    // So many periods go by while 256 rows are read.
    expect(frequency).toBeCloseTo((flickerHz * readoutMs) / 1000 / 256, 2.7);
    expect(height).toBeCloseTo(0.4 * 0.5, 1.5);
  });
});

describe('a display', () => {
  const middle = (light: Float32Array): number[] => [0, 1, 2].map((k) => light[3 * (256 * 128 + 128) + k] ?? 0);

  it.each([1.8, 2.2, 2.6])('has the gamma %d', async (gamma) => {
    const [, light = 0] = middle(await photograph(160, { gamma, blackLevel: 0, brightness: 0.8 }));
    expect(light).toBeCloseTo(0.8 * (160 / 255) ** gamma, 1.7);
  });

  it('shows black as its black level, and mirrors the room', async () => {
    expect(middle(await photograph(0, { blackLevel: 0.05, brightness: 1 }))[1]).toBeCloseTo(0.05, 2.3);
    expect(middle(await photograph(0, { blackLevel: 0, veil: 0.1 }))[1]).toBeCloseTo(0.1, 2);
  });

  it('has a bluer white at a higher colour temperature', async () => {
    const [red = 0, , blue = 0] = middle(await photograph(255, { whiteKelvin: 9000 }));
    expect(blue).toBeGreaterThan(1.3 * red);
  });

  it('has a dark bezel around a picture of the size asked for', async () => {
    const light = await photograph(255, { widthMm: 100, bezelMm: 10 }, {}, 0.5);
    const row = rowOf(light, 128, 1);
    const lit = row.map((x, i) => (x > 0.3 ? i : -1)).filter((x) => x >= 0 && x > 50 && x < 206);
    expect(lit.length).toBe(128);
    // 10 mm are 12.8 pixels here.
    for (const x of [54, 60, 196, 201]) expect(row[x]).toBeLessThan(0.05);
  });

  it('mirrors a lamp somewhere', async () => {
    const light = await photograph(0, { glare: 0.8, blackLevel: 0 });
    expect(light.reduce((most, x) => Math.max(most, x), 0)).toBeGreaterThan(0.5);
    expect(light.filter((x) => x > 0.1).length).toBeLessThan(0.4 * light.length);
  });
});
