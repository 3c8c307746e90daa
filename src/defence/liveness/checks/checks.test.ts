import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SHARED_DATA } from '../../../../test/fixtures/shared-data.ts';
import { posedLandmarks, syntheticCapture } from '../../../../test/fixtures/synthetic-capture.ts';
import { attackTracks, bonaFideTracks, meanFace, personFace } from '../../../../test/fixtures/synthetic-tracks.ts';
import { Random } from '../../../util/random.ts';
import { type EnrolledShape, enrolShape } from '../geometry/enrolment.ts';
import { type GappedTracks, gappedTracks } from '../geometry/gapped-tracks.ts';
import type { CaptureMessage } from '../session/capture-message.ts';
import { ACTIONS, CHALLENGE_MS, CHALLENGE_TIMES, type Challenge, drawChallenge } from '../session/challenge.ts';
import { CAPTURE_LIMITS, disorder, refuseFrames } from '../session/frame-validation.ts';
import { challengeFollowed } from './challenge-followed.ts';
import { enrolledShapeCheck } from './enrolled-shape.ts';
import { headSignals } from './head-signals.ts';
import { planeCheck } from './plane.ts';
import { repeatedMotion } from './repeated-motion.ts';

const AS_IT_IS = { slope: 1, offset: 0, limit: 100, bonaFide: 1, attacks: 1, dataset: 'none' };
const SESSION = { session: '0'.repeat(32), nonce: 'x' };
const challengeBy = (seed: string): Challenge => drawChallenge(new Random(seed));
const captureOf = (challenge: Challenge, done = challenge): CaptureMessage =>
  syntheticCapture(challenge, { ...SESSION, random: new Random('capture'), done });

describe('head signals', () => {
  const neutral = headSignals(posedLandmarks(undefined));

  test.each(ACTIONS)('%s is what is seen most, and enough', (action) => {
    const posed = headSignals(posedLandmarks(action));
    const change = (one: (typeof ACTIONS)[number]): number => posed[one] - neutral[one];
    expect(change(action)).toBeGreaterThan(1);
    for (const other of ACTIONS) if (other !== action) expect(change(other)).toBeLessThan(0.5 * change(action));
  });

  test('do not depend on where and how large the face is', () => {
    const points = posedLandmarks('turn-left');
    const moved = headSignals(points.map((value, i) => 3 * value + (i % 2 ? 70 : -20)));
    for (const action of ACTIONS) expect(moved[action]).toBeCloseTo(headSignals(points)[action], 9);
  });
});

describe('challenge followed', () => {
  const check = challengeFollowed(AS_IT_IS);
  const measure = (challenge: Challenge, done?: Challenge) =>
    check.measure({ capture: captureOf(challenge, done), challenge });

  test.each(['a', 'b', 'c', 'd', 'e'])('who follows it has a high score (%s)', (seed) => {
    expect(measure(challengeBy(seed)).score).toBeGreaterThan(0.7);
  });

  test('who follows another one has a low score', () => {
    for (const seed of ['a', 'b', 'c'])
      expect(measure(challengeBy(seed), challengeBy(`${seed}?`)).score).toBeLessThan(0.3);
  });

  test.each([-1, 1])('the right actions in a slot beside the asked one (%d) do not count', (slots) => {
    const challenge: Challenge = challengeBy('a').map(({ action }, i) => ({
      action,
      atMs: CHALLENGE_TIMES.rest + i * CHALLENGE_TIMES.step + CHALLENGE_TIMES.slot,
    }));
    const late = challenge.map(({ action, atMs }) => ({ action, atMs: atMs + slots * CHALLENGE_TIMES.slot }));
    expect(measure(challenge).score).toBeGreaterThan(0.7);
    expect(measure(challenge, late).score).toBeLessThan(0.1);
  });

  test('who does nothing has none', () => {
    expect(measure(challengeBy('a'), []).score).toBeLessThan(0.1);
  });

  test('does not apply to a capture that ends too soon', () => {
    const capture = captureOf(challengeBy('a'));
    const short = { ...capture, frames: capture.frames.slice(0, 200) };
    const result = check.measure({ capture: short, challenge: challengeBy('a') });
    expect([result.applicable, result.logLikelihoodRatio, result.score]).toEqual([false, 0, undefined]);
  });
});

