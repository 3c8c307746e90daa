import type { ArgsDef } from 'citty';
import { InputError } from '../util/errors.ts';

/**
 * Puts the values of an option that is given several times into one, parted by commas (`--judge a --judge b` is `--judge=a,b`); citty would keep the
 * last alone.
 *
 * @param words - of which {@link requireKnownOptions} has made sure that each option has its value.
 */
export function joinRepeatedOptions(words: readonly string[], definitions: ArgsDef): string[] {
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  const others: string[] = [];
  const values = new Map<string, string[]>();
  for (let i = 0; i < end; i++) {
    const word = words[i] ?? '';
    const [option = '', ...rest] = word.split('=');
    if (!option.startsWith('--') || definitions[option.slice(2)]?.type !== 'string') {
      others.push(word);
      continue;
    }
    const value = rest.length > 0 ? rest.join('=') : (words[++i] ?? '');
    values.set(option, [...(values.get(option) ?? []), value]);
  }
  const options = [...values].map(([option, given]) => `${option}=${given.join(',')}`);
  return [...others, ...options, ...words.slice(end)];
}

/**
 * Refuses options that a command does not have: citty drops them in silence, and a misspelt `--fail-on` must not let a build pass.
 *
 * @throws InputError that names the nearest option; or where an option lacks its value.
 */
export function requireKnownOptions(words: readonly string[], definitions: ArgsDef): void {
  const options = new Map(
    Object.entries(definitions)
      .filter(([, { type }]) => type !== 'positional')
      .flatMap(([name, definition]) => {
        const aliases = 'alias' in definition ? [definition.alias ?? []].flat() : [];
        return [name, ...aliases].map((known) => [known, definition] as const);
      }),
  );
  for (let i = 0; i < words.length; i++) {
    const raw = words[i] ?? '';
    if (raw === '--') return;
    if (!raw.startsWith('-') || raw === '-') continue;
    const [given = '', value] = raw.replace(/^--?/, '').split('=', 2);
    const definition = options.get(given) ?? options.get(given.replace(/^no-/, ''));
    if (!definition) {
      throw new InputError(`there is no option ${raw.split('=')[0]}`, {
        hint: nearestOption(given, [...options.keys()]),
      });
    }
    if (definition.type === 'boolean') continue;
    const next = value ?? words[++i];
    if (next === undefined || next === '' || next.startsWith('--')) throw new InputError(`--${given} needs a value`);
  }
}

/** Refuses arguments beyond those that a command names. @throws InputError */
export function requirePositionals(positionals: readonly string[], definitions: ArgsDef, many: boolean): void {
  const wanted = Object.values(definitions).filter(({ type }) => type === 'positional').length;
  const surplus = positionals[wanted];
  if (!many && surplus !== undefined) {
    throw new InputError(`"${surplus}" is one argument too many`, { hint: 'quote a path that has spaces' });
  }
}

function nearestOption(given: string, known: readonly string[]): string {
  const near = known.find((name) => name.startsWith(given) || given.startsWith(name) || sameLetters(name, given));
  return near === undefined ? 'add --help to see the options' : `did you mean --${near}?`;
}

function sameLetters(a: string, b: string): boolean {
  const letters = (word: string) => [...word.replaceAll('-', '')].sort().join('');
  return letters(a) === letters(b);
}
