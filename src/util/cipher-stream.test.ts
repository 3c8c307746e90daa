import { describe, expect, test } from 'vitest';
import { CipherStream } from './cipher-stream.ts';

const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const stream = (label: string): CipherStream => new CipherStream(SECRET, label);
const uniforms = (label: string, count: number): number[] => {
  const numbers = stream(label);
  return Array.from({ length: count }, () => numbers.uniform());
};

/** Computed once with Python's hmac and cryptography 48 (OpenSSL), and NumPy; the key and its first bytes by the openssl command as well. */
describe('known answers', () => {
  test('of uniform numbers, over the end of a block of keystream', () => {
    const found = uniforms('known answer', 100_001);
    expect(found.slice(0, 4)).toEqual([0.6257285966901923, 0.7153958940205047, 0.9371059132538182, 0.5712814339102819]);
    expect([found[8191], found[8192], found[100_000]]).toEqual([
      0.6386607595098747, 0.07011931121894499, 0.12244534991688916,
    ]);
  });

  test('of normal numbers, however many are asked for', () => {
    const wanted = [
      0.7740330100059509, 0.3222687542438507, -1.743778944015503, -1.8718074560165405, 1.1008788347244263,
    ];
    const found = [...stream('known answer').normals(8000)];
    // Logarithms may differ in their last bit from one machine to the next.
    wanted.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 6);
    });
    expect(found[7999]).toBeCloseTo(-0.8228535652160645, 6);
    expect([...stream('known answer').normals(5)]).toEqual(found.slice(0, 5));
  });
});

test('another secret or label gives other numbers', () => {
  const first = uniforms('a', 4);
  expect(uniforms('a', 4)).toEqual(first);
  const numbers = new CipherStream(Uint8Array.of(1, ...SECRET.subarray(1)), 'a');
  for (const others of [uniforms('b', 4), Array.from({ length: 4 }, () => numbers.uniform())])
    for (const other of others) expect(first).not.toContain(other);
});

describe('a million normal numbers', () => {
  const count = 2 ** 20;
  const numbers = stream('moments').normals(count);
  const others = stream('other moments').normals(count);
  const mean = (of: (x: number, i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += of(numbers[i] as number, i);
    return sum / count;
  };
  /** Five standard errors of a mean whose terms have this variance. */
  const error = (variance: number): number => 5 * Math.sqrt(variance / count);

  test('have the moments of N(0, 1)', () => {
    expect(Math.abs(mean((x) => x))).toBeLessThan(error(1));
    expect(Math.abs(mean((x) => x ** 2) - 1)).toBeLessThan(error(2));
    expect(Math.abs(mean((x) => x ** 3))).toBeLessThan(error(15));
    expect(Math.abs(mean((x) => x ** 4) - 3)).toBeLessThan(error(96));
  });

  test.each([
    // scipy.stats.norm.cdf and .sf
    [-1, 0.15865525393145707],
    [0, 0.5],
    [0.5, 0.6914624612740131],
    [2, 0.9772498680518208],
    [4, 0.9999683287581669],
  ])('lie below %d as often as they should', (end, share) => {
    expect(Math.abs(mean((x) => Number(x < end)) - share)).toBeLessThan(error(share * (1 - share)));
  });

  test('have nothing to do with each other, nor have their squares, nor with those of another label', () => {
    const after = (lag: number) => (i: number) => numbers[(i + lag) % count] as number;
    // Two by two they come from the same four pairs.
    for (const other of [1, 2, 8].map(after).concat((i) => others[i] as number)) {
      expect(Math.abs(mean((x, i) => x * other(i)))).toBeLessThan(error(1));
      expect(Math.abs(mean((x, i) => (x ** 2 - 1) * (other(i) ** 2 - 1)))).toBeLessThan(error(4));
    }
  });
});
