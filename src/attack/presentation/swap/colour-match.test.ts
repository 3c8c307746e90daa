import { describe, expect, test } from 'vitest';
import type { Image } from '../../../image/image.ts';
import { toOklab } from '../../../image/oklab.ts';
import { type ColourStatistics, colourStatistics, matchColours } from './colour-match.ts';

/** Pixels in a row. */
const row = (...pixels: readonly (readonly [number, number, number])[]): Image => ({
  widthPx: pixels.length,
  heightPx: 1,
  data: Uint8Array.from(pixels.flat()),
});

const lightnessOf = (grey: number): number => {
  const lab = new Float32Array(3);
  toOklab(grey, grey, grey, lab);
  return lab[0] ?? 0;
};

const whole = ({ widthPx, heightPx }: Image): Float32Array => new Float32Array(widthPx * heightPx).fill(1);

describe('the spread of colours', () => {
  const photo = row([80, 80, 80], [160, 160, 160], [255, 0, 0]);

  test('is that of the pixels that weigh', () => {
    const found = colourStatistics(photo, Float32Array.of(1, 1, 0));
    const [dark, light] = [lightnessOf(80), lightnessOf(160)];
    expect(found?.mean[0]).toBeCloseTo((dark + light) / 2, 5);
    expect(found?.deviation[0]).toBeCloseTo((light - dark) / 2, 5);
    expect(found?.mean[1]).toBeCloseTo(0, 4);
  });

  test('a pixel counts as much as it weighs', () => {
    const [dark, light] = [lightnessOf(80), lightnessOf(160)];
    expect(colourStatistics(photo, Float32Array.of(0.75, 0.25, 0))?.mean[0]).toBeCloseTo(0.75 * dark + 0.25 * light, 5);
  });

  test('of nothing is nothing', () => {
    expect(colourStatistics(photo, new Float32Array(3))).toBeUndefined();
  });
});

describe('matching', () => {
  const statistics = (image: Image): ColourStatistics =>
    colourStatistics(image, whole(image)) ?? { mean: new Float64Array(3), deviation: new Float64Array(3) };

  test('brings two greys to two others', () => {
    const [made, worn] = [row([100, 100, 100], [120, 120, 120]), row([60, 60, 60], [90, 90, 90])];
    const matched = matchColours(made, statistics(made), statistics(worn));
    expect([...matched.data]).toEqual([60, 60, 60, 90, 90, 90]);
  });

  test('brings the colour of skin, and keeps what is lighter lighter', () => {
    const made = row([150, 120, 100], [180, 150, 130], [165, 135, 115]);
    const worn = row([90, 60, 45], [120, 84, 66], [105, 72, 55]);
    const matched = matchColours(made, statistics(made), statistics(worn));
    const [wanted, found] = [statistics(worn), statistics(matched)];
    for (let c = 0; c < 3; c++) expect(found.mean[c]).toBeCloseTo(wanted.mean[c] ?? 0, 2);
    expect(matched.data[3]).toBeGreaterThan(matched.data[6] ?? 0);
    expect(matched.data[6]).toBeGreaterThan(matched.data[0] ?? 0);
  });

  test('changes contrast by no more than twice, and that of one colour not at all', () => {
    const [made, worn] = [row([118, 118, 118], [122, 122, 122]), row([10, 10, 10], [250, 250, 250])];
    const before = lightnessOf(122) - lightnessOf(118);
    const matched = statistics(matchColours(made, statistics(made), statistics(worn)));
    expect(2 * (matched.deviation[0] ?? 0)).toBeCloseTo(2 * before, 2);
    const even = row([118, 118, 118], [118, 118, 118]);
    const moved = matchColours(even, statistics(even), statistics(worn));
    expect(moved.data[0]).toBe(moved.data[3]);
  });
});
