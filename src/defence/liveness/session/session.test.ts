import { describe, expect, test } from 'vitest';
import { InputError } from '../../../util/errors.ts';
import { secretStream } from '../../../util/secret-random.ts';
import { ACTIONS, CHALLENGE_TIMES, challengeBits, drawChallenge, SLOTS, STEPS } from './challenge.ts';
import { LOCKOUT, lockedAt } from './lockout.ts';
import { openSession, readNonce, type SessionAuthority } from './nonce.ts';
import { MemorySessionStore } from './session-store.ts';
import { hmacSigner } from './signature.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

describe('signatures', () => {
  test('are HMAC-SHA-256, by Python’s', async () => {
    const signer = await hmacSigner(KEY);
    const signature = '275d502fc36dd604fefc726f1d02b1ea2aa296457e23466906292d178de70f6c';
    expect(await signer.sign('liveness nonce', 'hello')).toBe(signature);
    expect(await signer.verify('liveness nonce', 'hello', signature)).toBe(true);
    for (const other of [signature.slice(2), signature.toUpperCase(), `${signature}00`, '', 'x'.repeat(64)])
      expect(await signer.verify('liveness nonce', 'hello', other)).toBe(false);
    expect(await signer.verify('liveness evidence', 'hello', signature)).toBe(false);
    expect(await signer.verify('liveness nonce', 'hello!', signature)).toBe(false);
  });

  test('need a key of 256 bits', async () => {
    await expect(hmacSigner(KEY.subarray(1))).rejects.toThrow(InputError);
  });
});

describe('challenges', () => {
  const drawn = Array.from({ length: 7000 }, (_, i) => drawChallenge(secretStream(KEY, `${i}`)));

  test('are worth the 17.8 bits of the reference', () => {
    expect(challengeBits()).toBeCloseTo(17.8, 1);
  });

  test('never ask the same twice in a row, and keep to their slots', () => {
    for (const steps of drawn) {
      expect(steps).toHaveLength(STEPS);
      steps.forEach(({ action, atMs }, i) => {
        expect(action).not.toBe(steps[i - 1]?.action);
        const delay = atMs - CHALLENGE_TIMES.rest - i * CHALLENGE_TIMES.step;
        expect([0, 1, 2].map((slot) => slot * CHALLENGE_TIMES.slot)).toContain(delay);
      });
    }
  });

  test('have every action and slot as often as every other, at every step', () => {
    for (let step = 0; step < STEPS; step++) {
      const seen = drawn.map((steps) => steps[step]);
      // Five standard deviations of a share.
      const near = (count: number, share: number): void =>
        expect(Math.abs(count / seen.length - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / seen.length));
      for (const action of ACTIONS) near(seen.filter((one) => one?.action === action).length, 1 / ACTIONS.length);
      for (let slot = 0; slot < SLOTS; slot++) {
        const atMs = CHALLENGE_TIMES.rest + step * CHALLENGE_TIMES.step + slot * CHALLENGE_TIMES.slot;
        near(seen.filter((one) => one?.atMs === atMs).length, 1 / SLOTS);
      }
    }
  });

  test('an answer belongs to one slot alone, and ends before the next step', () => {
    const { slot, step, fastest } = CHALLENGE_TIMES;
    expect(fastest).toBeLessThan(slot);
    expect((SLOTS - 1) * slot + fastest + slot).toBeLessThan(step);
  });
});

describe('nonces', () => {
  const authority = async (): Promise<SessionAuthority> => {
    let given = 0;
    return {
      signer: await hmacSigner(KEY),
      stream: (label) => secretStream(KEY, label),
      fresh: () => new Uint8Array(32).fill(++given),
      clock: { nowMs: () => 1000.7 },
    };
  };

  test('carry whose they are and how long they last', async () => {
    const own = await authority();
    const session = await openSession('a.b ü', own, { lifetimeMs: 5 });
    expect(await readNonce(session.nonce, own.signer)).toEqual({
      session: '01'.repeat(16),
      subject: 'a.b ü',
      issuedMs: 1000,
      expiresMs: 1005,
      once: '01'.repeat(16),
      light: true,
    });
    const next = await openSession('a.b ü', own);
    expect(next.id).not.toBe(session.id);
    expect(next.challenge).not.toEqual(session.challenge);
  });

  test('are refused where one digit is another one', async () => {
    const own = await authority();
    const { nonce } = await openSession('somebody', own);
    for (let i = 0; i < nonce.length; i++) {
      const changed = nonce.slice(0, i) + (nonce[i] === '0' ? '1' : '0') + nonce.slice(i + 1);
      expect(await readNonce(changed, own.signer)).toBeUndefined();
    }
    for (const other of ['', '.', `${nonce}.`, `.${nonce}`, nonce.replace('.', ''), `${nonce}00`])
      expect(await readNonce(other, own.signer)).toBeUndefined();
    expect(await readNonce(nonce, await hmacSigner(KEY.toReversed()))).toBeUndefined();
  });
});

describe('lockout', () => {
  const minute = 60_000;
  const five = [0, 1, 1.5, 2, 3].map((at) => at * minute);

  test('five failures in three minutes lock for half an hour', () => {
    expect(lockedAt(five.slice(0, 4), 2 * minute)).toBe(false);
    expect(lockedAt(five, 3 * minute)).toBe(true);
    expect(lockedAt(five, 33 * minute - 1)).toBe(true);
    expect(lockedAt(five, 33 * minute)).toBe(false);
    expect(
      lockedAt(
        [0, 1, 1.5, 2, 3.01].map((at) => at * minute),
        3.1 * minute,
      ),
    ).toBe(false);
  });

  test('of a hundred attempts at once five are let through', async () => {
    const store = new MemorySessionStore();
    const begun = await Promise.all(Array.from({ length: 100 }, () => store.beginAttempt('a', 5)));
    expect(begun.filter(Boolean)).toHaveLength(LOCKOUT.failures);
    expect(await store.beginAttempt('b', 5)).toBe(true);
    expect(await store.beginAttempt('a', 5 + LOCKOUT.lockMs)).toBe(true);
  });

  test('somebody who failed lately stays counted while others are forgotten', async () => {
    const store = new MemorySessionStore();
    for (const at of [1, 2, 3, 4]) await store.beginAttempt('a', at);
    await store.beginAttempt('b', 5);
    const later = LOCKOUT.lockMs + LOCKOUT.withinMs;
    for (const at of [1, 2, 3, 4]) await store.beginAttempt('a', later + at);
    expect(await store.beginAttempt('b', later + 10)).toBe(true);
    expect(await store.beginAttempt('a', later + 11)).toBe(true);
    expect(await store.beginAttempt('a', later + 12)).toBe(false);
  });

  test('whoever passes has no failures any more, but for later ones', async () => {
    const store = new MemorySessionStore();
    for (let at = 1; at <= 4; at++) await store.beginAttempt('a', at);
    await store.withdrawFailure('a', 3);
    const begun = await Promise.all([5, 6, 7, 8, 9].map((at) => store.beginAttempt('a', at)));
    expect(begun).toEqual([true, true, true, true, false]);
  });
});

test('a nonce is used once, and forgotten when it has expired', async () => {
  const store = new MemorySessionStore();
  expect(await store.useNonce('a', 100, 1)).toBe(true);
  expect(await store.useNonce('a', 100, 100)).toBe(false);
  expect(await store.useNonce('b', 300, 101)).toBe(true);
  expect(await store.useNonce('b', 300, 102)).toBe(false);
});
