import { describe, expect, test } from 'vitest';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { InputError, ShapeError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { toPlanar } from './tensor.ts';
import { type AffineMatrix, warpAffine } from './warp.ts';
import { linearWarp } from './warp-adjoint.ts';

/** A turn and scale about the middle of a 61x47 px source, seen in 20x24 px, and shifted. */
const turned = (scale: number, degrees: number, shift = 0): AffineMatrix => {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180) * scale, Math.sin((degrees * Math.PI) / 180) * scale];
  return [cos, -sin, 30 + shift - 10 * cos + 12 * sin, sin, cos, 23 - 10 * sin - 12 * cos];
};

const MATRICES: readonly (readonly [string, AffineMatrix])[] = [
  ['as it is', [1, 0, 3, 0, 1, 2]],
  ['enlarged and turned', turned(0.6, 25)],
  ['reaching over the edge', turned(1.7, -20, 22)],
  ['shrunk by blocks', turned(3.4, 10)],
  ['shrunk by blocks over the edge', turned(5.2, 70, -15)],
  ['shrunk in one direction alone', [2.9, 0, 0.5, 0, 1.1, 0.2]],
];

describe.each(['black', 'replicate'] as const)('border %s', (border) => {
  const options = { widthPx: 20, heightPx: 24, border };

  test.each(MATRICES)('%s: shows what warpAffine shows, but for its rounding', (_, matrix) => {
    const image = wavyImage(61, 47, new Random('warp'));
    const warped = linearWarp(image, matrix, options).apply(toPlanar([image]));
    const expected = toPlanar([warpAffine(image, matrix, options)]);
    // warpAffine rounds the blocks and then the samples: half a level each.
    for (const [i, value] of warped.entries()) expect(Math.abs(value - (expected[i] ?? 9))).toBeLessThan(1.01 / 255);
  });

  test.each(MATRICES)('%s: the transpose is the transpose', (_, matrix) => {
    const random = new Random('adjoint');
    const warp = linearWarp({ widthPx: 61, heightPx: 47 }, matrix, options);
    for (let trial = 0; trial < 3; trial++) {
      const [x, y] = [random.normals(3 * 61 * 47), random.normals(3 * 20 * 24)];
      const forward = dot(warp.apply(x), y);
      const scale = Math.sqrt(dot(x, x) * dot(y, y));
      expect(Math.abs(forward - dot(x, warp.transpose(y))) / scale).toBeLessThan(1e-6);
      expect(Math.abs(forward)).toBeGreaterThan(0);
    }
  });
});

test('refuses what is no warp', () => {
  const size = { widthPx: 4, heightPx: 4 };
  expect(() => linearWarp(size, [Number.NaN, 0, 0, 0, 1, 0], size)).toThrow(InputError);
  expect(() => linearWarp({ widthPx: 0, heightPx: 4 }, [1, 0, 0, 0, 1, 0], size)).toThrow(ShapeError);
});

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? Number.NaN), 0);
}
