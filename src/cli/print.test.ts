import { expect, test } from 'vitest';
import { someOf } from './print.ts';

test('names up to ten, and counts the rest', () => {
  const names = Array.from({ length: 12 }, (_, i) => `${i}.jpg`);
  expect(someOf(names.slice(0, 2))).toBe('0.jpg, 1.jpg');
  expect(someOf(names.slice(0, 10))).toBe(names.slice(0, 10).join(', '));
  expect(someOf(names)).toBe(`${names.slice(0, 10).join(', ')} and 2 more`);
});
