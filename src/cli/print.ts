import { reportError } from './error-report.ts';

/** Writes a line to stdout: what the command was asked for, nothing else. */
export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a value to stdout as indented JSON. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, undefined, 2));
}

/** Writes a remark for the person at the terminal to stderr, where it does not mix with the result. */
export function printNote(text: string): void {
  process.stderr.write(`note: ${text}\n`);
}

/** A share as per cent with enough digits to tell it: 99.28 %. */
export function percent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** Names that are listed before the rest are counted. */
const MOST_NAMED = 10;

/** A list of names that does not fill the screen: a, b and 540 more. */
export function someOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Columns side by side, each as wide as its widest cell; the first is aligned left, the others right unless told otherwise. */
export function table(
  rows: readonly (readonly string[])[],
  { align: others = 'right' }: { readonly align?: 'left' | 'right' } = {},
): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  const align = (cell: string, i: number) =>
    i === 0 || others === 'left' ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
  return rows.map((row) => row.map(align).join('  ').trimEnd()).join('\n');
}

/** Writes what went wrong with one part of a batch to stderr, as a failed command would. */
export function printError(error: unknown): void {
  process.stderr.write(reportError(error).text);
}
