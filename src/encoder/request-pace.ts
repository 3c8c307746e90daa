import { setTimeout as sleep } from 'node:timers/promises';

/** Lets through at most so many requests a second, evenly spread. */
export class RequestPace {
  readonly #intervalMs: number;
  #nextAtMs = 0;

  constructor(requestsPerSecond: number) {
    this.#intervalMs = 1000 / requestsPerSecond;
  }

  /** Waits for the next free moment; an abort of `signal` rejects. */
  async take(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.#nextAtMs);
    this.#nextAtMs = at + this.#intervalMs;
    if (at > now) await sleep(at - now, undefined, { signal });
  }
}
