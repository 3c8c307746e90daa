import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SHARED_DATA } from '../../../test/fixtures/shared-data.ts';
import { makePresentation } from '../../attack/presentation/presentation.ts';
import { ATTACK_SPECIES } from '../../attack/presentation/species.ts';
import { type Performance, performedTrack } from '../../attack/presentation/warp/performed.ts';
import { createRetargeter, type RetargetMode } from '../../attack/presentation/warp/retarget.ts';
import type { Track } from '../../attack/presentation/warp/track.ts';
import { challengeFollowed } from '../../defence/liveness/checks/challenge-followed.ts';
import type { CaptureMessage } from '../../defence/liveness/session/capture-message.ts';
import { ACTIONS, CHALLENGE_MS, type Challenge, drawChallenge } from '../../defence/liveness/session/challenge.ts';
import type { Landmarks68 } from '../../face/landmarks68.ts';
import { float32 } from '../../graph/tensor.ts';
import { decodeImage } from '../../image/decode.ts';
import type { Image } from '../../image/image.ts';
import { toPlanarBytes } from '../../image/tensor.ts';
import { warpAffine } from '../../image/warp.ts';
import { createSession } from '../../runtime/session.ts';
import { Random } from '../../util/random.ts';

const LENGTH_MS = CHALLENGE_MS + 200;
const REACTION_MS = 350;
const check = challengeFollowed({ slope: 1, offset: 0, limit: 100, bonaFide: 1, attacks: 1, dataset: 'none' });
const challengeBy = (seed: string): Challenge => drawChallenge(new Random(seed));

/** The same times with other actions. */
const otherThan = (challenge: Challenge): Challenge =>
  challenge.map(({ action, atMs }) => ({
    action: ACTIONS[(ACTIONS.indexOf(action) + 3) % ACTIONS.length] ?? action,
    atMs,
  }));

/** What a driver does who is asked for this. */
const performanceOf = (challenge: Challenge): Performance[] =>
  challenge.map(({ action, atMs }) => ({ action, atMs: atMs + REACTION_MS, durationMs: 1400 }));

const captureOf = (landmarks: readonly ArrayLike<number>[], framesPerSecond: number): CaptureMessage => ({
  schema: 'faceward.capture/1',
  session: '0'.repeat(32),
  nonce: 'x',
  frames: landmarks.map((points, f) => ({
    timeMs: (1000 * f) / framesPerSecond,
    hash: f.toString(16).padStart(64, '0'),
    landmarks: Array.from(points),
    tracks: [],
  })),
});

const scoreOf = (challenge: Challenge, capture: CaptureMessage): number =>
  check.measure({ capture, challenge }).score ?? Number.NaN;

describe('a performed challenge, brought to the landmarks of another face', () => {
  /** Another face than the driver's: narrower, longer, turned a little and elsewhere. */
  const photo: Landmarks68 = (
    performedTrack([{ action: 'turn-left', atMs: 0, durationMs: 2000 }], 50, 100).frames.at(-1) ?? new Float64Array(136)
  ).map((value, i) => (i % 2 === 0 ? 0.8 * value + 30 : 0.9 * value + 10));

  const moved = (track: Track, mode: RetargetMode): Float64Array[] => {
    const retarget = createRetargeter(photo, track.frames[0] ?? photo, mode);
    return track.frames.map((driver) => {
      const out = new Float64Array(136);
      retarget(driver, out);
      return out;
    });
  };

  test.each(['absolute', 'relative', 'lifted'] as const)('%s: passes the check, and another one does not', (mode) => {
    const challenges = Array.from('abcde', challengeBy);
    expect(challenges.flat().some(({ action }) => action.startsWith('tilt'))).toBe(true);
    for (const challenge of challenges) {
      const scoreBy = (done: Challenge): number => {
        const track = performedTrack(performanceOf(done), 12.5, LENGTH_MS);
        return scoreOf(challenge, captureOf(moved(track, mode), 12.5));
      };
      expect(scoreBy(challenge)).toBeGreaterThan(0.8);
      expect(scoreBy(otherThan(challenge))).toBeLessThan(0);
    }
  });

  const each = (['relative', 'lifted'] as const).flatMap((mode) => ACTIONS.map((action) => [mode, action] as const));

  test.each(each)('%s: %s counts by itself', (mode, action) => {
    const challenge = [1000, 5400, 9800, 14_200].map((atMs) => ({ action, atMs }));
    const track = performedTrack(performanceOf(challenge), 12.5, LENGTH_MS);
    expect(scoreOf(challenge, captureOf(moved(track, mode), 12.5))).toBeGreaterThan(0.8);
  });
});

describe.skipIf(!SHARED_DATA)('a real photo that performs', () => {
  const data = SHARED_DATA ?? '';
  const RATE = 6;
  /** LFW is funnelled: faces lie in the middle. */
  const CROP = { x: 62, y: 58, side: 136 };

  async function openNetwork(): Promise<(photo: Image) => Promise<Landmarks68>> {
    const network = readFileSync(join(data, 'models/attributes-landmarks/faceapi/faceapi_landmark68.onnx'));
    const session = await createSession(new Uint8Array(network), { threads: 1 });
    const { x, y, side } = CROP;
    return async (photo) => {
      const face = warpAffine(photo, [side / 112, 0, x, 0, side / 112, y], { widthPx: 112, heightPx: 112 });
      const input = float32(Float32Array.from(toPlanarBytes(face)), [1, 3, 112, 112]);
      const { landmarks } = await session.run({ input });
      return Float64Array.from((landmarks?.data ?? []) as Float32Array, (at, i) => at * side + (i % 2 === 0 ? x : y));
    };
  }

  test('the challenge passes by what a network sees in its frames, and with other actions does not', {
    timeout: 30_000,
  }, async () => {
    const find = await openNetwork();
    const { image: photo } = await decodeImage(
      join(data, 'lfw-250-subset/images/Serena_Williams/Serena_Williams_0001.jpg'),
    );
    const landmarks = await find(photo);
    const warp = ATTACK_SPECIES.find(({ name }) => name === 'inject-warp-lifted');
    if (!warp) throw new TypeError('no such species');
    const challenge = challengeBy('a');
    const scoreBy = async (done: Challenge): Promise<number> => {
      const track = performedTrack(performanceOf(done), RATE, LENGTH_MS);
      const { frames } = await makePresentation(warp, { photo, landmarks, track }, { seed: 1 });
      const seen: Landmarks68[] = [];
      for (const frame of frames) seen.push(await find(frame));
      return scoreOf(challenge, captureOf(seen, RATE));
    };
    const [followed, other] = [await scoreBy(challenge), await scoreBy(otherThan(challenge))];
    expect(followed).toBeGreaterThan(0.4);
    expect(other).toBeLessThan(0.2);
  });
});
