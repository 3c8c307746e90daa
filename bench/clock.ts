import { availableParallelism } from 'node:os';

/** Threads of both sides: BENCH_THREADS, or one for each core. */
export const THREADS = Number(process.env.BENCH_THREADS ?? availableParallelism());

/**
 * What seconds are of: the wall, or with BENCH_CLOCK=processor this process's use of the processor, which other work on the machine hardly changes. The
 * latter sums over threads, so that it means something with BENCH_THREADS=1 alone.
 */
export const CLOCK = process.env.BENCH_CLOCK === 'processor' ? 'processor' : 'wall';

/** Seconds since some moment, by {@link CLOCK}. */
export function now(): number {
  if (CLOCK === 'wall') return performance.now() / 1000;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
