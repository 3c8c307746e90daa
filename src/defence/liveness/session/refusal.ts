/** Why a capture is not judged at all. The client never learns which. */
export type RefusalReason =
  | 'malformed'
  | 'forged-nonce'
  | 'other-session'
  | 'expired-nonce'
  | 'replayed-nonce'
  | 'replayed-capture'
  | 'locked'
  | 'shuffled-frames'
  | 'doubled-frames'
  | 'clock-not-rising'
  | 'wrong-clock'
  | 'rate-out-of-range'
  | 'length-out-of-range';

/** A refusal, and what was seen, for the server's own log: no landmark, no hash, nothing of the face. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly detail: string;
}
