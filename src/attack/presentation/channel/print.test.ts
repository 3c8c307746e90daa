import { describe, expect, it } from 'vitest';
import type { Image } from '../../../image/image.ts';
import { Random } from '../../../util/random.ts';
import { createChannel } from './parameters.ts';
import { printSheet } from './print.ts';
import type { PrintSettings } from './settings.ts';

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
