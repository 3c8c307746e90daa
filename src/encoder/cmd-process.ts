import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { CapabilityError } from '../util/errors.ts';
import { excerpt } from './black-box.ts';

/** Longest line that is read. */
const LINE_LIMIT = 1 << 20;
/** How much of the program's stderr is kept for messages. */
const STDERR_KEPT = 4000;
/** How long the program may take to end after its input has ended. */
const GRACE_MS = 2000;

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: CapabilityError) => void;
}

/** A program that answers each line on its stdin with a line on its stdout. Not started through a shell. */
export class LineProcess {
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #killAtExit = () => this.#child.kill('SIGKILL');
  #waiting: Waiting | undefined;
  #rest = '';
  #stderr = '';
  #failure: CapabilityError | undefined;

  constructor(program: string, args: readonly string[]) {
    this.#name = program;
    this.#child = spawn(program, args, { shell: false, windowsHide: true });
    process.once('exit', this.#killAtExit);
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    this.#child.on('error', (cause) => this.#fail(`cannot be started: ${cause.message}`, cause));
    this.#child.on('close', (status, signal) => this.#fail(`ended (${signal ?? `status ${status}`})`));
    // A program that has ended takes no more lines; 'close' says so better.
    this.#child.stdin.on('error', () => {});
  }

  /** Sends a line and waits for the answer; one at a time. @throws CapabilityError where the program ends or takes too long. */
  async ask(line: string, timeoutMs: number): Promise<string> {
    if (this.#failure) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting = { resolve, reject };
    const timer = setTimeout(() => {
      this.#fail(
        `gave no answer within ${timeoutMs} ms`,
        undefined,
        'it must print one line for each path and flush it',
      );
      this.#child.kill('SIGKILL');
    }, timeoutMs);
    try {
      this.#child.stdin.write(`${line}\n`);
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  /** Ends the program's input, and after a while the program. */
  async end(): Promise<void> {
    process.off('exit', this.#killAtExit);
    const { exitCode, signalCode, pid } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const closed = once(this.#child, 'close');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS);
    this.#child.stdin.end();
    await closed;
    clearTimeout(timer);
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() === '') continue;
      if (!this.#waiting) {
        this.#fail('printed a line that no path was sent for');
        return;
      }
      this.#waiting.resolve(line);
      this.#waiting = undefined;
    }
    if (this.#rest.length > LINE_LIMIT) {
      this.#fail(`printed a line of more than ${LINE_LIMIT} characters`);
      this.#child.kill('SIGKILL');
    }
  }

  /** The first failure counts; what is asked later fails alike. */
  #fail(reason: string, cause?: unknown, hint?: string): void {
    const said = excerpt(this.#stderr, 500);
    this.#failure ??= new CapabilityError(`the program "${this.#name}" ${reason}${said && `; it said: … ${said}`}`, {
      ...(hint === undefined ? {} : { hint }),
      cause,
    });
    this.#waiting?.reject(this.#failure);
  }
}
