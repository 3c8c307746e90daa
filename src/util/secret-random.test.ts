import { expect, test } from 'vitest';
import { freshSecret, secretStream } from './secret-random.ts';

const numbers = (secret: Uint8Array, label: string, count = 4000): number[] => {
  const stream = secretStream(secret, label);
  return Array.from({ length: count }, () => stream.uniform());
};

test('the same secret and label give the same numbers, another of either others', () => {
  const [one, two] = [freshSecret(), freshSecret()];
  expect(one).toHaveLength(32);
  expect(numbers(one, 'a', 9)).toEqual(numbers(one, 'a', 9));
  expect(numbers(one, 'a', 9)).not.toEqual(numbers(one, 'b', 9));
  expect(numbers(one, 'a', 9)).not.toEqual(numbers(two, 'a', 9));
});

test('they are uniform in [0, 1)', () => {
  const drawn = numbers(new Uint8Array(32).fill(7), 'uniform');
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = drawn.filter((value) => Math.floor(10 * value) === tenth).length / drawn.length;
    // Five standard deviations.
    expect(Math.abs(share - 0.1)).toBeLessThan(0.024);
  }
});
