import { describe, expect, it } from 'vitest';
import { type Landmarks68, MOUTH, openingOf } from '../../../face/landmarks68.ts';
import { InputError } from '../../../util/errors.ts';
import { motionTrack } from './motions.ts';
import { type PerformedAction, performedTrack } from './performed.ts';

const [REST] = motionTrack('nod').frames as [Landmarks68];
const x = (points: Landmarks68, i: number): number => points[2 * i] ?? 0;
const y = (points: Landmarks68, i: number): number => points[2 * i + 1] ?? 0;

/** The face in the middle of one action of 1.2 s. */
function atHeight(action: PerformedAction): Landmarks68 {
  const { frames } = performedTrack([{ action, atMs: 400, durationMs: 1200 }], 10, 2000);
  return frames[10] ?? REST;
}

/** The nose's tip against the eyes' middle, to the right and down; pixels, 100 of them between the eyes' outer corners. */
const nose = (points: Landmarks68): readonly [number, number] => [
  x(points, 30) - (x(points, 36) + x(points, 45)) / 2,
  y(points, 30) - (y(points, 36) + y(points, 45)) / 2,
];

describe('each action is seen as what it is', () => {
  // The tip lies 45 px before the eyes: turned by 0.42 it goes aside by 45 sin 0.42 = 18 px.
  it.each([
    ['turn-left', 1],
    ['turn-right', -1],
  ] as const)('%s: to the person’s own side', (action, side) => {
    expect(nose(atHeight(action))[0] * side).toBeGreaterThan(15);
  });

  it.each([
    ['lower-chin', 1],
    ['raise-chin', -1],
  ] as const)('%s', (action, side) => {
    expect((nose(atHeight(action))[1] - nose(REST)[1]) * side).toBeGreaterThan(10);
  });

  it.each([
    ['tilt-left', 1],
    ['tilt-right', -1],
  ] as const)('%s: the eye on that side goes down', (action, side) => {
    const points = atHeight(action);
    const angle = Math.atan2(y(points, 45) - y(points, 36), x(points, 45) - x(points, 36));
    expect(angle * side).toBeCloseTo(0.42, 6);
  });

  it('open-mouth and smile', () => {
    expect(openingOf(atHeight('open-mouth'), MOUTH)).toBeGreaterThan(openingOf(REST, MOUTH) + 15);
    const width = (points: Landmarks68): number => x(points, 54) - x(points, 48);
    const smile = atHeight('smile');
    expect(width(smile)).toBeGreaterThan(1.15 * width(REST));
    expect(y(smile, 48)).toBeLessThan(y(REST, 48) - 2);
    expect(openingOf(smile, MOUTH)).toBeLessThan(openingOf(REST, MOUTH) + 2);
  });
});

describe('a performance', () => {
  const actions = [
    { action: 'turn-left', atMs: 1000, durationMs: 1500 },
    { action: 'open-mouth', atMs: 4000, durationMs: 500 },
  ] as const;

  it('has its length and rate, and rests before, between and after', () => {
    const { framesPerSecond, frames } = performedTrack(actions, 12.5, 6000);
    expect([framesPerSecond, frames.length]).toEqual([12.5, 75]);
    for (const timeMs of [0, 960, 2560, 3920, 4560, 5920]) {
      const frame = frames[timeMs / 80] ?? new Float64Array(136);
      frame.forEach((value, i) => {
        expect(value).toBeCloseTo(REST[i] ?? 0, 9);
      });
    }
  });

  it('is smooth: neither a jump nor a kink', () => {
    const { frames } = performedTrack(actions, 100, 6000);
    const path = frames.map((frame) => x(frame, 30));
    const speeds = path.slice(1).map((at, n) => at - (path[n] ?? 0));
    const jerks = speeds.slice(1).map((speed, n) => Math.abs(speed - (speeds[n] ?? 0)));
    // 18 px in 350 ms, at most half as fast again as on average.
    expect(Math.max(...speeds.map(Math.abs))).toBeLessThan(0.9);
    expect(Math.max(...jerks)).toBeLessThan(0.1);
  });

  it('shorter than its onset still reaches its height', () => {
    const { frames } = performedTrack([{ action: 'tilt-left', atMs: 100, durationMs: 200 }], 100, 500);
    const angle = (points: Landmarks68): number =>
      Math.atan2(y(points, 45) - y(points, 36), x(points, 45) - x(points, 36));
    expect(angle(frames[20] ?? REST)).toBeCloseTo(0.42, 6);
  });

  it.each([
    [[], 0, 1000],
    [[], 25, 0],
    [[], 25, Number.POSITIVE_INFINITY],
    [[{ action: 'smile', atMs: Number.NaN, durationMs: 1 }], 25, 1000],
    [[{ action: 'smile', atMs: 0, durationMs: 0 }], 25, 1000],
  ] as const)('that cannot be is refused: %j, %d, %d', (impossible, rate, lengthMs) => {
    expect(() => performedTrack(impossible, rate, lengthMs)).toThrow(InputError);
  });
});
