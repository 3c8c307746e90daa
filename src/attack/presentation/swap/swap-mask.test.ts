import { describe, expect, test } from 'vitest';
import { applyAffine, CANONICAL_POINTS, CANONICAL_VIEW } from '../../../face/alignment.ts';
import type { Landmarks68 } from '../../../face/landmarks68.ts';
import type { Plane } from '../../../image/plane.ts';
import { faceMask, mapLandmarks, meanLandmarks, skinMask } from './swap-mask.ts';
import { swapView, trainingSidePx, trainingView } from './swap-view.ts';

const at = ({ data, widthPx }: Plane, x: number, y: number): number =>
  data[Math.round(y) * widthPx + Math.round(x)] ?? 0;
const point = (points: Landmarks68, i: number) => ({ x: points[2 * i] ?? 0, y: points[2 * i + 1] ?? 0 });

const view = swapView(128);
const mean = meanLandmarks(view);

describe('the mean face', () => {
  test('has its nose and mouth where the canonical frame has them', () => {
    const canonical = meanLandmarks(CANONICAL_VIEW);
    for (const [i, five] of [
      [30, CANONICAL_POINTS[2]],
      [48, CANONICAL_POINTS[3]],
      [54, CANONICAL_POINTS[4]],
    ] as const) {
      expect(Math.abs(point(canonical, i).x - five.x)).toBeLessThan(4);
      expect(Math.abs(point(canonical, i).y - five.y)).toBeLessThan(4);
    }
  });

  test('fits the view with room on every side, and so does its mask', () => {
    const mask = faceMask(mean, view);
    for (let i = 0; i < 128; i++) {
      for (const edge of [at(mask, i, 0), at(mask, i, 127), at(mask, 0, i), at(mask, 127, i)]) expect(edge).toBe(0);
    }
  });
});

describe('the mask', () => {
  const mask = faceMask(mean, view);

  test('is whole on the face, half at the jaw, and nothing on the forehead’s top', () => {
    const [nose, jaw, brow] = [point(mean, 30), point(mean, 4), point(mean, 19)];
    expect(at(mask, nose.x, nose.y)).toBeCloseTo(1, 5);
    expect(at(mask, jaw.x, jaw.y)).toBeGreaterThan(0.3);
    expect(at(mask, jaw.x, jaw.y)).toBeLessThan(0.7);
    expect(at(mask, brow.x, brow.y)).toBeGreaterThan(0.8);
    expect(at(mask, brow.x, brow.y - 25)).toBe(0);
  });

  test('has no hard edge', () => {
    let steepest = 0;
    for (let i = 1; i < mask.data.length; i++)
      if (i % 128 > 0) steepest = Math.max(steepest, Math.abs((mask.data[i] ?? 0) - (mask.data[i - 1] ?? 0)));
    expect(steepest).toBeLessThan(0.16);
  });

  test('turns with the face', () => {
    // A quarter turn about the middle of the view.
    const turn = [0, -1, 127, 1, 0, 0] as const;
    const turned = faceMask(mapLandmarks(mean, turn), view);
    for (const i of [2, 8, 19, 30, 57]) {
      const here = point(mean, i);
      const there = applyAffine(turn, here);
      expect(Math.abs(at(turned, there.x, there.y) - at(mask, here.x, here.y))).toBeLessThan(0.12);
    }
  });

  test('of a reach above 1 covers more, and all of the other', () => {
    const wider = faceMask(mean, view, 1.1);
    const sum = (plane: Plane): number => plane.data.reduce((total, value) => total + value, 0);
    expect(sum(wider) / sum(mask)).toBeGreaterThan(1.15);
    expect(wider.data.every((value, i) => value >= (mask.data[i] ?? 0) - 1e-5)).toBe(true);
  });
});

test('skin is the face without eyes, brows and lips', () => {
  const skin = skinMask(mean, view);
  const [eye, lip, cheek] = [point(mean, 37), point(mean, 51), point(mean, 31)];
  expect(at(skin, eye.x, eye.y + 1)).toBeLessThan(0.5);
  expect(at(skin, lip.x, lip.y + 2)).toBe(0);
  expect(at(skin, cheek.x - 6, cheek.y - 4)).toBeCloseTo(1, 5);
});

test('the training’s view holds the swap’s in its middle, pixel for pixel', () => {
  const [small, large] = [swapView(64), trainingView(64)];
  expect(trainingSidePx(64)).toBe(80);
  expect(large.box.width / large.widthPx).toBeCloseTo(small.box.width / small.widthPx, 10);
  const border = (trainingSidePx(64) - 64) / 2;
  expect(large.box.x + border * (large.box.width / large.widthPx)).toBeCloseTo(small.box.x, 10);
});
