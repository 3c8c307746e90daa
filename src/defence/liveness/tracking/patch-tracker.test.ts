import { describe, expect, test } from 'vitest';
import { frameOf, type Scene, wavyScene } from '../../../../test/fixtures/wavy-frame.ts';
import { Random } from '../../../util/random.ts';
import { greyPyramid } from './grey-pyramid.ts';
import { localMotion } from './local-motion.ts';
import type { Place } from './lucas-kanade.ts';
import { PatchTracker } from './patch-tracker.ts';

const scene = wavyScene(new Random('skin'));
const noise = new Random('noise');
const FACE_PX = 90;
const PLACES: readonly Place[] = Array.from({ length: 30 }, (_, i) => ({
  x: 45 + 14 * (i % 6),
  y: 30 + 15 * Math.floor(i / 6),
}));

/** Where a point of the first frame is in frame f: it turns about the middle, sways and comes nearer. */
function placed({ x, y }: Place, f: number): Place {
  const [angle, scale] = [0.25 * Math.sin(f / 8), 1 + 0.15 * Math.sin(f / 11)];
  const [u, v] = [x - 80, y - 60];
  return {
    x: 80 + 8 * Math.sin(f / 9) + scale * (Math.cos(angle) * u - Math.sin(angle) * v),
    y: 60 + scale * (Math.sin(angle) * u + Math.cos(angle) * v),
  };
}

function seenAt(x: number, y: number, f: number): Place {
  const [angle, scale] = [0.25 * Math.sin(f / 8), 1 + 0.15 * Math.sin(f / 11)];
  const [u, v] = [(x - 80 - 8 * Math.sin(f / 9)) / scale, (y - 60) / scale];
  return { x: 80 + Math.cos(angle) * u + Math.sin(angle) * v, y: 60 + Math.cos(angle) * v - Math.sin(angle) * u };
}

/** A frame of the moving skin, through a noisy camera; `over` is drawn before it. */
function pyramidAt(f: number, over: (x: number, y: number) => number | undefined = () => undefined) {
  const seen: Scene = (x, y) => {
    const at = seenAt(x, y, f);
    return (over(x, y) ?? scene(at.x, at.y)) + 2 * noise.normal();
  };
  return greyPyramid(frameOf(seen), 3);
}

const errorOf = (found: Place | undefined, wanted: Place): number =>
  found ? Math.hypot(found.x - wanted.x, found.y - wanted.y) : Number.NaN;

describe('a tracker', () => {
  test('does not drift: after 45 frames all points are as near as in the first ones', () => {
    const tracker = new PatchTracker(pyramidAt(0), PLACES, FACE_PX);
    const errors: number[][] = [];
    for (let f = 1; f <= 45; f++) {
      const found = tracker.follow(pyramidAt(f));
      errors.push(PLACES.map((place, p) => errorOf(found[p], placed(place, f))));
    }
    const worst = (frames: readonly number[][]): number => Math.max(...frames.flat().filter(Number.isFinite));
    const lost = errors.flat().filter((error) => Number.isNaN(error)).length / errors.flat().length;
    expect(worst(errors.slice(-10))).toBeLessThan(0.5);
    expect(worst(errors)).toBeLessThan(0.5);
    expect(lost).toBeLessThan(0.05);
  });

  test('does not see what is covered, sees it again afterwards, and never takes the cover for it', () => {
    const other = wavyScene(new Random('hand'));
    const tracker = new PatchTracker(pyramidAt(0), PLACES, FACE_PX);
    const covered = (place: Place, f: number): boolean => f >= 10 && f < 20 && placed(place, f).x < 70;
    let [seenUnder, hidden, back] = [0, 0, 0];
    for (let f = 1; f <= 30; f++) {
      const found = tracker.follow(pyramidAt(f, (x, y) => (f >= 10 && f < 20 && x < 78 ? other(x, y) : undefined)));
      PLACES.forEach((place, p) => {
        if (covered(place, f)) hidden++;
        if (covered(place, f) && found[p]) seenUnder++;
        if (f === 30 && found[p]) back++;
        // A cover's edge may pull at what is beside it.
        if (found[p]) expect(errorOf(found[p], placed(place, f))).toBeLessThan(0.03 * FACE_PX);
      });
    }
    expect(hidden).toBeGreaterThan(60);
    expect(seenUnder).toBe(0);
    expect(back).toBeGreaterThanOrEqual(28);
  });

  test('that lost all points finds them again near a hint that is a little wrong, and not without one', () => {
    const [hinted, alone] = [0, 1].map(() => new PatchTracker(pyramidAt(0), PLACES, FACE_PX)) as [
      PatchTracker,
      PatchTracker,
    ];
    const dark = pyramidAt(1, () => 50);
    for (const tracker of [hinted, alone]) expect(tracker.follow(dark).filter((place) => place)).toEqual([]);
    const hint = (f: number): Place[] =>
      PLACES.map((place) => {
        const { x, y } = placed(place, f);
        return { x: x + 0.01 * FACE_PX, y: y - 0.01 * FACE_PX };
      });
    expect(alone.follow(pyramidAt(6)).filter((place) => place)).toEqual([]);
    const found = hinted.follow(pyramidAt(6), hint(6));
    const errors = PLACES.map((place, p) => errorOf(found[p], placed(place, 6))).filter(Number.isFinite);
    expect(errors.length).toBeGreaterThan(25);
    // The hint itself is 1.3 pixels off.
    expect(Math.max(...errors)).toBeLessThan(0.5);
    const next = hinted.follow(pyramidAt(7));
    expect(next.filter((place) => place).length).toBeGreaterThan(25);
  });

  test('gives back nothing of another face', () => {
    const tracker = new PatchTracker(pyramidAt(0), PLACES, FACE_PX);
    const other = greyPyramid(frameOf(wavyScene(new Random('somebody else'))), 3);
    expect(tracker.follow(other).filter((place) => place).length).toBeLessThanOrEqual(1);
  });

  test('never sees a point without texture', () => {
    const plain: Scene = (x, y) => (x < 80 ? 100 : scene(x, y));
    const pyramid = greyPyramid(frameOf(plain), 3);
    const tracker = new PatchTracker(pyramid, PLACES, FACE_PX);
    for (const found of [tracker.places, tracker.follow(pyramid)])
      PLACES.forEach(({ x }, p) => {
        if (x < 70) expect(found[p]).toBeUndefined();
        if (x > 90) expect(errorOf(found[p], PLACES[p] as Place)).toBeLessThan(0.01);
      });
  });
});

describe('local motion', () => {
  const moved = PLACES.map((from) => ({ from, to: placed(from, 12) }));

  test('of points that all follow one affine map is that map', () => {
    const place = { x: 71, y: 44 };
    const found = localMotion(moved, place, 14);
    const wanted = placed(place, 12);
    const beside = placed({ x: 72, y: 44 }, 12);
    expect(errorOf(found, wanted)).toBeLessThan(1e-6);
    expect(found?.a).toBeCloseTo(beside.x - wanted.x, 6);
    expect(found?.c).toBeCloseTo(beside.y - wanted.y, 6);
  });

  test('of points on a line is none', () => {
    expect(
      localMotion(
        Array.from({ length: 3 }, () => ({ from: { x: 1, y: 1 }, to: { x: 2, y: 2 } })),
        { x: 1, y: 1 },
        9,
      ),
    ).toBeUndefined();
  });
});
