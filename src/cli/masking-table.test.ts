import { expect, test } from 'vitest';
import type { MaskingDifference, MaskingSummary } from '../audit/masking/summary.ts';
import { maskingTable } from './masking-table.ts';

const estimate = { value: 0.01, low: -0.02, high: 0.03 };

const difference = (less: string): MaskingDifference => ({
  ...{ of: 'adaptive', less },
  ...{ accuracy: estimate, linkage: estimate, worth: estimate },
});

const summary = (bestFixed: string | undefined, differences: readonly MaskingDifference[]): MaskingSummary => ({
  ...{ settings: {}, rows: [], bestFixed, differences },
});

test('differences stand with their intervals, and the best fixed number with how it was chosen', () => {
  const table = maskingTable(summary('fixed:3', [difference('random'), difference('fixed:3')]));
  expect(table).toContain('| `adaptive` | `fixed:3` | 1.0 (-2.0 to 3.0) |');
  expect(table).toContain('`fixed:3` is the fixed number of the greatest worth, chosen by these very figures');
});

test('of a best fixed number with which nothing is compared nothing is said', () => {
  expect(maskingTable(summary('fixed:3', [difference('random')]))).not.toContain('chosen by these');
  expect(maskingTable(summary(undefined, [difference('random')]))).not.toContain('chosen by these');
});
