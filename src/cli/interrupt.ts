/** A signal that SIGINT and SIGTERM abort, until it is disposed. */
export interface Interrupts extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Turns the first SIGINT or SIGTERM into an abort, so that a job stops at its next safe point and keeps what it has; the second ends the process at once.
 */
export function catchInterrupts(): Interrupts {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write('\nstopping at the next safe point; once more ends it at once\n');
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
