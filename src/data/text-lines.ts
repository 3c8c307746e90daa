import { readFile } from 'node:fs/promises';
import { InputError } from '../util/errors.ts';

/** A line of a label file; `number` counts from 1. */
export interface TextLine {
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a UTF-8 file that are not blank, trimmed, without a byte order mark.
 *
 * @throws InputError where the file cannot be read.
 */
export async function readLines(path: string): Promise<TextLine[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InputError(`${path}: the file cannot be read`, { cause });
  });
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, i) => ({ number: i + 1, text: line.trim() }))
    .filter((line) => line.text !== '');
}

/** An InputError about a line: `file:line: problem`. */
export function lineError(path: string, line: TextLine | undefined, problem: string): InputError {
  const shown = line === undefined ? '' : ` ("${line.text.slice(0, 80)}")`;
  return new InputError(`${path}:${line?.number ?? 1}: ${problem}${shown}`);
}

/** A whole number of decimal digits alone, at least 1; undefined otherwise. */
export function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^0*[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
