import { describe, expect, test } from 'vitest';
import { secretStream } from '../../../util/secret-random.ts';
import { CHALLENGE_MS } from './challenge.ts';
import {
  drawFlashes,
  FLASH_COLOURS,
  FLASH_LIGHT,
  FLASH_MS,
  FLASH_NEUTRAL,
  FLASHES,
  type FlashColour,
  flashAt,
  sessionMs,
} from './flashes.ts';
import { flashesOf, openSession, readNonce, type SessionAuthority } from './nonce.ts';
import { hmacSigner } from './signature.ts';

const KEY = new Uint8Array(32).fill(3);
const drawn = Array.from({ length: 3000 }, (_, i) => drawFlashes(secretStream(KEY, `${i}`)));

/** As WCAG 2.2 defines it, with its own constants. */
function linear(byte: number): number {
  const share = byte / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
const luminance = ([r, g, b]: readonly number[]): number =>
  0.2126 * linear(r ?? 0) + 0.7152 * linear(g ?? 0) + 0.0722 * linear(b ?? 0);

describe('the palette', () => {
  test('has one luminance, so that no change is a general flash', () => {
    const all = [FLASH_NEUTRAL, ...Object.values(FLASH_COLOURS)].map(luminance);
    expect(Math.max(...all) / Math.min(...all)).toBeLessThan(1.01);
    // Soft: not as bright as white.
    expect(Math.max(...all)).toBeLessThan(0.5);
  });

  test('has no saturated red', () => {
    for (const bytes of Object.values(FLASH_COLOURS)) {
      const [r = 0, g = 0, b = 0] = bytes.map(linear);
      expect(r / (r + g + b)).toBeLessThan(0.8);
    }
  });

  test('is known as light of luminance 1', () => {
    for (const [name, bytes] of Object.entries(FLASH_COLOURS))
      bytes.forEach((byte, k) => {
        expect(FLASH_LIGHT[name as FlashColour][k]).toBeCloseTo(linear(byte) / luminance(bytes), 5);
      });
  });

  test('has colours that differ in the ratios that skin is looked at in', () => {
    const ratios = Object.values(FLASH_LIGHT).map(([r, g, b]) => [r - g, b - g] as const);
    ratios.forEach((a, i) => {
      for (const b of ratios.slice(i + 1)) expect(Math.hypot(a[0] - b[0], a[1] - b[1])).toBeGreaterThan(0.8);
    });
  });
});

describe('flashes', () => {
  test('change at most three times in any second', () => {
    for (const flashes of drawn.slice(0, 20)) {
      const changes = [...flashes.map(({ atMs }) => atMs), sessionMs(flashes)];
      for (const from of changes)
        expect(changes.filter((at) => at >= from && at < from + 1000).length).toBeLessThanOrEqual(3);
    }
  });

  test('come after the challenge; the halves differ, and neither keeps its colour', () => {
    for (const flashes of drawn) {
      expect(flashes).toHaveLength(FLASHES);
      expect(flashes[0]?.atMs).toBe(CHALLENGE_MS);
      flashes.forEach(({ left, right }, i) => {
        expect(left).not.toBe(right);
        expect(left).not.toBe(flashes[i - 1]?.left);
        expect(right).not.toBe(flashes[i - 1]?.right);
      });
    }
    // A guess at random: the chance to be right in all of it.
    expect(new Set(drawn.map((flashes) => JSON.stringify(flashes))).size).toBe(drawn.length);
  });

  test('show every colour about as often as every other', () => {
    for (const half of ['left', 'right'] as const) {
      const shown = drawn.flatMap((flashes) => flashes.map((flash) => flash[half]));
      for (const colour of Object.keys(FLASH_COLOURS))
        expect(shown.filter((one) => one === colour).length / shown.length).toBeCloseTo(1 / 6, 1.5);
    }
  });

  test('are each shown until the next, and nothing before or after', () => {
    const flashes = drawn[0] ?? [];
    expect(flashAt(flashes, CHALLENGE_MS - 1)).toBeUndefined();
    expect(flashAt(flashes, CHALLENGE_MS + FLASH_MS - 1)).toBe(flashes[0]);
    expect(flashAt(flashes, CHALLENGE_MS + FLASH_MS)).toBe(flashes[1]);
    expect(flashAt(flashes, CHALLENGE_MS + FLASHES * FLASH_MS - 1)).toBe(flashes.at(-1));
    expect(flashAt(flashes, CHALLENGE_MS + FLASHES * FLASH_MS)).toBeUndefined();
    expect(flashAt([], 0)).toBeUndefined();
    // Half a second each, also where somebody else's session leaves the screen grey between two.
    const apart = [flashes[0], flashes[1]].flatMap((flash, i) => (flash ? [{ ...flash, atMs: 1000 * i }] : []));
    expect([499, 500, 999, 1000].map((timeMs) => flashAt(apart, timeMs))).toEqual([
      ...[apart[0], undefined, undefined, apart[1]],
    ]);
    expect([sessionMs([]), sessionMs(flashes)]).toEqual([CHALLENGE_MS, CHALLENGE_MS + FLASHES * FLASH_MS]);
  });
});

describe('a session', () => {
  let given = 0;
  const authority = async (): Promise<SessionAuthority> => ({
    signer: await hmacSigner(KEY),
    stream: (label) => secretStream(KEY, label),
    fresh: () => new Uint8Array(32).fill(++given),
    clock: { nowMs: () => 1000 },
  });

  test('has flashes of its own, which are drawn again from its nonce', async () => {
    const own = await authority();
    const [first, second] = [await openSession('somebody', own), await openSession('somebody', own)];
    const claims = await readNonce(first.nonce, own.signer);
    expect(claims && flashesOf(claims, own)).toEqual(first.flashes);
    expect(first.flashes).toHaveLength(FLASHES);
    expect(second.flashes).not.toEqual(first.flashes);
  });

  test('without light has none, and its nonce says so', async () => {
    const own = await authority();
    const session = await openSession('somebody', own, { light: false });
    const claims = await readNonce(session.nonce, own.signer);
    expect(session.flashes).toEqual([]);
    expect(claims && flashesOf(claims, own)).toEqual([]);
  });
});
