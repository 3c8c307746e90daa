import { describe, expect, test } from 'vitest';
import { frameOf, wavyScene } from '../../../../test/fixtures/wavy-frame.ts';
import { Random } from '../../../util/random.ts';
import { AffineTemplate } from './affine-template.ts';
import { greyPyramid, sampleGrey } from './grey-pyramid.ts';
import { PatchFinder } from './lucas-kanade.ts';

const scene = wavyScene(new Random('scene'));
const pyramidOf = (seen: typeof scene, levels = 3) => greyPyramid(frameOf(seen), levels);
const still = pyramidOf(scene);
const finder = new PatchFinder(8);

describe('a pyramid', () => {
  const ramp = greyPyramid(
    frameOf((x, y) => x + y),
    3,
  );

  test.each([0, 1, 2])('shows at (x, y) of level %i what is at 2^level times that in the frame', (level) => {
    const plane = ramp[level];
    expect(plane?.widthPx).toBe(160 / 2 ** level);
    expect(plane && sampleGrey(plane, 10, 12)).toBeCloseTo(22 * 2 ** level, 3);
  });

  test('of a frame that is halved first begins at the next level, but for its smoothing', () => {
    const [finest] = greyPyramid(
      frameOf((x, y) => x + y),
      1,
      1,
    );
    expect(sampleGrey(finest, 10.5, 12)).toBeCloseTo(45, 3);
  });
});

describe('a patch is found', () => {
  test.each([
    [0.4, -0.3],
    [3.3, -2.7],
    [-9.6, 7.2],
  ])('that moved by (%f, %f) pixels, to a twentieth of one', (dx, dy) => {
    const moved = pyramidOf((x, y) => scene(x - dx, y - dy));
    for (const place of [
      { x: 60, y: 50 },
      { x: 81.5, y: 63.25 },
      { x: 100, y: 40 },
    ]) {
      const found = finder.findBothWays(still, moved, place);
      expect(found?.x).toBeCloseTo(place.x + dx, 1);
      expect(found?.y).toBeCloseTo(place.y + dy, 1);
      expect(found?.backPx).toBeLessThan(0.05);
    }
  });

  test('further away by a pyramid than by its finest level', () => {
    const moved = (levels: number) => pyramidOf((x, y) => scene(x - 12, y - 9), levels);
    const found = (levels: number) => finder.find(pyramidOf(scene, levels), moved(levels), { x: 60, y: 50 });
    expect(Math.hypot((found(3)?.x ?? 0) - 72, (found(3)?.y ?? 0) - 59)).toBeLessThan(0.1);
    expect(Math.hypot((found(1)?.x ?? 0) - 72, (found(1)?.y ?? 0) - 59)).toBeGreaterThan(2);
  });

  test('nowhere in a plain picture, at the edge, or where the way back ends elsewhere because it has left the picture', () => {
    const plain = pyramidOf(() => 100);
    expect(finder.find(plain, still, { x: 60, y: 50 })).toBeUndefined();
    expect(finder.find(still, still, { x: 5, y: 50 })).toBeUndefined();
    const gone = pyramidOf((x, y) => scene(x - 9, y));
    expect(finder.findBothWays(still, gone, { x: 145, y: 50 })?.backPx ?? 100).toBeGreaterThan(1);
  });

  test('where something else has come, the way back ends elsewhere', () => {
    const other = wavyScene(new Random('other'));
    const covered = pyramidOf((x, y) => (Math.hypot(x - 60, y - 50) < 25 ? other(x, y) : scene(x, y)));
    expect(finder.findBothWays(still, covered, { x: 60, y: 50 })?.backPx ?? 100).toBeGreaterThan(1);
    expect(finder.findBothWays(still, covered, { x: 115, y: 80 })?.backPx).toBeLessThan(0.05);
  });
});

