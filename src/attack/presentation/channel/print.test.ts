import { describe, expect, it } from 'vitest';
import type { Image } from '../../../image/image.ts';
import { Random } from '../../../util/random.ts';
import { rotationOf } from '../warp/pose.ts';
import { darkness } from './light.ts';
import { createChannel } from './parameters.ts';
import { createPrint } from './print.ts';
import { printSheet } from './printed-sheet.ts';
import type { PrintSettings } from './settings.ts';
import { emptyView, lensOf, writeSurface } from './surface.ts';

const flat = (red: number, green = red, blue = red): Image => ({
  widthPx: 40,
  heightPx: 40,
  data: Uint8Array.from({ length: 4800 }, (_, i) => [red, green, blue][i % 3] ?? 0),
});

function settingsOf(own: Partial<PrintSettings>): PrintSettings {
  const channel = createChannel('print', { print: { paperWarmth: 0, ...own } });
  if (channel.kind !== 'print') throw new TypeError('no print');
  return channel.print;
}

const meansOf = (photo: Image, own: Partial<PrintSettings>): number[] => {
  const { data } = printSheet(photo, settingsOf({ marginMm: 0, widthMm: 50, ...own }), 0.4, new Random(1));
  return [0, 1, 2].map((k) => data.reduce((sum, x, i) => sum + (i % 3 === k ? x : 0), 0) / (data.length / 3));
};

/** IEC 61966-2-1. */
const linear = (byte: number): number => (byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);

describe('a halftone', () => {
  it.each([0, 40, 118, 188, 230, 255])('keeps the mean tone of byte %d between paper and ink', (byte) => {
    const expected = 0.06 + (0.9 - 0.06) * linear(byte);
    for (const mean of meansOf(flat(byte), { paperWhite: 0.9, inkBlack: 0.06 }))
      expect(Math.abs(mean - expected)).toBeLessThan(0.008);
  });

  it('is made of dots: each of the printer’s is paper or ink', () => {
    const settings = settingsOf({ marginMm: 0, widthMm: 50, dotsPerInch: 254, linesPerInch: 63.5 });
    const { data } = printSheet(flat(150), settings, 0.1, new Random(1));
    const between = data.filter((x) => x > 1.1 * 0.05 && x < 0.9 * 0.88).length;
    expect(between / data.length).toBeLessThan(0.005);
    // Yellow's screen stands upright: it repeats after 254 / 63.5 = 4 dots, and not after fewer.
    const differ = (by: number): number => {
      let count = 0;
      for (let i = 2; i + 3 * by < 3 * 500; i += 3) {
        if (Math.abs((data[i] ?? 0) - (data[i + 3 * by] ?? 0)) > 0.4) count++;
      }
      return count;
    };
    expect(differ(4)).toBe(0);
    expect(Math.min(differ(1), differ(2), differ(3))).toBeGreaterThan(0);
  });

  it('brings colours towards grey by the gamut, and keeps their luminance', () => {
    const full = meansOf(flat(200, 60, 60), { gamut: 1, paperWhite: 1, inkBlack: 0.01 });
    const half = meansOf(flat(200, 60, 60), { gamut: 0.5, paperWhite: 1, inkBlack: 0.01 });
    const light = ([r = 0, g = 0, b = 0]: number[]): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;
    expect((half[0] ?? 0) - (half[1] ?? 0)).toBeCloseTo(((full[0] ?? 0) - (full[1] ?? 0)) / 2, 1.5);
    expect(Math.abs(light(half) - light(full))).toBeLessThan(0.01);
  });

  it('has a margin of bare paper, warmer by what is asked', () => {
    const settings = settingsOf({ marginMm: 10, widthMm: 50, paperWhite: 0.8, paperWarmth: 0.1 });
    const sheet = printSheet(flat(0), settings, 0.5, new Random(1));
    expect(sheet.widthPx).toBe(140);
    const corner = [0, 1, 2].map((k) => {
      let sum = 0;
      for (let y = 0; y < 15; y++) for (let x = 0; x < 15; x++) sum += sheet.data[3 * (140 * y + x) + k] ?? 0;
      return sum / 225;
    });
    expect(corner[1]).toBeCloseTo(0.8, 2);
    expect((corner[0] ?? 0) - (corner[2] ?? 0)).toBeCloseTo(0.08, 2);
  });
});

describe('a glossy sheet', () => {
  const size = { widthPx: 160, heightPx: 160 };
  const lens = lensOf(size, 70);
  // Wider than the frame sees it.
  const settings = settingsOf({
    widthMm: 400,
    marginMm: 0,
    inkBlack: 0.01,
    gloss: 0.8,
    linesPerInch: 60,
    dotsPerInch: 150,
  });

  /** Where the lamp must be by the law of reflection, seen from the brightest place of a black sheet that leans by this. */
  function lampSeen(pitch: number, yaw: number): readonly number[] {
    const rotation = new Float64Array(9);
    rotationOf(pitch, yaw, 0, rotation);
    const pose = { rotation, x: 0, y: 0, z: 130 };
    const [view, scene] = [emptyView(size), darkness(size)];
    writeSurface(view, lens, pose, 0);
    createPrint(flat(0), settings, 2, new Random(3)).draw(flat(0), view, lens, pose, scene, 0);
    const light = scene.data.filter((_, i) => i % 3 === 1);
    const brightest = light.indexOf(Math.max(...light));
    const [x, y] = [brightest % 160, Math.floor(brightest / 160)];
    expect(Math.min(x, y, 159 - x, 159 - y)).toBeGreaterThan(0);
    const ray = [(x - 79.5) / lens.focalPx, (y - 79.5) / lens.focalPx, 1];
    const normal = [2, 5, 8].map((i) => -(rotation[i] ?? 0));
    const along = ray.reduce((sum, part, i) => sum + part * (normal[i] ?? 0), 0);
    const mirrored = ray.map((part, i) => part - 2 * along * (normal[i] ?? 0));
    return mirrored.map((part) => part / Math.hypot(...mirrored));
  }

  it('mirrors one and the same lamp, however it leans', () => {
    const first = lampSeen(-0.3, 0);
    for (const [pitch, yaw] of [
      [-0.1, 0.1],
      [-0.2, -0.1],
      [-0.4, 0.15],
    ] as const) {
      // A pixel of this lens has half a degree at most.
      const cosine = lampSeen(pitch, yaw).reduce((sum, part, i) => sum + part * (first[i] ?? 0), 0);
      expect((Math.acos(Math.min(1, cosine)) * 180) / Math.PI).toBeLessThan(0.5);
    }
  });
});
