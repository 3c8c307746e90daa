import { readLines } from '../data/text-lines.ts';
import { InputError } from '../util/errors.ts';

/**
 * Reads HTTP headers from a file, one `name: value` a line, blank lines and lines that begin with `#` left aside. In a file they are seen
 * neither in the list of processes nor in a shell's history or a report.
 *
 * @throws InputError where it cannot be read, or a line is no header; the message never holds what the line says.
 */
export async function readHeaderFile(path: string): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const { number, text } of await readLines(path)) {
    if (text.startsWith('#')) continue;
    const [, name, value] = /^([^\s:]+):\s*(.+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new InputError(`${path}:${number}: this is no header`, { hint: 'write it as name: value' });
    }
    headers[name] = value;
  }
  return headers;
}
