import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, defineCommand, type ParsedArgs, renderUsage, runCommand } from 'citty';
import type { JobOptions, ProgressEvent } from '../util/progress.ts';
import { joinRepeatedOptions, requireKnownOptions, requirePositionals } from './command-words.ts';
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
  /** Names of options that may be given several times; their values come joined by commas. Any other given twice is refused. */
  readonly repeatable?: readonly (keyof T & string)[];
  /** Does the work; what it returns is the exit status (default 0). */
  readonly run: (context: CommandRun<T>) => Promise<number> | Promise<void>;
}

/** Makes a command that refuses options it does not know, reports progress, and stops cleanly on SIGINT. */
export function command<const T extends ArgsDef>(parts: CommandParts<T>): Command {
  const { name, description, examples, args, manyPositionals = false, repeatable = [] } = parts;
  const definition = defineCommand({
    meta: { name, description },
    args,
    async run({ args: parsed }) {
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
      requireKnownOptions(words, args);
      await runCommand(definition, { rawArgs: joinRepeatedOptions(words, args, repeatable) });
    },
  };
}
