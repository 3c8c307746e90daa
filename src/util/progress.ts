import { InterruptedError } from './errors.ts';

/** One report of a long job: `done` of `total` in `stage`, with figures worth showing. */
export interface ProgressEvent {
  /** What is being done, in a few words ("embedding test people"). */
  readonly stage: string;
  /** Of `total`; a fraction where one of them is under way. */
  readonly done: number;
  readonly total: number;
  /** Figures of the moment, such as `{ loss: 0.031 }`. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** What every job that takes over two seconds accepts. */
export interface JobOptions {
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Aborting it ends the job at the next safe point with an InterruptedError. */
  readonly signal?: AbortSignal;
}

/** Throws {@link InterruptedError} where the job was asked to stop. */
export function throwIfAborted(job: JobOptions): void {
  if (!job.signal?.aborted) return;
  throw new InterruptedError('stopped on request', {
    hint: 'run the same command again, with --resume where it has that',
  });
}
