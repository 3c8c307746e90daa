import type { ArgsDef } from 'citty';
import { InputError } from '../util/errors.ts';

/**
 * Puts the values of an option that may be given several times into one, parted by commas (`--judge a --judge b` is `--judge=a,b`); citty would keep
 * the last alone.
 *
 * @param words - of which {@link requireKnownOptions} has made sure that each option has its value.
 * @param repeatable - names of the options that take several values.
 * @throws InputError where another option has two values: which of them is meant, nobody can tell.
 */
export function joinRepeatedOptions(
  words: readonly string[],
  definitions: ArgsDef,
  repeatable: readonly string[] = [],
): string[] {
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
    const before = values.get(option) ?? [];
    if (before.length > 0 && !repeatable.includes(option.slice(2))) {
      throw new InputError(`${option} is given twice: ${before[0]} and ${value}`, { hint: 'give it once' });
    }
    values.set(option, [...before, value]);
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
    // One dash goes before one letter: -judge would be read as five options.
    const isShort = !raw.startsWith('--');
    const definition = isShort && given.length > 1 ? undefined : (options.get(given) ?? negated(given, options));
    if (!definition) {
      const near = nearestOption(given, [...options.keys()]);
      throw new InputError(`there is no option ${raw.split('=')[0]}`, {
        hint: near ?? (isShort ? `a file of that name is written ./${raw}` : 'add --help to see the options'),
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

/** The option that `--no-…` switches off. */
function negated<T extends { readonly type?: string }>(given: string, options: ReadonlyMap<string, T>): T | undefined {
  const definition = given.startsWith('no-') ? options.get(given.slice('no-'.length)) : undefined;
  return definition?.type === 'boolean' ? definition : undefined;
}

function nearestOption(given: string, known: readonly string[]): string | undefined {
  const near = known.find((name) => name.startsWith(given) || given.startsWith(name) || sameLetters(name, given));
  return near === undefined ? undefined : `did you mean --${near}?`;
}

function sameLetters(a: string, b: string): boolean {
  const letters = (word: string) => [...word.replaceAll('-', '')].sort().join('');
  return letters(a) === letters(b);
}
