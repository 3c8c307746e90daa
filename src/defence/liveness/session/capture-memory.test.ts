import { describe, expect, test } from 'vitest';
import { syntheticCapture } from '../../../../test/fixtures/synthetic-capture.ts';
import { performedTrack } from '../../../attack/presentation/warp/performed.ts';
import { Random } from '../../../util/random.ts';
import { CAPTURE_MEMORY, findRepeated, traceOf } from './capture-memory.ts';
import type { CaptureFrame } from './capture-message.ts';
import { CHALLENGE_MS, type Challenge, drawChallenge } from './challenge.ts';
import { likestStretch } from './head-motion.ts';
import { MemorySessionStore } from './session-store.ts';

/** Frames of one face that is never quite still, and does what is asked in its own time. */
function performance(seed: string, challenge: Challenge = drawChallenge(new Random(`asked ${seed}`))): CaptureFrame[] {
  const random = new Random(seed);
  const done = challenge.map(({ action, atMs }) => ({
    action,
    atMs: atMs + 250 + 300 * random.uniform(),
    durationMs: 1400,
  }));
  const wander = () => {
    const waves = [0.11, 0.23, 0.41, 0.83].map((hertz) => [
      hertz * (0.8 + 0.4 * random.uniform()),
      7 * random.uniform(),
    ]);
    return (timeMs: number): number =>
      waves.reduce(
        (sum, [hertz = 0, phase = 0]) => sum + 0.7 * Math.sin((2 * Math.PI * hertz * timeMs) / 1000 + phase),
        0,
      );
  };
  const [pitch, yaw, roll, right, down, near] = Array.from({ length: 6 }, wander) as [
    Wander,
    Wander,
    Wander,
    Wander,
    Wander,
    Wander,
  ];
  const { frames } = performedTrack(done, 15, CHALLENGE_MS + 200, (timeMs) => ({
    ...{ pitch: 0.01 * pitch(timeMs), yaw: 0.01 * yaw(timeMs), roll: 0.01 * roll(timeMs) },
  }));
  return frames.map((landmarks, f) => {
    const timeMs = (1000 * f) / 15 + 4 * random.uniform();
    const moved = (value: number, i: number): number =>
      (1 + 0.005 * near(timeMs)) * value + 2.5 * (i % 2 === 0 ? right : down)(timeMs) + 0.3 * random.normal();
    return { timeMs, hash: hashOf(random), landmarks: Array.from(landmarks, moved), tracks: [] };
  });
}
type Wander = (timeMs: number) => number;

const hashOf = (random: Random): string =>
  Array.from({ length: 8 }, () => random.uint32().toString(16).padStart(8, '0')).join('');

/** The same frames sent again: encoded anew, so that nothing is to the last bit as it was. */
function sentAgain(
  frames: readonly CaptureFrame[],
  { size = 1, laterMs = 0 }: { readonly size?: number; readonly laterMs?: number } = {},
): CaptureFrame[] {
  const random = new Random('encoded anew');
  return frames.map(({ timeMs, landmarks, tracks }) => ({
    ...{ timeMs: timeMs + laterMs, hash: hashOf(random), tracks },
    landmarks: landmarks.map((value) => size * value + random.uniform() - 0.5),
  }));
}

const earlier = performance('earlier');
const memory = [performance('another'), earlier].map((frames) => traceOf({ frames }));
const found = (frames: readonly CaptureFrame[]) => findRepeated(traceOf({ frames }), memory)?.by;

describe('a capture that was sent before is known again', () => {
  test('by a single frame', () => {
    const fresh = performance('fresh');
    expect(found(fresh)).toBeUndefined();
    const [first, ...others] = fresh;
    const stolen = earlier[77]?.hash ?? '';
    expect(first && found([{ ...first, hash: stolen }, ...others])).toBe('frames');
  });

  test.each([
    ['as it was', {}],
    ['a little later', { laterMs: 47 }],
    ['larger', { size: 1.3, laterMs: 90 }],
    ['smaller', { size: 0.6, laterMs: 20 }],
  ])('encoded anew, %s', (_, change) => {
    expect(found(sentAgain(earlier, change))).toBe('motion');
  });

  test('by a stretch of it, at another time', () => {
    const fresh = performance('fresh');
    const stretch = sentAgain(earlier, { laterMs: 4000 }).filter(({ timeMs }) => timeMs > 7000 && timeMs < 14_000);
    const stitched = [
      ...fresh.filter(({ timeMs }) => timeMs <= 7000),
      ...stretch,
      ...fresh.filter(({ timeMs }) => timeMs >= 14_000),
    ];
    expect(found(stitched)).toBe('motion');
  });
});

