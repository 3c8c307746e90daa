/** Where the time comes from: the server's own clock, or a test's. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
}
