import { describe, expect, it } from 'vitest';
import type { Image } from '../../image/image.ts';
import { InputError } from '../../util/errors.ts';
import { type ClipDriver, playDriver } from './clip-driver.ts';
import { motionTrack } from './warp/motions.ts';
import { neutralFrame } from './warp/retarget.ts';

/** Ten frames a second, of which each tells by its first byte which it is. */
const track = motionTrack('shake', { framesPerSecond: 10, seconds: 0.9 });
const pictures = track.frames.map((_, n): Image => ({ widthPx: 1, heightPx: 1, data: Uint8Array.of(n, 0, 0) }));
const face = { x: 1, y: 2, width: 3, height: 4 };
const driver: ClipDriver = { track, film: { frames: pictures, face } };
const shown = (frames: readonly Image[] | undefined): (number | undefined)[] =>
  (frames ?? []).map(({ data }) => data[0]);

describe('a recorded driver', () => {
  it('is played as long as it is asked for, and turns back at its ends', () => {
    const { film } = playDriver(driver, { framesPerSecond: 10, lengthMs: 2000, startMs: 0 });
    expect(shown(film?.frames)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3]);
    expect(film?.framesPerSecond).toBe(10);
    expect(film?.face).toBe(face);
  });

  it('keeps its speed at another rate, and begins where it is told to', () => {
    const slower = playDriver(driver, { framesPerSecond: 5, lengthMs: 1000, startMs: 300 });
    expect(shown(slower.film?.frames)).toEqual([3, 5, 7, 7, 5]);
    const faster = playDriver(driver, { framesPerSecond: 20, lengthMs: 300, startMs: 0 });
    expect(faster.track.framesPerSecond).toBe(20);
    const [first, between, second] = faster.track.frames;
    expect(first).toEqual(track.frames[0]);
    expect(second).toEqual(track.frames[1]);
    expect(between?.[0]).toBeCloseTo(((track.frames[0]?.[0] ?? 0) + (track.frames[1]?.[0] ?? 0)) / 2, 9);
  });

  it('never jumps, however often it is played', () => {
    const { frames } = playDriver(driver, { framesPerSecond: 10, lengthMs: 10_000, startMs: 450 }).track;
    const step = (all: readonly Float64Array[]): number =>
      Math.max(...all.slice(1).map((own, n) => Math.max(...own.map((x, i) => Math.abs(x - (all[n]?.[i] ?? x))))));
    expect(step(frames)).toBeLessThan(step(track.frames) + 1e-9);
    expect(frames).toHaveLength(100);
  });

  it('is at rest where it is in the whole of the recording, whatever is played', () => {
    const { reference, film } = playDriver(driver, { framesPerSecond: 10, lengthMs: 200, startMs: 400 });
    expect(reference).toBe(neutralFrame(track));
    expect(film?.reference).toBe(pictures[track.frames.indexOf(reference)]);
  });

  it('shows no frames where there is a track alone, stands still where there is one frame, and is refused without any', () => {
    const play = { framesPerSecond: 10, lengthMs: 300, startMs: 0 };
    expect(playDriver({ track }, play).film).toBeUndefined();
    const one = { track: { ...track, frames: track.frames.slice(0, 1) } };
    expect(playDriver(one, play).track.frames).toEqual([0, 0, 0].map(() => track.frames[0]));
    expect(() => playDriver({ track: { ...track, frames: [] } }, play)).toThrow(InputError);
    expect(() => playDriver({ track }, { ...play, lengthMs: 0 })).toThrow(InputError);
  });
});