test('of 200 fresh performances of the same face none is taken for an earlier one, whether the same was asked or not', () => {
  const asked = drawChallenge(new Random('asked earlier'));
  const highest = Array.from({ length: 200 }, (_, i) => {
    const { motion } = traceOf({ frames: performance(`fresh ${i}`, i % 2 === 0 ? asked : undefined) });
    return Math.max(...memory.map((one) => likestStretch(motion, one.motion, CAPTURE_MEMORY.stretchMs)));
  });
  // Far enough below for a memory that is full.
  expect(Math.max(...highest)).toBeLessThan(CAPTURE_MEMORY.correlation - 0.1);
});

test('a trace holds nothing of the face’s shape, and little at all', () => {
  const { frames } = syntheticCapture(drawChallenge(new Random('long')), {
    ...{ session: '', nonce: '', random: new Random('long'), framesPerSecond: 60 },
  });
  const wider = frames.map((frame) => ({
    ...frame,
    landmarks: frame.landmarks.map((value, i) => (i % 2 ? 1 : 1.2) * value),
  }));
  const [own, other] = [traceOf({ frames }), traceOf({ frames: wider })];
  expect(own.hashes).toHaveLength(600);
  expect(JSON.stringify(own).length).toBeLessThan(20_000);
  // A broader face that moves alike leaves the same behind, to the little that its depth moves less.
  expect(likestStretch(own.motion, other.motion, 15_000)).toBeGreaterThan(0.97);
});

test('frames that are none, or all in one place, are no trace of anybody', () => {
  const still = earlier.map((frame) => ({ ...frame, landmarks: frame.landmarks.map(() => 0) }));
  expect(traceOf({ frames: [] })).toEqual({ hashes: [], motion: [] });
  expect(new Set(traceOf({ frames: still }).motion)).toEqual(new Set([0]));
});

describe('a store', () => {
  const trace = (name: string) => ({ hashes: [name], motion: [] });
  const remembered = async (store: MemorySessionStore, subject: string, nowMs: number): Promise<string[]> =>
    (await store.rememberCapture(subject, trace(`${subject} ${nowMs}`), nowMs)).flatMap(({ hashes }) => hashes);

  test('remembers the newest captures of a subject, and not for ever', async () => {
    const store = new MemorySessionStore();
    for (let at = 1; at <= 40; at++) await remembered(store, 'a', at);
    const known = await remembered(store, 'a', 41);
    expect([known.length, known[0], known.at(-1)]).toEqual([32, 'a 9', 'a 40']);
    expect(await remembered(store, 'b', 42)).toEqual([]);
    expect(await remembered(store, 'a', 40 + CAPTURE_MEMORY.keptMs)).toEqual(['a 41']);
  });

  test('shows one of two that come at once the other', async () => {
    const store = new MemorySessionStore();
    const seen = await Promise.all([1, 2].map((at) => remembered(store, 'a', at)));
    expect(seen).toEqual([[], ['a 1']]);
  });

  test('erases those of one subject', async () => {
    const store = new MemorySessionStore();
    await remembered(store, 'a', 1);
    await remembered(store, 'b', 1);
    await store.eraseCaptures('a');
    expect(await remembered(store, 'a', 2)).toEqual([]);
    expect(await remembered(store, 'b', 2)).toEqual(['b 1']);
  });

  test('forgets whoever was not seen for longest where there are too many', async () => {
    const store = new MemorySessionStore();
    for (let subject = 0; subject < 10_100; subject++) await remembered(store, `${subject}`, subject);
    expect(await remembered(store, '0', 10_101)).toEqual([]);
    expect(await remembered(store, '10000', 10_102)).toEqual(['10000 10000']);
  });
});
