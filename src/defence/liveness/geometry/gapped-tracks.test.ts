import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { type GappedTracks, gappedTracks, onlyPoints, seenThroughout } from './gapped-tracks.ts';

/** Point p of frame f is at (100 f + p, p); gaps are given as [frame, point]. */
function tracksWithGaps(frames: number, points: number, gaps: readonly (readonly [number, number])[]): GappedTracks {
  return gappedTracks(
    Array.from({ length: frames }, (_, f) =>
      Array.from({ length: points }, (_, p) =>
        gaps.some(([frame, point]) => frame === f && point === p) ? [null, null] : [100 * f + p, p],
      ).flat(),
    ),
  );
}

describe('seen throughout', () => {
  test('is all where there is no gap', () => {
    const seen = seenThroughout(tracksWithGaps(3, 4, []), { frames: 3, points: 4 });
    expect([seen?.frames, seen?.points]).toEqual([
      [0, 1, 2],
      [0, 1, 2, 3],
    ]);
    expect([...(seen?.tracks.xy ?? [])].slice(0, 10)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 100, 0]);
  });

  test('leaves out a point that comes and goes, and a frame that shows hardly any', () => {
    const flickers = [1, 3, 5].map((f) => [f, 2] as const);
    const blurred = [0, 1, 3, 4, 5, 6, 7].map((p) => [4, p] as const);
    const seen = seenThroughout(tracksWithGaps(8, 8, [...flickers, ...blurred]), { frames: 2, points: 2 });
    expect([seen?.frames, seen?.points]).toEqual([
      [0, 1, 2, 3, 5, 6, 7],
      [0, 1, 3, 4, 5, 6, 7],
    ]);
    // Frame 5, point 3: what remains is where it was.
    expect([...(seen?.tracks.xy ?? [])].slice(2 * (4 * 7 + 2), 2 * (4 * 7 + 3))).toEqual([503, 3]);
  });

  test('keeps the frames of a far turn, at the cost of the points that it hides', () => {
    const far = [4, 5, 6].flatMap((f) => [0, 1, 2].map((p) => [f, p] as const));
    const seen = seenThroughout(tracksWithGaps(12, 12, far), { frames: 2, points: 2 });
    expect([seen?.frames.length, seen?.points.length]).toEqual([12, 9]);
  });

  test('leaves out frames once points are at their fewest, and points once frames are', () => {
    const far = [4, 5, 6].flatMap((f) => [0, 1, 2].map((p) => [f, p] as const));
    const frames = seenThroughout(tracksWithGaps(12, 12, far), { frames: 2, points: 11 });
    expect([frames?.frames.length, frames?.points.length]).toEqual([9, 11]);
    const blurred = [0, 1, 2, 3].map((p) => [4, p] as const);
    const points = seenThroughout(tracksWithGaps(5, 5, blurred), { frames: 5, points: 1 });
    expect([points?.frames.length, points?.points]).toEqual([5, [4]]);
  });

  test('holds no gap, whatever the gaps were, and is nothing where too little is left', () => {
    const random = new Random('gaps');
    for (const share of [0.02, 0.1, 0.3]) {
      const gaps = Array.from({ length: 30 * 40 }, (_, i) => [Math.floor(i / 40), i % 40] as const);
      const all = tracksWithGaps(
        30,
        40,
        gaps.filter(() => random.uniform() < share),
      );
      const seen = seenThroughout(all, { frames: 2, points: 2 });
      expect(seen?.tracks.xy.every(Number.isFinite)).toBe(true);
      expect(seen?.tracks.xy.length).toBe(2 * (seen?.frames.length ?? 0) * (seen?.points.length ?? 0));
    }
    expect(seenThroughout(tracksWithGaps(3, 4, [[1, 2]]), { frames: 3, points: 4 })).toBeUndefined();
  });
});

test('some points alone keep their places', () => {
  const part = onlyPoints(tracksWithGaps(2, 4, [[1, 3]]), [1, 3]);
  expect([...part.xy]).toEqual([1, 1, 3, 3, 101, 1, Number.NaN, Number.NaN]);
  expect(() => onlyPoints(tracksWithGaps(2, 4, []), [4])).toThrow(ShapeError);
});

test.each([
  ['no frame', []],
  [
    'another number of points',
    [
      [1, 2],
      [null, null, 3, 4],
    ],
  ],
  ['half a point', [[1, 2, 3]]],
])('tracks with %s are refused', (_, frames) => {
  expect(() => gappedTracks(frames)).toThrow(ShapeError);
});
