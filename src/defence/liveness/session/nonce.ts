import { z } from 'zod';
import { toHex } from '../../../util/hex.ts';
import { type Challenge, drawChallenge } from './challenge.ts';
import type { Clock } from './clock.ts';
import { drawFlashes, type Flashes } from './flashes.ts';
import type { Signer } from './signature.ts';
import { readClaims, signClaims } from './signed-claims.ts';

/** How long a session may take from its opening to its answer; unless asked otherwise. */
const LIFETIME_MS = 60_000;

const CLAIMS = z.strictObject({
  session: z.string().regex(/^[0-9a-f]{32}$/),
  subject: z.string().min(1).max(200),
  issuedMs: z.number().int().nonnegative(),
  expiresMs: z.number().int().nonnegative(),
  once: z.string().regex(/^[0-9a-f]{32}$/),
  /** Whether colours are flashed. */
  light: z.boolean(),
});

/** What a nonce says, and its signature vouches for. */
export type NonceClaims = Readonly<z.infer<typeof CLAIMS>>;

/** What only the server has. */
export interface SessionAuthority {
  readonly signer: Signer;
  /** Numbers that only the server can compute: `(label) => secretStream(secret, label)` of util/secret-random.ts. */
  readonly stream: (label: string) => { uniform(): number };
  /** 32 bytes that were never given before: `freshSecret` of util/secret-random.ts. */
  readonly fresh: () => Uint8Array;
  readonly clock: Clock;
}

/** A session as the client gets it. */
export interface LivenessSession {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** Goes back with the capture; valid once, and until `expiresMs`. */
  readonly nonce: string;
  readonly expiresMs: number;
  readonly challenge: Challenge;
  /** Shown after the challenge; empty in a session without light. */
  readonly flashes: Flashes;
}

/**
 * Opens a session: nothing of it has to be stored, because the nonce carries it signed, and the challenge and the flashes can be drawn again from the server's secret.
 *
 * @param subject - whose face it is to be: an id that says nothing of the person to others, 1 to 200 characters; lockout counts by it.
 * @param options.lifetimeMs - from opening to answer; default a minute.
 * @param options.light - false opens a session without flashes, for whom they harm (photosensitivity) or where they cannot be seen (bright sun); the server says so of the subject, never the client of itself, because what
 *   flashes would stop is not stopped then. Default true.
 */
export async function openSession(
  subject: string,
  authority: SessionAuthority,
  options: { readonly lifetimeMs?: number; readonly light?: boolean } = {},
): Promise<LivenessSession> {
  const bytes = toHex(authority.fresh());
  const issuedMs = Math.floor(authority.clock.nowMs());
  const claims: NonceClaims = {
    session: bytes.slice(0, 32),
    subject,
    issuedMs,
    expiresMs: issuedMs + (options.lifetimeMs ?? LIFETIME_MS),
    once: bytes.slice(32, 64),
    light: options.light ?? true,
  };
  return {
    id: claims.session,
    nonce: await signClaims('liveness nonce', claims, authority.signer),
    expiresMs: claims.expiresMs,
    challenge: challengeOf(claims, authority),
    flashes: flashesOf(claims, authority),
  };
}

/** The challenge of a session, drawn again. */
export function challengeOf({ session, once }: NonceClaims, { stream }: Pick<SessionAuthority, 'stream'>): Challenge {
  return drawChallenge(stream(`liveness challenge ${session} ${once}`));
}

/** The flashes of a session, drawn again. */
export function flashesOf(
  { session, once, light }: NonceClaims,
  { stream }: Pick<SessionAuthority, 'stream'>,
): Flashes {
  return light ? drawFlashes(stream(`liveness flashes ${session} ${once}`)) : [];
}

/** What a nonce claims; undefined where we did not sign it. */
export const readNonce = (nonce: string, signer: Signer): Promise<NonceClaims | undefined> =>
  readClaims('liveness nonce', nonce, CLAIMS, signer);
