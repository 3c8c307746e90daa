import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Share } from '../audit/liveness/all-attempts.ts';
import { InputError } from '../util/errors.ts';
import { printNote } from './print.ts';

/** Other processes of the command that runs, each of which makes its share of the work; disposed of, they are ended. */
export interface ShareProcesses extends AsyncDisposable {
  /** Waits until all have ended, however they did: what they left undone is the caller's to do. */
  finished(): Promise<void>;
}

/** Each loads all networks: more than this hardly pays in memory. */
const MOST_PROCESSES = 4;

/** Below this a process takes longer to begin than it saves. */
const LEAST_TASKS = 200;

/** As many processes as the machine has cores, where there is work for them. */
export function usualProcesses(tasks: number): number {
  return Math.max(1, Math.min(availableParallelism(), MOST_PROCESSES, Math.floor(tasks / LEAST_TASKS)));
}

/** Threads of each of so many processes, as `--threads` has them. */
export const threadsEach = (processes: number): string =>
  String(Math.max(1, Math.floor(availableParallelism() / processes)));

/** The share that an option was given, such as 2/4. @throws InputError where it is none. */
export function shareOf(text: string | undefined, option: string): Share | undefined {
  if (text === undefined) return undefined;
  const [index, of] = (/^(\d{1,3})\/(\d{1,3})$/.exec(text) ?? []).slice(1).map(Number);
  if (index !== undefined && of !== undefined && index >= 1 && index <= of) return { index, of };
  throw new InputError(`${option} ${text} is no share`, { hint: 'write it like 2/4: the second of four' });
}

/**
 * Starts the command line that runs once more for every share but the first, each on its own part of the cores.
 *
 * @param processes - with this one; of 1 none is started.
 */
export function startShares(processes: number, signal: AbortSignal): ShareProcesses {
  const words = process.argv.slice(2);
  const threads = words.some((word) => /^--threads(=|$)/.test(word)) ? [] : ['--threads', threadsEach(processes)];
  const running = Array.from({ length: processes - 1 }, (_, i) =>
    startShare([...words, ...threads, '--share', `${i + 2}/${processes}`], signal),
  );
  return {
    finished: async () => {
      await Promise.all(running.map(({ ended }) => ended));
    },
    [Symbol.asyncDispose]: async () => {
      for (const { stop } of running) stop();
      await Promise.all(running.map(({ ended }) => ended));
    },
  };
}

/** The last of what a process wrote that is shown where it fails. */
const SHOWN_CHARACTERS = 2000;

function startShare(words: readonly string[], signal: AbortSignal) {
  const [program = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, program, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SHOWN_CHARACTERS);
  });
  let stopped = false;
  const ended = new Promise<void>((resolve) => {
    // It was told to stop, or could not begin; 'close' does not come in every such case.
    child.on('error', () => resolve());
    child.on('close', (status) => {
      if (status !== 0 && !stopped && !signal.aborted)
        printNote(`a process that helped has ended early; its part is done here. It said: ${said.trim()}`);
      resolve();
    });
  });
  return {
    ended,
    stop: () => {
      stopped = true;
      child.kill();
    },
  };
}
