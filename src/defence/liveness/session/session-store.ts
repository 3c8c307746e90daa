import { CAPTURE_MEMORY, type CaptureTrace } from './capture-memory.ts';
import { LOCKOUT, lockedAt } from './lockout.ts';

/** What has to outlive a session: which nonces were used, who failed when, and what captures left behind. Each call is one transaction. */
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
  /**
   * Remembers a capture of the subject, and gives those that were remembered before, so that of two that come at once one sees the other. It keeps the newest `CAPTURE_MEMORY.captures` of a subject, none for longer than
   * `CAPTURE_MEMORY.keptMs`.
   */
  rememberCapture(subject: string, trace: CaptureTrace, nowMs: number): Promise<readonly CaptureTrace[]>;
  /** Erases what captures of the subject left behind; a lock stays. */
  eraseCaptures(subject: string): Promise<void>;
}

/** A remembered capture, and when it came. */
interface Remembered {
  readonly trace: CaptureTrace;
  readonly atMs: number;
}

/** Of all subjects together; some 20 kB each. */
const MOST_CAPTURES = 10_000;

/** A store in this process' memory: for one server, tests and replays. What is out of date is dropped as it goes; beyond 10,000 captures those of whoever was not seen for longest. */
export class MemorySessionStore implements SessionStore {
  readonly #usedUntil = new Map<string, number>();
  readonly #failures = new Map<string, readonly number[]>();
  readonly #captures = new Map<string, readonly Remembered[]>();
  #captureCount = 0;

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

  async rememberCapture(subject: string, trace: CaptureTrace, nowMs: number): Promise<readonly CaptureTrace[]> {
    const { captures, keptMs } = CAPTURE_MEMORY;
    const earlier = (this.#captures.get(subject) ?? []).filter(({ atMs }) => atMs > nowMs - keptMs);
    this.#erase(subject);
    for (const [other, remembered] of this.#captures) {
      // In the order in which they were last seen.
      const isKept = (remembered.at(-1)?.atMs ?? 0) > nowMs - keptMs;
      if (isKept && this.#captureCount + captures <= MOST_CAPTURES) break;
      this.#erase(other);
    }
    const kept = [...earlier, { trace, atMs: nowMs }].slice(-captures);
    this.#captures.set(subject, kept);
    this.#captureCount += kept.length;
    return earlier.map((one) => one.trace);
  }

  async eraseCaptures(subject: string): Promise<void> {
    this.#erase(subject);
  }

  #erase(subject: string): void {
    this.#captureCount -= this.#captures.get(subject)?.length ?? 0;
    this.#captures.delete(subject);
  }
}
