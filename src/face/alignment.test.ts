import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alignmentMatrix,
  applyAffine,
  CANONICAL_POINTS,
  CANONICAL_VIEW,
  composeAffine,
  fitSimilarity,
  invertAffine,
  viewOfCanonical,
} from './alignment.ts';
import type { FivePoints } from './face.ts';

const similarity = fc
  .record({
    scale: fc.double({ min: 0.2, max: 8, noNaN: true }),
    angle: fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
    x: fc.double({ min: -500, max: 500, noNaN: true }),
    y: fc.double({ min: -500, max: 500, noNaN: true }),
  })
  .map(({ scale, angle, x, y }) => {
    const [c, s] = [scale * Math.cos(angle), scale * Math.sin(angle)];
    return [c, -s, x, s, c, y] as const;
  });

describe('fitSimilarity', () => {
  it('recovers a similarity from the points that it maps', () => {
    fc.assert(
      fc.property(similarity, (matrix) => {
        const moved = CANONICAL_POINTS.map((point) => applyAffine(matrix, point));
        fitSimilarity(CANONICAL_POINTS, moved).forEach((value, i) => {
          expect(value).toBeCloseTo(matrix[i] ?? Number.NaN, 5);
        });
      }),
    );
  });

  it('is the least-squares fit, as a search over angles finds it', () => {
    const points = [
      [103.7, 113.1],
      [146.8, 113.1],
      [119.7, 135.7],
      [105.9, 159.4],
      [144.0, 159.4],
    ].map(([x = 0, y = 0]) => ({ x, y }));
    const expected = umeyama(points, CANONICAL_POINTS);
    fitSimilarity(points, CANONICAL_POINTS).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 6);
    });
  });

  it('is not moved by reflection: a mirrored face does not fit', () => {
    const mirrored = CANONICAL_POINTS.map(({ x, y }) => ({ x: 112 - x, y }));
    const [a, b, , d, e] = fitSimilarity(mirrored, CANONICAL_POINTS);
    expect(a * e - b * d).toBeGreaterThan(0);
  });

  it('refuses points that coincide', () => {
    const point = { x: 3, y: 4 };
    expect(() => fitSimilarity([point, point], CANONICAL_POINTS)).toThrow(/coincide/);
  });
});

describe('alignmentMatrix', () => {
  it('sends the canonical points to the landmarks', () => {
    const matrix = [2, -0.5, 40, 0.5, 2, 30] as const;
    const [a, b, c, d, e] = CANONICAL_POINTS.map((point) => applyAffine(matrix, point));
    const landmarks = [a, b, c, d, e] as unknown as FivePoints;
    const found = alignmentMatrix(landmarks, CANONICAL_VIEW);
    CANONICAL_POINTS.forEach((point, i) => {
      expect(applyAffine(found, point).x).toBeCloseTo(landmarks[i]?.x ?? Number.NaN, 6);
      expect(applyAffine(found, point).y).toBeCloseTo(landmarks[i]?.y ?? Number.NaN, 6);
    });
  });

  it('keeps the edges of a view where they are, whatever its resolution', () => {
    const box = { x: 7, y: 22, width: 98, height: 98 };
    for (const sizePx of [49, 98, 150]) {
      const matrix = viewOfCanonical({ box, widthPx: sizePx, heightPx: sizePx });
      // The edge of the first pixel lies half a pixel before its centre, in the view as in the canonical frame.
      const edge = applyAffine(matrix, { x: -0.5, y: -0.5 });
      const end = applyAffine(matrix, { x: sizePx - 0.5, y: sizePx - 0.5 });
      expect([edge.x, edge.y, end.x, end.y].map((value) => value + 0.5)).toEqual(
        [7, 22, 105, 120].map((value) => expect.closeTo(value, 6)),
      );
    }
  });

  it('leaves a canonical crop as it is', () => {
    expect(viewOfCanonical(CANONICAL_VIEW)).toEqual([1, 0, 0, 0, 1, 0]);
  });
});

describe('affine maps', () => {
  it('undo themselves', () => {
    fc.assert(
      fc.property(similarity, (matrix) => {
        const same = composeAffine(invertAffine(matrix), matrix);
        [1, 0, 0, 0, 1, 0].forEach((value, i) => {
          expect(same[i]).toBeCloseTo(value, 6);
        });
      }),
    );
  });
});

/** Umeyama's least squares by brute force: the angle by a fine search, scale and shift in closed form for it. */
function umeyama(from: readonly { x: number; y: number }[], to: readonly { x: number; y: number }[]): number[] {
  const centre = (points: readonly { x: number; y: number }[]) => ({
    x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
    y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
  });
  const [a, b] = [centre(from), centre(to)];
  const errorAt = (angle: number) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const turned = from.map(({ x, y }) => ({ x: c * (x - a.x) - s * (y - a.y), y: s * (x - a.x) + c * (y - a.y) }));
    const dot = turned.reduce((sum, { x, y }, i) => sum + x * ((to[i]?.x ?? 0) - b.x) + y * ((to[i]?.y ?? 0) - b.y), 0);
    const scale = dot / turned.reduce((sum, { x, y }) => sum + x * x + y * y, 0);
    const error = turned.reduce(
      (sum, { x, y }, i) => sum + (scale * x + b.x - (to[i]?.x ?? 0)) ** 2 + (scale * y + b.y - (to[i]?.y ?? 0)) ** 2,
      0,
    );
    return { error, scale };
  };
  let [low, high] = [-0.5, 0.5];
  for (let i = 0; i < 200; i++) {
    const [p, q] = [low + (high - low) / 3, high - (high - low) / 3];
    if (errorAt(p).error < errorAt(q).error) high = q;
    else low = p;
  }
  const { scale } = errorAt(low);
  const [c, s] = [scale * Math.cos(low), scale * Math.sin(low)];
  return [c, -s, b.x - c * a.x + s * a.y, s, c, b.y - s * a.x - c * a.y];
}
