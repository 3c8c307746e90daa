import { InputError } from '../util/errors.ts';

/** Limits of a whole number; default: from 0 on. */
interface WholeLimits {
  readonly min?: number;
  readonly max?: number;
}

/**
 * The whole number that an option was given; undefined where it was not given. An option with a default is always given.
 *
 * @throws InputError where it is none, or outside the limits.
 */
export function wholeNumber(text: string, option: string, limits?: WholeLimits): number;
export function wholeNumber(text: string | undefined, option: string, limits?: WholeLimits): number | undefined;
export function wholeNumber(
  text: string | undefined,
  option: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: WholeLimits = {},
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
  const limits = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`;
  throw new InputError(`${option} ${text} is no whole number ${limits}`);
}

/** A number above 0 that an option was given. @throws InputError where it is none. */
export function positiveNumber(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InputError(`${option} ${text} is no number above 0`);
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/**
 * The duration that an option was given, such as 90s, 30m or 2h, in milliseconds; undefined where it was not given.
 *
 * @throws InputError where it is none.
 */
export function durationMs(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unit = match?.[2];
  if (unit === 'ms' || unit === 's' || unit === 'm' || unit === 'h') return Number(match?.[1]) * UNIT_MS[unit];
  throw new InputError(`${option} ${text} is no duration`, { hint: 'write it like 90s, 30m or 2h' });
}

/**
 * The value of an option that takes one of a few words; undefined where it was not given. An option with a default is always given.
 *
 * @throws InputError that lists the words.
 */
export function oneOf<const T extends string>(text: string, option: string, words: readonly T[]): T;
export function oneOf<const T extends string>(
  text: string | undefined,
  option: string,
  words: readonly T[],
): T | undefined;
export function oneOf<const T extends string>(
  text: string | undefined,
  option: string,
  words: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new InputError(`${option} ${text} is unknown`, { hint: `it takes one of: ${words.join(', ')}` });
}

/** The words of an option that takes several, joined by commas; none where it was not given. */
export function listOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(',').flatMap((word) => word.trim() || []);
}
