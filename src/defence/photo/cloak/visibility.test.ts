import { describe, expect, test } from 'vitest';
import { ssim } from '../../../metric/image-quality.ts';
import { Random } from '../../../util/random.ts';
import { changeAllowance, structuralTolerance } from './visibility.ts';

const SIZE = 112;
const PLANE = SIZE ** 2;
const random = new Random('visibility');
const noise = random.normals(3 * PLANE, 0.08);
/** Smooth on the left, textured on the right. */
const face = Float32Array.from({ length: 3 * PLANE }, (_, i) => 0.5 + (i % SIZE < SIZE / 2 ? 0 : (noise[i] as number)));

describe('how much may change', () => {
  const allowance = changeAllowance(face, SIZE);
  const at = (x: number, y: number): number => allowance[y * SIZE + x] as number;

  test('texture far more than smooth skin, and nothing at the edge of the frame', () => {
    expect(at(80, 56)).toBeGreaterThan(2 * at(30, 56));
    expect(at(30, 56)).toBeGreaterThan(0);
    for (let i = 0; i < SIZE; i++) expect([at(i, 0), at(0, i), at(i, SIZE - 1), at(SIZE - 1, i)]).toEqual([0, 0, 0, 0]);
    const rowOf = (y: number): number => {
      let sum = 0;
      for (let x = 70; x < 100; x++) sum += at(x, y);
      return sum;
    };
    expect(rowOf(2)).toBeLessThan(0.5 * rowOf(56));
    expect(Math.max(...allowance)).toBeCloseTo(1, 1);
  });
});

describe('what SSIM lets pass', () => {
  const { luminance, structure } = structuralTolerance(face, SIZE);

  /** What a change of one kind in one half costs. */
  const cost = (half: 'smooth' | 'textured', isRough: boolean): number => {
    const change = (x: number, y: number): number => (isRough ? ((x + y) % 2 === 0 ? 1 : -1) : 1);
    const changed = face.map((value, i) => {
      const [x, y] = [i % SIZE, Math.floor(i / SIZE) % SIZE];
      const isInside = half === 'smooth' ? x < SIZE / 2 - 12 : x > SIZE / 2 + 12;
      return isInside ? value + 0.01 * change(x, y) : value;
    });
    return 1 - ssim(face, changed, { widthPx: SIZE, heightPx: SIZE });
  };

  test('is told rightly: roughness costs less on texture, and a smooth change costs least', () => {
    const meanOf = (values: Float32Array, from: number, to: number): number => {
      let [sum, count] = [0, 0];
      for (let y = 20; y < 90; y++) for (let x = from; x < to; x++, count++) sum += values[y * SIZE + x] as number;
      return sum / count;
    };
    const measured = cost('smooth', true) / cost('textured', true);
    const told = meanOf(structure, 70, 100) / meanOf(structure, 10, 40);
    expect(told / measured).toBeGreaterThan(0.5);
    expect(told / measured).toBeLessThan(2);
    expect(cost('smooth', false)).toBeLessThan(0.1 * cost('smooth', true));
    expect(meanOf(luminance, 10, 40)).toBeGreaterThan(10 * meanOf(structure, 10, 40));
  });
});
