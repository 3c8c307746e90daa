import { LOCKOUT, lockedAt } from './lockout.ts';

/** What has to outlive a session: which nonces were used, and who failed when. Each call is one transaction. */
export interface SessionStore {
  /** Marks a nonce as used; false where it was used before. It need not be kept after `expiresMs`. */
  useNonce(once: string, expiresMs: number, nowMs: number): Promise<boolean>;
  /**
   * Counts an attempt as a failure until {@link SessionStore.withdrawFailure} takes it back, so that a hundred attempts at once do not pass before the first has failed; false, and nothing is
   * counted, where the subject is locked.
   */
  beginAttempt(subject: string, nowMs: number): Promise<boolean>;
  /** The attempt that was begun at that time passed: all failures of the subject are forgotten up to it. */
  withdrawFailure(subject: string, beganMs: number): Promise<void>;
}

/** A store in this process' memory: for one server, tests and replays. What is out of date is dropped as it goes. */
export class MemorySessionStore implements SessionStore {
  readonly #usedUntil = new Map<string, number>();
  readonly #failures = new Map<string, readonly number[]>();

  async useNonce(once: string, expiresMs: number, nowMs: number): Promise<boolean> {
    for (const [other, until] of this.#usedUntil) {
      // In the order in which they came, and so nearly that in which they expire.
      if (until >= nowMs) break;
      this.#usedUntil.delete(other);
    }
    if (this.#usedUntil.has(once)) return false;
    this.#usedUntil.set(once, expiresMs);
    return true;
  }

  async beginAttempt(subject: string, nowMs: number): Promise<boolean> {
    const forgottenMs = nowMs - LOCKOUT.lockMs - LOCKOUT.withinMs;
    for (const [other, failures] of this.#failures) {
      if ((failures.at(-1) ?? forgottenMs) > forgottenMs) break;
      this.#failures.delete(other);
    }
    const failures = (this.#failures.get(subject) ?? []).filter((at) => at > forgottenMs);
    if (lockedAt(failures, nowMs)) return false;
    // At the end, so that they stand in the order of their last failures.
    this.#failures.delete(subject);
    this.#failures.set(subject, [...failures, nowMs]);
    return true;
  }

  async withdrawFailure(subject: string, beganMs: number): Promise<void> {
    const left = (this.#failures.get(subject) ?? []).filter((at) => at > beganMs);
    if (left.length > 0) this.#failures.set(subject, left);
    else this.#failures.delete(subject);
  }
}
