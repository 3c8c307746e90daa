import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLE_FOLDER } from '../../../test/fixtures/originals.ts';
import { ATTACK_SPECIES } from '../../attack/presentation/species.ts';
import { challengeFollowed } from '../../defence/liveness/checks/challenge-followed.ts';
import { type Challenge, drawChallenge } from '../../defence/liveness/session/challenge.ts';
import { trackFace } from '../../face/face-track.ts';
import { cutHead } from '../../face/head-cut.ts';
import { landmarksOfMesh } from '../../face/landmarks68.ts';
import { createFacePipeline } from '../../face/pipeline.ts';
import { decodeImage } from '../../image/decode.ts';
import type { Clip } from '../../image/frames/clip.ts';
import type { Image } from '../../image/image.ts';
import { type FaceSessions, openFaceSessions } from '../../runtime/bundled-sessions.ts';
import { CapabilityError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { type LivenessPerson, livenessPerson } from './liveness-person.ts';
import { attackPresentation, bonaFidePresentation } from './presentations.ts';

let cacheDir: string;
let sessions: FaceSessions;
let person: LivenessPerson;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-presentations-'));
  sessions = await openFaceSessions({ cacheDir, threads: 1 });
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample5.jpg'));
  const [face] = await createFacePipeline(sessions).detect(image);
  if (!face) throw new TypeError('the sample has faces');
  const head = cutHead(image, face, 320);
  person = { person: 'somebody', enrolled: head, others: [head] };
});

afterAll(async () => {
  await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
  await rm(cacheDir, { recursive: true, force: true });
});

const challenge = drawChallenge(new Random('asked'));
const asked = { challenge, flashes: [] };
const other = drawChallenge(new Random('asked of another'));
const kit = () => ({ framesPerSecond: 10, networks: {}, driver: person.enrolled });

const check = challengeFollowed({ slope: 1, offset: 0, limit: 100, bonaFide: 1, attacks: 1, dataset: 'none' });

/** How well each challenge is followed, as the landmarks of the clip's face show it. */
async function scoresOf(clip: Clip, challenges: readonly Challenge[]): Promise<(number | undefined)[]> {
  const meshes = await trackFace(sessions, clip.frames);
  const frames = meshes.flatMap((mesh, f) =>
    mesh
      ? [
          {
            timeMs: (1000 * f) / clip.framesPerSecond,
            hash: f.toString(16).padStart(64, '0'),
            landmarks: Array.from(landmarksOfMesh(mesh.points)),
            tracks: [],
          },
        ]
      : [],
  );
  const capture = { schema: 'faceward.capture/1', session: '0'.repeat(32), nonce: 'x', frames } as const;
  return challenges.map((asked) => check.measure({ capture, challenge: asked }).score);
}

describe('presentations', () => {
  test('a person does what is asked, and not what another session asks', { timeout: 60_000 }, async () => {
    const clip = await bonaFidePresentation(person, asked, kit(), new Random('bona fide'));
    const [own = 0, others = 1] = await scoresOf(clip, [challenge, other]);
    expect(own).toBeGreaterThan(0.5);
    expect(others).toBeLessThan(own - 0.4);
  });

  test('a recording does what another session asked, and the same seed gives the same frames', {
    timeout: 60_000,
  }, async () => {
    const species = ATTACK_SPECIES.find(({ name }) => name === 'inject-replay');
    if (!species) throw new TypeError('the list has it');
    const make = () => attackPresentation(species, person, asked, kit(), new Random('replay'));
    const clip = await make();
    const [score = 1] = await scoresOf(clip, [challenge]);
    expect(score).toBeLessThan(0.3);
    expect((await make()).frames[50]).toEqual(clip.frames[50]);
  });

  test('whoever drives a face live holds it no stiller than a person does', async () => {
    const species = ATTACK_SPECIES.find(({ name }) => name === 'inject-warp-lifted');
    if (!species) throw new TypeError('the list has it');
    // Without the noise of the camera that it imitates, so that what differs is motion.
    const { frames } = await attackPresentation(
      { ...species, imitatesCamera: false },
      ...([person, asked, { ...kit(), framesPerSecond: 2 }, new Random('driven')] as const),
    );
    const [first, second] = frames as [Image, Image];
    expect(first.data).not.toEqual(second.data);
  });

  test('a species without its network says so', async () => {
    const species = ATTACK_SPECIES.find(({ name }) => name === 'inject-reenactment');
    if (!species) throw new TypeError('the list has it');
    await expect(attackPresentation(species, person, asked, kit(), new Random(1))).rejects.toThrow(CapabilityError);
  });
});

test('people are those with two photos or more that look at the camera', async () => {
  const { image } = person.enrolled;
  const grey = { ...image, data: new Uint8Array(image.data.length).fill(128) };
  const pipeline = createFacePipeline(sessions);
  expect((await livenessPerson('two', [image, image], pipeline))?.others.length).toBe(1);
  expect(await livenessPerson('one and an empty one', [image, grey], pipeline)).toBeUndefined();
});
