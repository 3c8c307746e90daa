import { describe, expect, it } from 'vitest';
import { formatDuration, formatExactPercent, formatInterval, formatPercent, formatPoints } from './figures.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('figures', () => {
  it.each([
    [0, '0 %'],
    [0.000_000_1, '<0.0001 %'],
    [0.00025, '0.025 %'],
    [0.003, '0.30 %'],
    [0.617, '61.7 %'],
    [0.9996, '99.9 %'],
    [1, '100 %'],
  ])('formats the measured share %f as %s', (share, text) => {
    expect(plain(formatPercent(share))).toBe(text);
  });

  it.each([
    [1e-3, '0.1 %'],
    [1e-4, '0.01 %'],
    [0.95, '95 %'],
  ])('formats the chosen share %f as %s', (share, text) => {
    expect(plain(formatExactPercent(share))).toBe(text);
  });

  it('formats intervals, differences and times', () => {
    expect(plain(formatInterval({ low: 0.52, high: 0.64 }))).toBe('52.0 to 64.0 %');
    expect(plain(formatPoints(-0.0312))).toBe('−3.1 points');
    expect(plain(formatPoints(-0.0002))).toBe('0.0 points');
    expect([12.4, 200, 7500].map((seconds) => plain(formatDuration(seconds)))).toEqual([
      '12.4 s',
      '3 min 20 s',
      '2 h 05 min',
    ]);
  });
});
