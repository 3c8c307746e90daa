import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { CapabilityError, type FacewardError } from '../../util/errors.ts';
import { throwIfAborted } from '../../util/progress.ts';

/** How much of what ffmpeg says is kept for messages. */
const SAID_KEPT = 2000;
const COMMON = ['-nostdin', '-hide_banner', '-loglevel', 'error'];

/** How ffmpeg is run. */
export interface FfmpegOptions {
  /** Aborting it kills ffmpeg. */
  readonly signal?: AbortSignal | undefined;
  /** The error for a run that failed. @param said - the last line that ffmpeg printed. */
  readonly failure: (said: string) => FacewardError;
}

/**
 * Runs the system's ffmpeg and gives what it writes to "pipe:1", as it comes. Ending the loop early ends ffmpeg.
 *
 * @param args - without "ffmpeg"; handed over as they are, as no shell is in between.
 * @throws CapabilityError where there is no ffmpeg; `failure`'s where it fails; InterruptedError where it was stopped.
 */
export async function* ffmpegOutput(args: readonly string[], options: FfmpegOptions): AsyncGenerator<Uint8Array> {
  const run = start(args, options);
  try {
    run.child.stdin.end();
    yield* bytesOf(run.child);
    await run.finished();
  } finally {
    run.stop();
  }
}

/**
 * Runs the system's ffmpeg and feeds it what it reads from "pipe:0", no faster than it reads.
 *
 * @throws as {@link ffmpegOutput}; also `failure`'s where ffmpeg ends before it has read everything.
 */
export async function feedFfmpeg(
  args: readonly string[],
  chunks: AsyncIterable<Uint8Array>,
  options: FfmpegOptions,
): Promise<void> {
  const run = start(args, options);
  try {
    run.child.stdout.resume();
    await feed(run, chunks, options);
    await run.finished();
  } finally {
    run.stop();
  }
}

/**
 * Runs the system's ffmpeg between two pipes: feeds it what it reads from "pipe:0" and gives what it writes to "pipe:1", which is appended to the arguments. No file is written.
 *
 * @param args - without "ffmpeg" and without its output; they end in the output's format.
 * @throws as {@link feedFfmpeg}.
 */
export async function* throughFfmpeg(
  args: readonly string[],
  chunks: AsyncIterable<Uint8Array>,
  options: FfmpegOptions,
): AsyncGenerator<Uint8Array> {
  const run = start([...args, 'pipe:1'], options);
  let broken: { readonly error: unknown } | undefined;
  const feeding = feed(run, chunks, options).catch((error: unknown) => {
    broken = { error };
    run.stop();
  });
  try {
    yield* bytesOf(run.child);
    await feeding;
    if (broken) throw broken.error;
    await run.finished();
  } finally {
    run.stop();
    await feeding;
  }
}

/** Writes all chunks to ffmpeg, no faster than it reads, and closes the pipe. Throws `failure`'s error where it stopped reading though it ended well. */
async function feed(run: FfmpegRun, chunks: AsyncIterable<Uint8Array>, options: FfmpegOptions): Promise<void> {
  const { child } = run;
  for await (const chunk of chunks) {
    if (!child.stdin.writable) break;
    // A pipe that breaks is seen as an ffmpeg that ended, which says why.
    if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain').catch(() => {}), run.closed]);
    throwIfAborted(options.signal ? { signal: options.signal } : {});
  }
  const whole = child.stdin.writable;
  child.stdin.end();
  if (whole) return;
  await run.finished();
  throw options.failure('it stopped reading');
}

interface FfmpegRun {
  readonly child: ChildProcessWithoutNullStreams;
  /** Never fails. */
  readonly closed: Promise<void>;
  /** Waits for the end, and throws where it is not a good one. */
  readonly finished: () => Promise<void>;
  readonly stop: () => void;
}

function start(args: readonly string[], { signal, failure }: FfmpegOptions): FfmpegRun {
  throwIfAborted(signal ? { signal } : {});
  const child = spawn('ffmpeg', [...COMMON, ...args], { shell: false, windowsHide: true });
  const kill = () => void child.kill('SIGKILL');
  let said = '';
  let broken: Error | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_KEPT);
  });
  // An ffmpeg that has ended takes no more bytes; its status says so better.
  child.stdin.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      broken = error;
      resolve();
    });
  });
  process.once('exit', kill);
  signal?.addEventListener('abort', kill);
  return {
    child,
    closed,
    finished: async () => {
      await closed;
      throwIfAborted(signal ? { signal } : {});
      if (broken) throw missing(broken);
      if (child.exitCode !== 0) throw failure(lastLine(said) ?? `it ended with ${child.signalCode ?? child.exitCode}`);
    },
    stop: () => {
      process.off('exit', kill);
      signal?.removeEventListener('abort', kill);
      if (child.exitCode === null && child.signalCode === null) kill();
    },
  };
}

async function* bytesOf({ stdout }: ChildProcessWithoutNullStreams): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = stdout[Symbol.asyncIterator]();
  for (;;) {
    // A stream that breaks belongs to an ffmpeg that did, and its status is looked at next.
    const next = await chunks.next().catch(() => undefined);
    if (!next || next.done) return;
    yield next.value;
  }
}

function lastLine(said: string): string | undefined {
  return said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .at(-1);
}

function missing(cause: Error): CapabilityError {
  const absent = 'code' in cause && cause.code === 'ENOENT';
  return new CapabilityError(`ffmpeg ${absent ? 'is not installed' : `cannot be started (${cause.message})`}`, {
    hint: 'install it (Debian: apt install ffmpeg; macOS: brew install ffmpeg; Windows: winget install ffmpeg) so that it is on the PATH, or use a folder of frames (JPEG or PNG)',
    cause,
  });
}
