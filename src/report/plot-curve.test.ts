import { describe, expect, it } from 'vitest';
import type { Curve } from '../audit/findings.ts';
import { curvePlot, sharedTop } from './plot-curve.ts';

function curve(scale: 'linear' | 'log', xs: number[], y = 0.5): Curve {
  const x = { label: 'Pairs', unit: 'pairs', scale };
  return { name: 'c', x, y: { label: 'SAR' }, points: xs.map((value) => ({ x: value, y })) };
}

function dots(of: Curve, top = 1): [number, number][] {
  return [...curvePlot(of, top, 0.1).text.matchAll(/class="mark" cx="([\d.-]+)" cy="([\d.-]+)"/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);
}

describe('curvePlot', () => {
  it('spaces powers of ten evenly on a logarithmic axis, with a place for zero at the left', () => {
    const [zero, ten, hundred, thousand] = dots(curve('log', [0, 10, 100, 1000])).map(([x]) => x);
    expect(zero).toBe(40);
    expect(ten).toBeGreaterThan(zero ?? 0);
    expect((hundred ?? 0) - (ten ?? 0)).toBeCloseTo((thousand ?? 0) - (hundred ?? 0), 1);
    expect(thousand).toBe(330);
  });

  it('spaces linearly otherwise, and puts half of the top at half height', () => {
    const points = dots(curve('linear', [0, 50, 100]));
    expect(points).toEqual([
      [40, 92],
      [185, 92],
      [330, 92],
    ]);
  });

  it.each([[[5]], [[0]], [[0, 7]]])('draws a curve of few points without NaN: %j', (xs) => {
    for (const scale of ['linear', 'log'] as const) {
      expect(curvePlot(curve(scale, xs), 1, 0.1).text).not.toMatch(/NaN|Infinity/);
    }
  });
});

describe('sharedTop', () => {
  it.each([
    [0.2, 0.25],
    [0.3, 0.5],
    [0.51, 1],
  ])('for a highest rate of %f is %f', (highest, top) => {
    expect(sharedTop([curve('linear', [1], highest), curve('linear', [1], 0.01)])).toBe(top);
  });
});
