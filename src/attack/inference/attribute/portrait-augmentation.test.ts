import { expect, test } from 'vitest';
import { Random } from '../../../util/random.ts';
import { augmentPortrait } from './portrait-augmentation.ts';

const SIDE = 32;
const PLANE = SIDE * SIDE;

/** A bright blob of the given middle on grey, in all channels. */
function blobAt(x: number, y: number): Float32Array {
  return Float32Array.from({ length: 3 * PLANE }, (_, i) => {
    const place = i % PLANE;
    return 0.3 + 0.5 * Math.exp(-(((place % SIDE) - x) ** 2 + (Math.floor(place / SIDE) - y) ** 2) / 8);
  });
}

/** Where the brightest pixel of the first channel is. */
function brightest(planar: Float32Array): { readonly x: number; readonly y: number } {
  const place = planar.subarray(0, PLANE).indexOf(Math.max(...planar.subarray(0, PLANE)));
  return { x: place % SIDE, y: Math.floor(place / SIDE) };
}

const seenAs = (portrait: Float32Array, seed: number): Float32Array => {
  const into = new Float32Array(portrait.length);
  augmentPortrait(portrait, into, SIDE, new Random(seed));
  return into;
};

test('moves what is there a little, or to the other side, and never far', () => {
  const places = Array.from({ length: 60 }, (_, seed) => brightest(seenAs(blobAt(8, 12), seed)));
  const mirrored = places.filter(({ x }) => x > SIDE / 2);
  expect(mirrored.length).toBeGreaterThan(15);
  expect(mirrored.length).toBeLessThan(45);
  for (const { x, y } of places) {
    expect(Math.min(Math.abs(x - 8), Math.abs(x - (SIDE - 1 - 8)))).toBeLessThanOrEqual(5);
    expect(Math.abs(y - 12)).toBeLessThanOrEqual(5);
  }
  expect(new Set(places.map(({ x, y }) => `${x},${y}`)).size).toBeGreaterThan(10);
});

test('leaves values within 0..1, and a plain surface plain', () => {
  for (const level of [0, 0.5, 1]) {
    const plain = seenAs(new Float32Array(3 * PLANE).fill(level), 3);
    for (const channel of [0, 1, 2]) {
      const values = new Set(plain.subarray(channel * PLANE, (channel + 1) * PLANE));
      expect(values.size).toBeLessThanOrEqual(2);
      for (const value of values) expect(Math.abs(value - Math.min(1, Math.max(0, value)))).toBe(0);
    }
  }
});

test('the same seed sees the same', () => {
  expect(seenAs(blobAt(8, 12), 5)).toEqual(seenAs(blobAt(8, 12), 5));
  expect(seenAs(blobAt(8, 12), 5)).not.toEqual(seenAs(blobAt(8, 12), 6));
});
