import { InputError } from '../util/errors.ts';

/**
 * Splits a command line into program and arguments at spaces; single and double quotes keep spaces, a backslash keeps the quote, space or backslash after it.
 * Nothing else is special: no shell ever sees it.
 *
 * @throws InputError where it is empty or a quote is left open.
 */
export function splitCommandLine(line: string): [program: string, ...args: string[]] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line[i] ?? '';
    if (character === '\\' && quote !== "'" && /[\\"' ]/.test(line[i + 1] ?? '')) {
      i++;
      word = (word ?? '') + (line[i] ?? '');
    } else if (quote) {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote) throw new InputError(`a ${quote} is left open in the command`, { hint: 'close the quote' });
  if (word !== undefined) words.push(word);
  const [program, ...args] = words;
  if (!program) throw new InputError('the command names no program', { hint: 'write cmd:program arg arg' });
  return [program, ...args];
}
