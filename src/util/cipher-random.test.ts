import { expect, test } from 'vitest';
import { CipherRandom } from './cipher-random.ts';
import { CipherStream } from './cipher-stream.ts';

const SECRET = new Uint8Array(32).fill(7);
const numbers = (random: CipherRandom, count = 5): number[] => Array.from({ length: count }, () => random.uniform());

test('forks by different ways have streams of their own, and the same way gives the same', () => {
  const random = new CipherRandom(SECRET, 'export');
  expect(numbers(random.fork('a').fork('b'))).toEqual(numbers(new CipherRandom(SECRET, 'export').fork('a').fork('b')));
  const ways = [
    random.fork('a'),
    random.fork('a').fork('b'),
    random.fork('a\n1:b'),
    random.fork('ab'),
    random,
    new CipherRandom(
      SECRET.map((byte) => byte + 1),
      'export',
    ).fork('a'),
  ].map((one) => numbers(one, 2).join());
  expect(new Set(ways).size).toBe(ways.length);
});

test('numbers are those of the cipher stream, whole words of them, and normals of the deviation', () => {
  const stream = new CipherStream(SECRET, 'x');
  const random = new CipherRandom(SECRET, 'x');
  expect(random.uint32()).toBe(Math.floor(stream.uniform() * 2 ** 32));
  expect(random.uniform()).toBe(stream.uniform());
  const [drawn, wanted] = [random.normals(7, 3), stream.normals(7)];
  wanted.forEach((value, i) => {
    expect(drawn[i]).toBeCloseTo(3 * value, 5);
  });
  expect(new Set(random.shuffle([1, 2, 3, 4]))).toEqual(new Set([1, 2, 3, 4]));
});
