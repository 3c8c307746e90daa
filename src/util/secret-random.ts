import { createHmac, randomBytes } from 'node:crypto';

/** A secret of 256 bits, fresh. */
export const freshSecret = (): Uint8Array => randomBytes(32);

/**
 * Numbers in [0, 1) that only the holder of a secret can compute; the same for the same secret and label. Unlike {@link ./random.ts} it is fit for what has to be
 * kept from somebody who sees the results: HMAC-SHA-256 of the label and a counter (NIST SP 800-108, counter mode).
 */
export function secretStream(secret: Uint8Array, label: string): { uniform(): number } {
  let counter = 0;
  return {
    uniform: () => createHmac('sha256', secret).update(`${counter++}\n${label}`).digest().readUInt32BE() / 2 ** 32,
  };
}
