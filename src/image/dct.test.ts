import { describe, expect, it } from 'vitest';
import { ShapeError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { blockDct, inverseBlockDct } from './dct.ts';

describe('blockDct', () => {
  it('agrees with the double sum of ITU-T T.81, A.3.3', () => {
    const plane = new Random(3).normals(16 * 8, 50);
    const transformed = blockDct(plane, 16, 8);
    const norm = (k: number) => (k === 0 ? Math.SQRT1_2 : 1);
    for (const [u, v] of [
      [0, 0],
      [1, 0],
      [3, 5],
      [7, 7],
    ] as const) {
      let sum = 0;
      for (let y = 0; y < 8; y++) {
        for (let x = 0; x < 8; x++) {
          const wave = Math.cos(((2 * x + 1) * u * Math.PI) / 16) * Math.cos(((2 * y + 1) * v * Math.PI) / 16);
          sum += (plane[16 * y + 8 + x] ?? 0) * wave;
        }
      }
      expect(transformed[16 * v + 8 + u]).toBeCloseTo((norm(u) * norm(v) * sum) / 4, 3);
    }
  });

  it('is undone by its inverse', () => {
    const plane = new Random(4).normals(24 * 16, 80);
    const back = inverseBlockDct(blockDct(plane, 24, 16), 24, 16);
    expect(Math.max(...back.map((value, i) => Math.abs(value - (plane[i] ?? 0))))).toBeLessThan(1e-3);
  });

  it('refuses sizes that are no multiples of 8', () => {
    expect(() => blockDct(new Float32Array(64), 4, 16)).toThrow(ShapeError);
    expect(() => blockDct(new Float32Array(63), 8, 8)).toThrow(ShapeError);
  });
});
