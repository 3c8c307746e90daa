import { describe, expect, it } from 'vitest';
import { auditStatus } from './gate.ts';

describe('auditStatus', () => {
  it.each([
    ['leaks', undefined, 0],
    ['leaks', 'leaks', 3],
    ['leaks-little', 'leaks', 0],
    ['leaks-little', undefined, 0],
    ['inconclusive', undefined, 4],
    ['inconclusive', 'leaks', 4],
  ] as const)('for %s with --fail-on %s is %i', (verdict, failOn, status) => {
    expect(auditStatus({ verdict }, { failOn })).toBe(status);
  });
});
