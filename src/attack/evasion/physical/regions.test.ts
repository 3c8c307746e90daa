import { describe, expect, test } from 'vitest';
import { CANONICAL_POINTS } from '../../../face/alignment.ts';
import type { MeshPoint, Point } from '../../../face/face.ts';
import { fivePointsOf } from '../../../face/landmarks.ts';
import { InputError, ShapeError } from '../../../util/errors.ts';
import { eyeglassFrames, lips, makeUp, type PatchPlace, patch, type Region } from './regions.ts';

const SIZE = 112;
const [LEFT_EYE, RIGHT_EYE, NOSE, LEFT_MOUTH, RIGHT_MOUTH] = CANONICAL_POINTS;
const BETWEEN_EYES: Point = { x: (LEFT_EYE.x + RIGHT_EYE.x) / 2, y: LEFT_EYE.y };

const at = (mask: Float32Array, { x, y }: Point): number => mask[Math.round(y) * SIZE + Math.round(x)] as number;
const share = (mask: Float32Array): number => mask.reduce((sum, value) => sum + value, 0) / mask.length;

/** A mesh whose only known parts are those that the five points are made of, put where the five points are to be; the rest lies about the chin. */
function meshAt(five: readonly Point[]): MeshPoint[] {
  const sources = [[160, 144, 158, 153], [387, 373, 385, 380], [1, 45, 275], [61], [291]];
  const mesh: MeshPoint[] = Array.from({ length: 468 }, () => ({ x: 56, y: 105, z: 0 }));
  sources.forEach((indices, i) => {
    for (const index of indices) mesh[index] = { ...(five[i] as Point), z: 0 };
  });
  return mesh;
}

test('eyeglass frames go around the eyes, not over them, over the nose, and cover as much as those of Sharif et al.', () => {
  const mask = eyeglassFrames(SIZE);
  for (const eye of [LEFT_EYE, RIGHT_EYE]) {
    expect(at(mask, eye)).toBe(0);
    // Up, down, left and right of the eye one meets the rim.
    for (const [x, y] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      const along = Array.from({ length: 20 }, (_, i) => at(mask, { x: eye.x + i * x, y: eye.y + i * y }));
      expect(Math.max(...along)).toBe(1);
    }
  }
  expect(at(mask, { ...BETWEEN_EYES, y: BETWEEN_EYES.y - 1 })).toBe(1);
  expect(at(mask, NOSE)).toBe(0);
  expect(share(mask)).toBeGreaterThan(0.05);
  expect(share(mask)).toBeLessThan(0.07);
});

test('make-up is on lips, lids and cheeks, and on nothing else', () => {
  const mask = makeUp(SIZE);
  const mouth = { x: (LEFT_MOUTH.x + RIGHT_MOUTH.x) / 2, y: LEFT_MOUTH.y };
  expect(at(mask, mouth)).toBe(1);
  expect(at(lips(SIZE), mouth)).toBe(1);
  expect(at(mask, { ...LEFT_EYE, y: LEFT_EYE.y - 7 })).toBeGreaterThan(0.9);
  expect(at(mask, { x: LEFT_EYE.x - 5, y: NOSE.y + 2 })).toBeGreaterThan(0.5);
  for (const bare of [LEFT_EYE, RIGHT_EYE, NOSE, { x: 56, y: 25 }, { x: 3, y: 3 }]) expect(at(mask, bare)).toBe(0);
});

describe.for<[string, Region]>([
  ['eyeglass frames', eyeglassFrames],
  ['a patch on the forehead', patch('forehead')],
  ['a patch on the nose', patch('nose')],
])('%s', ([, region]) => {
  test('covers the same share of the face at any size, with soft edges', () => {
    const mask = region(SIZE);
    expect(mask.some((value) => value > 0 && value < 1)).toBe(true);
    for (const size of [56, 160, 224]) expect(share(region(size))).toBeCloseTo(share(mask), 2);
  });

  test('with a mesh it moves, turns and grows as the eyes do', () => {
    // Turned by a right angle about the middle of the frame, and shrunk to a half.
    const turned = (points: readonly Point[]) =>
      points.map(({ x, y }) => ({ x: 55.5 - (y - 55.5) / 2, y: 55.5 + (x - 55.5) / 2 }));
    const mesh = meshAt(turned(CANONICAL_POINTS));
    expect(fivePointsOf(mesh)[0].x).toBeCloseTo(turned(CANONICAL_POINTS)[0]?.x ?? 0, 4);
    const [still, moved] = [region(SIZE), region(SIZE, mesh)];
    expect(share(moved)).toBeCloseTo(share(still) / 4, 2);
    const apart = Array.from({ length: 50 ** 2 }, (_, i) => ({
      x: 5 + 2 * (i % 50),
      y: 5 + 2 * Math.floor(i / 50),
    })).filter((point) => {
      const value = at(still, point);
      return (value === 0 || value === 1) && Math.abs(at(moved, turned([point])[0] as Point) - value) > 0.75;
    });
    // Pixels at an edge, where half the size is half as sharp.
    expect(apart.length).toBeLessThan(25);
  });
});

test('lips of a mesh are its lips without the open mouth', () => {
  const mesh = meshAt(CANONICAL_POINTS);
  const ring = (indices: readonly number[], radius: number) =>
    indices.forEach((index, i) => {
      const angle = (2 * Math.PI * i) / indices.length;
      mesh[index] = { x: 56 + radius * Math.cos(angle), y: 90 + radius * Math.sin(angle), z: 0 };
    });
  ring([61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185], 14);
  ring([78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191], 6);
  const mask = lips(SIZE, mesh);
  expect(at(mask, { x: 56, y: 90 })).toBe(0);
  expect(at(mask, { x: 56, y: 80 })).toBe(1);
  // The ring between two circles.
  expect(share(mask) * SIZE ** 2).toBeCloseTo(Math.PI * (14 ** 2 - 6 ** 2), -1.5);
});

test('a patch lies where it is put', () => {
  const box = patch({ rectangle: { x: 10, y: 20, width: 30, height: 12 } })(SIZE);
  expect(box.reduce((sum, value) => sum + value, 0)).toBeCloseTo(360, 3);
  expect(box[20 * SIZE + 10]).toBeCloseTo(1, 5);
  expect(box[20 * SIZE + 9]).toBeCloseTo(0, 5);
  const disc = patch({ disc: { x: 50, y: 60, radius: 9 } })(SIZE);
  expect(disc.reduce((sum, value) => sum + value, 0)).toBeCloseTo(Math.PI * 81, -0.5);
});

test.for<PatchPlace>([
  { rectangle: { x: 100, y: 0, width: 20, height: 5 } },
  { rectangle: { x: 5, y: 5, width: 0, height: 5 } },
  { disc: { x: 5, y: 50, radius: 6 } },
  { disc: { x: 50, y: 50, radius: Number.NaN } },
])('refuses a patch that is not within the face: %o', (place) => {
  expect(() => patch(place)).toThrow(InputError);
});

test('refuses a mesh that is none', () => {
  expect(() => makeUp(SIZE, [])).toThrow(ShapeError);
  expect(() => eyeglassFrames(SIZE, meshAt(CANONICAL_POINTS.map(() => ({ x: 50, y: 50 }))))).toThrow(InputError);
});
