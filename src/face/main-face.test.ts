import { expect, test } from 'vitest';
import type { Face } from './face.ts';
import { mainFace } from './main-face.ts';

const at = (x: number, y: number, side: number): Face => {
  const point = { x, y };
  return {
    box: { x, y, width: side, height: side },
    confidence: 1,
    landmarks: [point, point, point, point, point],
    mesh: [],
  };
};

test('a face in the middle goes before a slightly larger one at the edge', () => {
  const [middle, edge] = [at(75, 75, 100), at(0, 0, 104)];
  expect(mainFace([edge, middle], { widthPx: 250, heightPx: 250 })).toBe(middle);
});

test('a much larger face goes before a small one in the middle', () => {
  const [small, large] = [at(120, 120, 10), at(20, 20, 150)];
  expect(mainFace([small, large], { widthPx: 250, heightPx: 250 })).toBe(large);
});

test('no face is no main face', () => {
  expect(mainFace([], { widthPx: 10, heightPx: 10 })).toBeUndefined();
});
