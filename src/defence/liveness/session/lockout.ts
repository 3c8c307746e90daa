/** Five failures in three minutes lock for half an hour. */
export const LOCKOUT = { failures: 5, withinMs: 3 * 60_000, lockMs: 30 * 60_000 } as const;

/** Whether somebody who failed at these times (rising) is locked now. */
export function lockedAt(failureTimesMs: readonly number[], nowMs: number): boolean {
  return failureTimesMs.some((last, i) => {
    const first = failureTimesMs[i - LOCKOUT.failures + 1];
    return first !== undefined && last - first <= LOCKOUT.withinMs && nowMs < last + LOCKOUT.lockMs;
  });
}
