import { describe, expect, it } from 'vitest';
import { ShapeError } from '../util/errors.ts';
import { l1, l2, psnr, ssim } from './image-quality.ts';

const SIZE = { widthPx: 20, heightPx: 16 };

function picture(valueAt: (x: number, y: number, channel: number) => number): Float32Array {
  const plane = SIZE.widthPx * SIZE.heightPx;
  return Float32Array.from({ length: 3 * plane }, (_, i) => {
    const inPlane = i % plane;
    const value = valueAt(inPlane % SIZE.widthPx, Math.floor(inPlane / SIZE.widthPx), Math.floor(i / plane));
    return Math.min(1, Math.max(0, value));
  });
}

const A = picture((x, y, c) => 0.5 + 0.4 * Math.sin(0.3 * x + 0.2 * y + c));
const B = picture((x, y, c) => 0.45 + 0.35 * Math.sin(0.31 * x + 0.18 * y + 1.1 * c) + 0.1 * Math.cos(1.7 * x * y));

/**
 * From numpy 1.24, written from the paper's equations with explicit loops: for every 11x11 patch p, q and the two-dimensional window g,
 * mean = sum(g p), variance = sum(g (p - mean)^2), covariance likewise; the same A and B in float32.
 */
const NUMPY = { ssim: 0.8126294685875678, psnr: 20.137155526610417, l1: 0.08158846945692251, l2: 0.009689122513254534 };

describe('ssim', () => {
  it('agrees with numpy', () => {
    expect(ssim(A, B, SIZE)).toBeCloseTo(NUMPY.ssim, 9);
  });

  it('is 1 for the same picture and symmetric', () => {
    expect(ssim(A, A, SIZE)).toBeCloseTo(1, 12);
    expect(ssim(B, A, SIZE)).toBeCloseTo(NUMPY.ssim, 9);
  });

  it('takes one channel too', () => {
    const plane = SIZE.widthPx * SIZE.heightPx;
    const perChannel = [0, 1, 2].map((channel) => {
      const part = (data: Float32Array) => data.subarray(channel * plane, (channel + 1) * plane);
      return ssim(part(A), part(B), { ...SIZE, channels: 1 });
    });
    expect(perChannel.reduce((sum, value) => sum + value, 0) / 3).toBeCloseTo(NUMPY.ssim, 9);
  });

  it('refuses a wrong size and a picture below the window', () => {
    expect(() => ssim(A, B, { widthPx: 20, heightPx: 15 })).toThrow(ShapeError);
    expect(() => ssim(A.subarray(0, 300), A.subarray(0, 300), { widthPx: 10, heightPx: 10 })).toThrow(ShapeError);
  });
});

describe('l1, l2 and psnr', () => {
  it('agree with numpy', () => {
    expect(l1(A, B)).toBeCloseTo(NUMPY.l1, 9);
    expect(l2(A, B)).toBeCloseTo(NUMPY.l2, 9);
    expect(psnr(A, B)).toBeCloseTo(NUMPY.psnr, 7);
  });

  it('know equal pictures', () => {
    expect(psnr(A, A)).toBe(Number.POSITIVE_INFINITY);
    expect(l1(A, A)).toBe(0);
  });

  it('refuse pictures of different sizes', () => {
    expect(() => l2(A, B.subarray(1))).toThrow(ShapeError);
  });
});
