import { expect, test } from 'vitest';
import type { MaskingRow } from '../audit/masking/summary.ts';
import { maskingPlot } from './masking-plot.ts';

const at = (value: number) => ({ value, low: value - 0.05, high: value + 0.05 });

const row = (contender: string, linked: number, accuracy: number): MaskingRow => ({
  ...{ contender, seeds: [1], meanCount: 2, meanCounts: [2], privacy: null, trainingSeconds: 1 },
  ...{
    accuracy: at(accuracy),
    tarAtFar1: undefined,
    named: at(0.5),
    linkage: [],
    linked: at(linked),
    leading: at(linked),
  },
  ...{ linkedMixes: at(0.1), recovery: { psnr: at(9), ssim: at(0.2), recognised: undefined } },
  ...{ inversion: [], membership: undefined, worth: at(0.5) },
});

const plot = (rows: readonly MaskingRow[]): string =>
  maskingPlot({ settings: {}, rows, differences: [], bestFixed: undefined });

/** Numbers that an attribute has, in the order of the marks. */
const marks = (svg: string, pattern: RegExp): number[] =>
  [...svg.matchAll(pattern)].map(([, number]) => Number(number));

test('who is linked less is to the left, and who is more accurate is above', () => {
  const svg = plot([row('none', 0.9, 0.8), row('fixed:4', 0.2, 0.7), row('adaptive', 0.3, 0.75)]);
  const [none = 0, fixed = 0] = marks(svg, /<circle cx="([\d.]+)"/g);
  const [noneDown = 0, fixedDown = 0] = marks(svg, /<circle [^>]*cy="([\d.]+)"/g);
  expect(fixed).toBeLessThan(none);
  expect(noneDown).toBeLessThan(fixedDown);
  // Adaptive ones are squares.
  expect(marks(svg, /<rect x="([\d.]+)"/g)).toHaveLength(1);
});

test('each masking has its name, and what a name holds is escaped', () => {
  const svg = plot([row('none', 0.9, 0.8), row('<b>', 0.2, 0.7)]);
  expect(svg).toContain('>none</text>');
  expect(svg).toContain('>&#60;b&#62;</text>');
});

test('of nothing there is a picture without marks', () => {
  expect(plot([])).not.toMatch(/<circle|NaN|Infinity/);
});
