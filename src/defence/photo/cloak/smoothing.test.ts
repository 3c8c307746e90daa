import { expect, test } from 'vitest';
import { Random } from '../../../util/random.ts';
import { smoothPlanes } from './smoothing.ts';

const SIZE = 20;
const PLANE = SIZE ** 2;

test('is the two-dimensional Gaussian, in each plane by itself', () => {
  const planes = new Random('smooth').normals(2 * PLANE);
  const smooth = smoothPlanes(planes, SIZE, 1.2);
  const [x, y] = [9, 11];
  for (const plane of [0, 1]) {
    let [sum, total] = [0, 0];
    for (let j = -4; j <= 4; j++) {
      for (let i = -4; i <= 4; i++) {
        const weight = Math.exp(-(i * i + j * j) / (2 * 1.2 ** 2));
        sum += weight * (planes[plane * PLANE + (y + j) * SIZE + x + i] as number);
        total += weight;
      }
    }
    expect(smooth[plane * PLANE + y * SIZE + x]).toBeCloseTo(sum / total, 5);
  }
});

test('keeps what is flat up to the edge', () => {
  for (const value of smoothPlanes(new Float32Array(PLANE).fill(0.3), SIZE, 2)) expect(value).toBeCloseTo(0.3, 6);
});

test('is its own transpose for pictures that are nothing near the edge', () => {
  const random = new Random('transpose');
  const inner = () =>
    random.normals(PLANE).map((value, i) => {
      const [x, y] = [i % SIZE, Math.floor(i / SIZE)];
      return Math.min(x, y, SIZE - 1 - x, SIZE - 1 - y) < 3 ? 0 : value;
    });
  const [a, b] = [inner(), inner()];
  const dot = (p: Float32Array, q: Float32Array): number => p.reduce((sum, value, i) => sum + value * (q[i] ?? 0), 0);
  expect(dot(smoothPlanes(a, SIZE, 1), b)).toBeCloseTo(dot(a, smoothPlanes(b, SIZE, 1)), 4);
});