describe('geometry', () => {
  const random = new Random('people');
  const mean = meanFace(random);
  const [face, driver] = [personFace(mean, random), personFace(mean, random)];
  const enrolledShape = enrolShape(bonaFideTracks(face, random))?.shape;
  /** As a tracker gives them: millimetres are pixels here. */
  const captured = (tracks: GappedTracks): CaptureMessage => ({
    ...captureOf([]),
    frames: Array.from({ length: tracks.frames }, (_, f) => ({
      timeMs: 100 * f,
      hash: '',
      landmarks: [],
      tracks: Array.from(tracks.xy.subarray(2 * tracks.points * f, 2 * tracks.points * (f + 1)), (value) =>
        Number.isNaN(value) ? null : value,
      ),
    })),
  });
  const results = (tracks: GappedTracks, shape: EnrolledShape | undefined = enrolledShape) =>
    [planeCheck(AS_IT_IS), enrolledShapeCheck(AS_IT_IS)].map((check) =>
      check.measure({ capture: captured(tracks), challenge: [], enrolledShape: shape }),
    );

  test('a head beats a photo by the plane, and a warp by the shape', () => {
    const [plane, shape] = results(bonaFideTracks(face, random));
    const [photoPlane] = results(attackTracks('flat photo', face, driver, random));
    const [, warpShape] = results(attackTracks('2D warp of a photo', face, driver, random));
    expect(plane?.score).toBeGreaterThan(1.2 * (photoPlane?.score ?? Number.NaN));
    expect(shape?.score).toBeGreaterThan(warpShape?.score ?? Number.NaN);
    expect(shape?.quality).toBe(1);
  });

  test('a photo shows no third direction: there is little to trust', () => {
    const [, shape] = results(attackTracks('flat photo', face, driver, random));
    expect(shape?.quality).toBeLessThan(0.2);
  });

  test('points that are not seen in every frame are left out', () => {
    const tracks = bonaFideTracks(face, random);
    const gapped = { ...tracks, xy: tracks.xy.slice() };
    // Five points are never seen, and one frame shows nothing.
    for (let f = 0; f < tracks.frames; f++)
      gapped.xy.fill(Number.NaN, 2 * tracks.points * f, 2 * (tracks.points * f + (f === 7 ? tracks.points : 5)));
    const [plane, shape] = results(gapped);
    expect(plane?.reason).toContain('35 points');
    expect(shape?.reason).toContain('35 points');
    expect(shape?.score).toBeCloseTo(results(tracks)[1]?.score ?? Number.NaN, 1);
  });

  test('points in one place, too few points and another enrolment are not judged', () => {
    const nowhere = { frames: 5, points: 30, xy: new Float64Array(300) };
    const few = { frames: 5, points: 10, xy: Float64Array.from({ length: 100 }, (_, i) => i ** 2 % 17) };
    for (const result of [...results(nowhere), ...results(few)])
      expect([result.applicable, result.logLikelihoodRatio]).toEqual([false, 0]);
    const other = enrolledShape && { ...enrolledShape, tracked: 41 };
    expect(results(bonaFideTracks(face, random), other)[1]?.applicable).toBe(false);
  });
});

