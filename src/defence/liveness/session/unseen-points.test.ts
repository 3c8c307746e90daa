import { describe, expect, test } from 'vitest';
import { syntheticCapture } from '../../../../test/fixtures/synthetic-capture.ts';
import { Random } from '../../../util/random.ts';
import { type CaptureMessage, readCaptureMessage } from './capture-message.ts';
import { CHALLENGE_MS, drawChallenge } from './challenge.ts';
import { refuseFrames } from './frame-validation.ts';

const capture = syntheticCapture(drawChallenge(new Random('asked')), {
  session: '0'.repeat(32),
  nonce: 'x',
  random: new Random('unseen'),
});
const frameWith = (tracks: readonly (number | null)[]): CaptureMessage => ({
  ...capture,
  frames: capture.frames.map((frame) => ({ ...frame, tracks })),
});
const read = (tracks: readonly (number | null)[]) => readCaptureMessage(JSON.stringify(frameWith(tracks)));

describe('points that are not seen', () => {
  test('are null in both coordinates', () => {
    expect(read([1, 2, null, null, 5, 6])?.frames[0]?.tracks).toEqual([1, 2, null, null, 5, 6]);
    expect(read([null, null])).toBeDefined();
    for (const half of [
      [1, null],
      [1, 2, null, 3],
      [null, null, null, 4],
    ])
      expect(read(half)).toBeUndefined();
  });

  test('hide no doubled frame, and make none', () => {
    const times = { elapsedMs: (capture.frames.at(-1)?.timeMs ?? 0) + 100, lengthMs: CHALLENGE_MS };
    const hidden = (f: number, from: readonly (number | null)[]) =>
      from.map((value, i) => ((i >> 1) % 3 === f % 3 ? null : value));
    const gapped = capture.frames.map((frame, f) => ({ ...frame, tracks: hidden(f, frame.tracks) }));
    expect(refuseFrames(gapped, times)?.reason).toBeUndefined();
    const doubled = gapped.map((frame, f) => {
      const source = capture.frames[80] ?? frame;
      return f === 81 ? { ...frame, landmarks: source.landmarks, tracks: hidden(81, source.tracks) } : frame;
    });
    expect(refuseFrames(doubled, times)?.reason).toBe('doubled-frames');
  });
});
