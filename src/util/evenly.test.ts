import { expect, test } from 'vitest';
import { evenly } from './evenly.ts';

test('some places among many, and all of few', () => {
  expect(evenly(10, 4)).toEqual([0, 2, 5, 7]);
  expect(evenly(3, 4)).toEqual([0, 1, 2]);
  expect(evenly(0, 4)).toEqual([]);
  const places = evenly(187, 60);
  const apart = places.slice(1).map((place, i) => place - (places[i] ?? 0));
  expect([places.length, Math.min(...apart), Math.max(...apart)]).toEqual([60, 3, 4]);
});