describe('repeated motion', () => {
  const check = repeatedMotion(AS_IT_IS);
  const capture = captureOf(challengeBy('a'));

  test('a loop that was encoded anew is nearer to itself than a person who rests twice', () => {
    const random = new Random('noise');
    const looped = capture.frames.map((frame, f) => ({
      ...frame,
      // A fifth of the tracker's noise.
      landmarks: (capture.frames[f % 100]?.landmarks ?? []).map((value) => value + 0.04 * random.normal()),
    }));
    const person = check.measure({ capture, challenge: [] }).score ?? Number.NaN;
    const loop = check.measure({ capture: { ...capture, frames: looped }, challenge: [] }).score ?? Number.NaN;
    expect(person).toBeGreaterThan(-0.3);
    expect(loop).toBeLessThan(person - 1);
  });
});

describe('whatever is well formed gets a finite result:', () => {
  const challenge = challengeBy('a');
  const capture = captureOf(challenge);
  const enrolledShape = enrolShape(gappedTracks(capture.frames.map(({ tracks }) => tracks)))?.shape;
  const random = new Random('extremes');

  test.each<[string, (value: number, i: number) => number]>([
    ['all in one place', () => 5],
    ['all at zero', () => 0],
    ['on a line', (value, i) => (i % 2 ? 0 : value)],
    ['hardly a number', (value) => value * 1e-310],
    ['so small that squares vanish', (value) => value * 1e-170],
    ['far away', (value) => 1e5 - value * 1e-9],
    ['at the limits', () => (random.uniform() < 0.5 ? -1e5 : 1e5)],
    ['one point alone moves', (value, i) => (i === 0 ? value : 1)],
    ['mostly in one frame', () => (random.uniform() < 1e-3 ? 1e5 : 0)],
  ])('points %s', (_, change) => {
    const frames = capture.frames.map((frame) => ({
      ...frame,
      landmarks: frame.landmarks.map(change),
      tracks: frame.tracks.map((value, i) => (value === null ? null : change(value, i))),
    }));
    for (const check of [challengeFollowed, planeCheck, enrolledShapeCheck, repeatedMotion]) {
      const { logLikelihoodRatio, quality } = check(AS_IT_IS).measure({
        capture: { ...capture, frames },
        challenge,
        enrolledShape,
      });
      expect(Number.isFinite(logLikelihoodRatio)).toBe(true);
      expect(quality >= 0 && quality <= 1).toBe(true);
    }
  });
});

describe.skipIf(!SHARED_DATA)('real clips', () => {
  const folder = join(SHARED_DATA ?? '', 'driving/tracks');
  const clips = SHARED_DATA ? readdirSync(folder).map((name) => [name, clipOf(join(folder, name))] as const) : [];

  test.each(clips)('%s is neither shuffled nor doubled, and repeats nothing', (_, capture) => {
    expect(disorder(capture.frames)).toBeLessThan(0.1);
    // Clips are shorter than a challenge: their clock is slowed down.
    const last = capture.frames.at(-1)?.timeMs ?? 1;
    const stretched = capture.frames.map((frame) => ({ ...frame, timeMs: (frame.timeMs * 20_000) / last }));
    const limits = { ...CAPTURE_LIMITS, leastFramesPerSecond: 1 };
    expect(refuseFrames(stretched, { elapsedMs: 20_000, lengthMs: CHALLENGE_MS }, limits)).toBeUndefined();
    expect(repeatedMotion(AS_IT_IS).measure({ capture, challenge: [] }).score).toBeGreaterThan(-1);
  });

  test.each(clips)('%s is seen to be shuffled', (_, capture) => {
    const shuffled = new Random(1).shuffle(capture.frames);
    expect(disorder(shuffled)).toBeGreaterThan(1.5);
  });
});

function clipOf(path: string): CaptureMessage {
  const clip = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly fps: number;
    readonly frames: readonly { readonly lm68: readonly (readonly number[])[] }[];
  };
  const frames = clip.frames.map(({ lm68 }, f) => ({
    timeMs: (1000 * f) / clip.fps,
    hash: f.toString(16).padStart(64, '0'),
    landmarks: lm68.flat(),
    tracks: [],
  }));
  return { schema: 'faceward.capture/1', ...SESSION, frames };
}
