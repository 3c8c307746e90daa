import { expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { durationMs, oneOf, wholeNumber } from './option-values.ts';

test('a whole number is read within its limits', () => {
  expect(wholeNumber('12', '--people')).toBe(12);
  expect(wholeNumber(undefined, '--people')).toBeUndefined();
  for (const wrong of ['', '1.5', '1e3', 'x', '-1', '0x10']) {
    expect(() => wholeNumber(wrong, '--people')).toThrow(InputError);
  }
  expect(() => wholeNumber('9', '--people', { max: 8 })).toThrow('--people 9 is no whole number from 0 to 8');
});

test('a duration is read with its unit', () => {
  expect(durationMs('30m', '--budget')).toBe(1_800_000);
  expect(durationMs('1.5h', '--budget')).toBe(5_400_000);
  expect(durationMs('90s', '--budget')).toBe(90_000);
  expect(durationMs('250ms', '--budget')).toBe(250);
  for (const wrong of ['30', 'm', '-5m', '5 m', '5d']) expect(() => durationMs(wrong, '--budget')).toThrow(InputError);
});

test('a word is one of a list', () => {
  expect(oneOf('cpu', '--device', ['cpu', 'cuda'])).toBe('cpu');
  expect(() => oneOf('CPU', '--device', ['cpu', 'cuda'])).toThrow('--device CPU is unknown');
});