describe('a template', () => {
  const place = { x: 70, y: 60 };
  const template = AffineTemplate.of(still[0], place, 9);
  // What is at (70, 60) goes to (73.4, 58.1), turned by 12 degrees and 0.9 times as large.
  const [a, c] = [0.9 * Math.cos(0.21), 0.9 * Math.sin(0.21)];
  const seen = (x: number, y: number): number => {
    const [u, v] = [x - 73.4, y - 58.1];
    const area = a * a + c * c;
    return scene(70 + (a * u + c * v) / area, 60 + (a * v - c * u) / area);
  };

  test('is found turned, smaller, darker and paler, and says how', () => {
    const [plane] = pyramidOf((x, y) => 0.6 * seen(x, y) + 20);
    const found = template?.align(plane, { x: 72, y: 59, a: 1, b: 0, c: 0, d: 1 });
    expect(found?.correlation).toBeGreaterThan(0.99);
    expect(Math.hypot((found?.x ?? 0) - 73.4, (found?.y ?? 0) - 58.1)).toBeLessThan(0.1);
    for (const [own, given] of [
      [found?.a, a],
      [found?.b, -c],
      [found?.c, c],
      [found?.d, a],
    ] as const)
      expect(Math.abs((own ?? Number.NaN) - given)).toBeLessThan(0.05);
  });

  test('is brought to where it is most like what is seen, under a veil as well', () => {
    const [from] = still;
    const veil = wavyScene(new Random('veil'));
    const [plane] = pyramidOf((x, y) => 0.9 * scene(x - 1.7, y + 1.2) + 0.3 * veil(x, y) - 30, 1);
    const offsets = Array.from({ length: 19 * 19 }, (_, i) => [(i % 19) - 9, Math.floor(i / 19) - 9] as const);
    const weights = offsets.map(([k, j]) => Math.exp(-(k * k + j * j) / 81));
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value, i) => sum + (weights[i] ?? 0) * value, 0) /
      weights.reduce((sum, value) => sum + value);
    const covariance = (a: readonly number[], b: readonly number[]): number =>
      mean(a.map((value, i) => value * (b[i] ?? 0))) - mean(a) * mean(b);
    for (const start of [place, { x: 60, y: 50 }, { x: 90, y: 70 }, { x: 100, y: 45 }]) {
      const found = AffineTemplate.of(from, start, 9)?.align(plane, { ...start, a: 1, b: 0, c: 0, d: 1 });
      const { x, y, a, b, c, d, correlation } = found ?? expect.fail('nothing was found');
      const own = offsets.map(([k, j]) => sampleGrey(from, start.x + k, start.y + j));
      const correlationAt = (dx: number, dy: number): number => {
        const seen = offsets.map(([k, j]) => sampleGrey(plane, x + dx + a * k + b * j, y + dy + c * k + d * j));
        return covariance(own, seen) / Math.sqrt(covariance(own, own) * covariance(seen, seen));
      };
      expect(correlation).toBeCloseTo(correlationAt(0, 0), 2);
      for (const [dx, dy] of [[0.3, 0] as const, [-0.3, 0] as const, [0, 0.3] as const, [0, -0.3] as const])
        expect(correlationAt(dx, dy)).toBeLessThan(correlationAt(0, 0));
    }
  });

  test('is hardly like other pictures', () => {
    const correlations = Array.from({ length: 12 }, (_, i) => {
      const [plane] = pyramidOf(wavyScene(new Random(`other ${i}`)), 1);
      return template?.align(plane, { ...place, a: 1, b: 0, c: 0, d: 1 })?.correlation ?? 0;
    });
    // Smooth pictures can be bent into each other: the tracker asks the neighbours as well.
    expect(correlations.filter((correlation) => correlation > 0.85).length).toBeLessThanOrEqual(1);
    expect(correlations.reduce((sum, value) => sum + value, 0) / 12).toBeLessThan(0.6);
  });

  test('needs texture, and room', () => {
    expect(AffineTemplate.of(pyramidOf(() => 100)[0], place, 9)).toBeUndefined();
    expect(AffineTemplate.of(pyramidOf((x) => 20 * Math.sin(x / 3))[0], place, 9)).toBeUndefined();
    expect(AffineTemplate.of(still[0], { x: 5, y: 60 }, 9)).toBeUndefined();
    expect(template?.align(still[0], { x: 3, y: 60, a: 1, b: 0, c: 0, d: 1 })).toBeUndefined();
  });
});
