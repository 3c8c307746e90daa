import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, defineCommand, type ParsedArgs, renderUsage, runCommand } from 'citty';
import { InputError } from '../util/errors.ts';
import type { JobOptions, ProgressEvent } from '../util/progress.ts';
import { catchInterrupts } from './interrupt.ts';
import { ProgressDisplay } from './progress-display.ts';

/** A command that can be run, and explained. */
export interface Command {
  /** What it does, its options and examples, for the terminal. */
  readonly help: () => Promise<string>;
  /** Runs it with the words after its name; the exit status goes to the process. */
  readonly run: (words: readonly string[]) => Promise<void>;
}

/** What a command's `run` is given. */
export interface CommandRun<T extends ArgsDef> {
  readonly args: ParsedArgs<T>;
  /** The arguments that are no options, in order. */
  readonly positionals: readonly string[];
  /** Progress on stderr, and a signal that SIGINT aborts: hand both to whatever takes long. */
  readonly job: Required<JobOptions>;
}

/** How {@link command} makes a command. */
export interface CommandParts<T extends ArgsDef> {
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  /** Whole command lines. */
  readonly examples: readonly string[];
  readonly args: T;
  /** Take more positional arguments than `args` names, as {@link CommandRun.positionals}. Default false. */
  readonly manyPositionals?: boolean;
  /** Does the work; what it returns is the exit status (default 0). */
  readonly run: (context: CommandRun<T>) => Promise<number | undefined | void>;
}

/**
 * Makes a command that refuses options it does not know, reports progress, and stops cleanly on SIGINT.
 *
 * citty itself drops unknown options in silence: a misspelt `--fail-on` must not let a build pass.
 */
export function command<const T extends ArgsDef>(parts: CommandParts<T>): Command {
  const { name, description, examples, args, manyPositionals = false } = parts;
  const definition = defineCommand({
    meta: { name, description },
    args,
    async run({ rawArgs, args: parsed }) {
      requireKnownOptions(rawArgs, args);
      requirePositionals(parsed._, args, manyPositionals);
      using interrupts = catchInterrupts();
      using progress = new ProgressDisplay(process.stderr);
      const job = { signal: interrupts.signal, onProgress: (event: ProgressEvent) => progress.show(event) };
      const status = await parts.run({ args: parsed, positionals: parsed._, job });
      if (typeof status === 'number') process.exitCode = status;
    },
  });
  return {
    help: async () => {
      const usage = await renderUsage(definition, { meta: { name: 'faceward' } });
      const shown = process.stdout.isTTY ? usage : stripVTControlCharacters(usage);
      return `${shown.trimEnd()}\n\nEXAMPLES\n\n${examples.map((line) => `  ${line}`).join('\n')}`;
    },
    run: async (words) => {
      await runCommand(definition, { rawArgs: [...words] });
    },
  };
}

function requireKnownOptions(rawArgs: readonly string[], definitions: ArgsDef): void {
  const options = new Map(
    Object.entries(definitions)
      .filter(([, { type }]) => type !== 'positional')
      .flatMap(([name, definition]) => {
        const aliases = 'alias' in definition ? [definition.alias ?? []].flat() : [];
        return [name, ...aliases].map((known) => [known, definition] as const);
      }),
  );
  for (let i = 0; i < rawArgs.length; i++) {
    const raw = rawArgs[i] ?? '';
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
    const next = value ?? rawArgs[++i];
    if (next === undefined || next === '' || next.startsWith('--')) throw new InputError(`--${given} needs a value`);
  }
}

function requirePositionals(positionals: readonly string[], definitions: ArgsDef, many: boolean): void {
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
