import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The Python that has PyTorch. Debian's own is slow at some layers (see {@link warnOfSlowBlas}); a newer one, in a virtual environment, can be named instead. */
const PYTHON = process.env.BENCH_PYTHON ?? '/usr/bin/python3';

const Greeting = z.object({
  version: z.string(),
  blas: z.array(z.string()),
  /** Of a product of matrices on one thread. */
  matrixGigaFlops: z.number(),
  parameters: z.number(),
});

/** PyTorch in a process of its own. */
export interface TorchPeer {
  /** Of its network. */
  readonly parameters: number;
  /** Runs a case of the script once. @returns seconds. */
  time(key: string): Promise<number>;
  /** Runs a case that answers with something else than seconds. */
  ask(key: string): Promise<unknown>;
  close(): void;
}

export interface PeerOptions {
  /** A Python file here whose last line hands its cases to `serve` of torch_peer.py. */
  readonly script: URL;
  readonly threads: number;
  /** What its seconds are of. */
  readonly clock: 'wall' | 'processor';
  /** Further arguments of the script, after threads and clock. */
  readonly arguments?: readonly string[];
}

/**
 * Starts PyTorch and says on stderr what it is. It is asked for one run at a time, so that both sides see the machine's noise alike; while we run, it sleeps.
 *
 * @returns undefined where there is no PyTorch.
 */
export async function openTorchPeer(options: PeerOptions): Promise<TorchPeer | undefined> {
  const { script, threads, clock } = options;
  const child = spawn(PYTHON, [fileURLToPath(script), String(threads), clock, ...(options.arguments ?? [])], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // As in our sessions: waiting threads that spin take the cores from those that work, on a machine that does anything else (here ten times slower).
    env: { OMP_WAIT_POLICY: 'PASSIVE', ...process.env },
  });
  // A Python that is missing or dies ends the lines, which is where it shows.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: greeting } = await lines.next();
  if (greeting === undefined) {
    note(`no peer: ${PYTHON} has no PyTorch; install it with: apt-get install python3-torch libopenblas0-pthread`);
    return undefined;
  }
  const { version, blas, matrixGigaFlops, parameters } = Greeting.parse(JSON.parse(greeting));
  const library = `${blas.join(', ') || 'none'} (${matrixGigaFlops.toFixed(0)} GFLOP/s a thread)`;
  note(`the peer is PyTorch ${version}, ${threads} threads, BLAS: ${library}`);
  warnOfSlowBlas(matrixGigaFlops);
  const ask = async (key: string): Promise<unknown> => {
    child.stdin.write(`${key}\n`);
    const { value } = await lines.next();
    if (value === undefined) throw new TypeError(`PyTorch died at "${key}"`);
    return JSON.parse(value);
  };
  return {
    parameters,
    ask,
    time: async (key) =>
      z
        .number()
        .positive()
        .parse(await ask(key)),
    close: () => child.stdin.end(),
  };
}

/** On one thread; a reference BLAS reaches 3 to 6 on a core on which OpenBLAS reaches 60 to 110. */
const SLOW_GIGAFLOPS = 15;

/** PyTorch's linear layers and transposed convolutions are products of its BLAS, and Debian's default BLAS is the reference one. */
function warnOfSlowBlas(gigaFlops: number): void {
  if (gigaFlops > SLOW_GIGAFLOPS) return;
  note('that is a reference BLAS: the step, ConvTranspose and their ratios measure it more than PyTorch.');
  note(
    'for a fair peer: apt-get install libopenblas0-pthread, and where it is not chosen then, run the benchmark with',
  );
  note('LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/openblas-pthread; or BENCH_PYTHON=a Python with a newer PyTorch');
}

function note(text: string): void {
  process.stderr.write(`note: ${text}\n`);
}
