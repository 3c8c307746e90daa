import { InputError } from '../../../util/errors.ts';
import { fromHex, toHex } from '../../../util/hex.ts';

/** What a signed text is for: a signature of one kind is none of another. */
export type SignedKind = 'liveness nonce' | 'liveness evidence' | 'liveness audit';

/** Signs texts, and knows its own signatures again. */
export interface Signer {
  /** 64 hexadecimal digits. */
  sign(kind: SignedKind, text: string): Promise<string>;
  /** False for whatever is not a signature of that text and kind. Takes the same time wherever it differs. */
  verify(kind: SignedKind, text: string, signature: string): Promise<boolean>;
}

const LEAST_KEY_BYTES = 32;

/**
 * HMAC-SHA-256 (RFC 2104, FIPS 180-4) by Web Crypto, which servers and browsers have alike; the key stays on the server.
 *
 * @param key - 32 bytes or more, secret.
 * @throws InputError where the key is shorter.
 */
export async function hmacSigner(key: Uint8Array): Promise<Signer> {
  if (key.length < LEAST_KEY_BYTES)
    throw new InputError(`a signing key needs at least ${LEAST_KEY_BYTES} bytes, not ${key.length}`);
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const own = await crypto.subtle.importKey('raw', Uint8Array.from(key), algorithm, false, ['sign', 'verify']);
  const signed = (kind: SignedKind, text: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(new TextEncoder().encode(`faceward ${kind}\n${text}`));
  return {
    sign: async (kind, text) => toHex(new Uint8Array(await crypto.subtle.sign('HMAC', own, signed(kind, text)))),
    verify: async (kind, text, signature) => {
      const bytes = fromHex(signature);
      return bytes !== undefined && crypto.subtle.verify('HMAC', own, bytes, signed(kind, text));
    },
  };
}
