import { describe, expect, test } from 'vitest';
import { applyAffine } from '../../../face/alignment.ts';
import type { Landmarks68 } from '../../../face/landmarks68.ts';
import type { Image } from '../../../image/image.ts';
import type { AffineMatrix } from '../../../image/warp.ts';
import { pasteFace } from './paste.ts';
import { mapLandmarks, meanLandmarks } from './swap-mask.ts';
import { swapView } from './swap-view.ts';

const view = swapView(32);
const landmarks = meanLandmarks(view);

const even = (widthPx: number, heightPx: number, level: number): Image => ({
  widthPx,
  heightPx,
  data: new Uint8Array(3 * widthPx * heightPx).fill(level),
});

/** Red grows by six levels a column, green by six a row. */
const slanted: Image = {
  widthPx: 32,
  heightPx: 32,
  data: Uint8Array.from({ length: 3 * 32 * 32 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [20 + 6 * (pixel % 32), 20 + 6 * Math.floor(pixel / 32), 50][i % 3] ?? 0;
  }),
};

const at = ({ data, widthPx }: Image, { x, y }: { x: number; y: number }, channel = 0): number =>
  data[3 * (Math.round(y) * widthPx + Math.round(x)) + channel] ?? 0;

const place = (points: Landmarks68, i: number) => ({ x: points[2 * i] ?? 0, y: points[2 * i + 1] ?? 0 });

describe('a face that is three times as large in its photo', () => {
  const photo = even(160, 150, 100);
  const toPhoto: AffineMatrix = [3, 0, 20, 0, 3, 25];
  const pasted = pasteFace(photo, { picture: slanted, view, toPhoto, landmarks });
  const inPhoto = mapLandmarks(landmarks, toPhoto);

  test('shows each pixel of the made face in its place', () => {
    for (const i of [27, 30, 51, 41, 46]) {
      const here = place(inPhoto, i);
      const pixel = { x: Math.round(here.x), y: Math.round(here.y) };
      expect(Math.abs(at(pasted, pixel, 0) - (20 + (6 * (pixel.x - 20)) / 3))).toBeLessThanOrEqual(2);
      expect(Math.abs(at(pasted, pixel, 1) - (20 + (6 * (pixel.y - 25)) / 3))).toBeLessThanOrEqual(2);
    }
  });

  test('keeps every byte of the photo beyond the mask', () => {
    for (let y = 0; y < 150; y++) {
      for (let x = 0; x < 160; x++) {
        const inView = { x: (x - 20) / 3, y: (y - 25) / 3 };
        const beyond = inView.x < -0.5 || inView.y < -0.5 || inView.x > 31.5 || inView.y > 31.5;
        if (beyond) expect(at(pasted, { x, y })).toBe(100);
      }
    }
    expect(photo.data.every((value) => value === 100)).toBe(true);
  });

  test('mixes half and half at the jaw', () => {
    const white = pasteFace(photo, { picture: even(32, 32, 200), view, toPhoto, landmarks });
    const [nose, jaw] = [place(inPhoto, 30), place(inPhoto, 3)];
    expect(at(white, nose)).toBe(200);
    expect(at(white, jaw)).toBeGreaterThan(125);
    expect(at(white, jaw)).toBeLessThan(175);
  });
});

test('a turned face lands turned', () => {
  // A quarter turn clockwise, twice as large: the view's (x, y) is at (100 - 2 y, 20 + 2 x).
  const toPhoto: AffineMatrix = [0, -2, 100, 2, 0, 20];
  const pasted = pasteFace(even(120, 110, 0), { picture: slanted, view, toPhoto, landmarks });
  const here = place(landmarks, 30);
  const nose = { x: Math.round(here.x), y: Math.round(here.y) };
  const there = applyAffine(toPhoto, nose);
  expect(Math.abs(at(pasted, there, 0) - (20 + 6 * nose.x))).toBeLessThanOrEqual(2);
  expect(Math.abs(at(pasted, there, 1) - (20 + 6 * nose.y))).toBeLessThanOrEqual(2);
});

test('a small photo gets the face reduced', () => {
  const toPhoto: AffineMatrix = [0.5, 0, 3, 0, 0.5, 2];
  const pasted = pasteFace(even(24, 24, 0), { picture: even(32, 32, 180), view, toPhoto, landmarks });
  expect(at(pasted, applyAffine(toPhoto, place(landmarks, 30)))).toBeCloseTo(180, -1);
});

describe('a face at the edge', () => {
  test('is cut off there', () => {
    const pasted = pasteFace(even(50, 90, 100), {
      picture: even(32, 32, 200),
      view,
      toPhoto: [3, 0, -48, 0, 3, 0],
      landmarks,
    });
    expect(at(pasted, { x: 0, y: 60 })).toBe(200);
    expect(at(pasted, { x: 49, y: 60 })).toBe(100);
  });

  test('leaves the photo itself where nothing of it is in it', () => {
    const photo = even(50, 50, 100);
    const outside = { picture: slanted, view, landmarks };
    expect(pasteFace(photo, { ...outside, toPhoto: [1, 0, 60, 0, 1, 0] })).toBe(photo);
    expect(pasteFace(photo, { ...outside, toPhoto: [1, 0, 0, 0, 1, -40] })).toBe(photo);
  });
});

test('a mask that is wider than the view fades out before its border', () => {
  const wide = mapLandmarks(landmarks, [3, 0, -32, 0, 3, -32]);
  const photo = even(128, 128, 0);
  const pasted = pasteFace(photo, {
    picture: even(32, 32, 240),
    view,
    toPhoto: [4, 0, 1.5, 0, 4, 1.5],
    landmarks: wide,
  });
  const middle = Array.from({ length: 128 }, (_, x) => at(pasted, { x, y: 64 }));
  expect(middle[64]).toBe(240);
  expect(middle[0]).toBeLessThan(12);
  expect(Math.max(...middle.slice(1).map((value, i) => Math.abs(value - (middle[i] ?? 0))))).toBeLessThan(60);
});
