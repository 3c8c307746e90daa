import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLE_FOLDER } from '../../../test/fixtures/originals.ts';
import type { ClipDriver, FilmedDriver } from '../../attack/presentation/clip-driver.ts';
import { ATTACK_SPECIES, type AttackSpecies } from '../../attack/presentation/species.ts';
import { motionTrack } from '../../attack/presentation/warp/motions.ts';
import { cutHead } from '../../face/head-cut.ts';
import { createFacePipeline, type FacePipeline } from '../../face/pipeline.ts';
import { decodeImage } from '../../image/decode.ts';
import type { Clip } from '../../image/frames/clip.ts';
import type { Image } from '../../image/image.ts';
import { type FaceSessions, openFaceSessions } from '../../runtime/bundled-sessions.ts';
import { CapabilityError, InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { shippedGenerator } from '../inversion/shipped.ts';
import { openFaceInventor } from './invented-face.ts';
import { type LivenessPerson, looksAtCamera } from './liveness-person.ts';
import { attackPresentation, type PresentationKit } from './presentations.ts';

let cacheDir: string;
let sessions: FaceSessions;
let pipeline: FacePipeline;
let person: LivenessPerson;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-driven-'));
  sessions = await openFaceSessions({ cacheDir, threads: 1 });
  pipeline = createFacePipeline(sessions);
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample5.jpg'));
  const [face] = await pipeline.detect(image);
  if (!face) throw new TypeError('the sample has faces');
  const head = cutHead(image, face, 128);
  person = { person: 'somebody', enrolled: head, others: [head] };
});

afterAll(async () => {
  await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
  await rm(cacheDir, { recursive: true, force: true });
});

/** Without the noise of the camera that it imitates, so that what differs is motion. */
function named(name: string): AttackSpecies {
  const found = ATTACK_SPECIES.find((species) => species.name === name);
  if (!found) throw new TypeError(`the list has no ${name}`);
  return { ...found, imitatesCamera: false };
}

const shake = motionTrack('shake', { framesPerSecond: 10, seconds: 2 });
const moving: ClipDriver = { track: shake };
const still: ClipDriver = { track: { ...shake, frames: shake.frames.slice(0, 1) } };
const asked = {
  challenge: [{ action: 'turn-left', atMs: 500 } as const],
  flashes: [],
};

/** The attack at one frame a second. */
const present = (name: string, kit: Partial<PresentationKit> = {}, seed: string | number = 1): Promise<Clip> =>
  attackPresentation(
    named(name),
    person,
    asked,
    { framesPerSecond: 1, networks: {}, driver: person.enrolled, ...kit },
    new Random(seed),
  );

const distinct = ({ frames }: Clip): number =>
  new Set(frames.map(({ data }) => Buffer.from(data).toString('base64'))).size;

describe('a photo that a clip drives', () => {
  test('does what the clip does, whatever is asked, as long as a session lasts', async () => {
    const driven = await present('inject-clip-warp', { drivers: [moving] });
    const live = await present('inject-warp-lifted');
    expect(driven.frames).toHaveLength(live.frames.length);
    expect(distinct(driven)).toBeGreaterThan(5);
    // Whoever drives it live turns the head; somebody who was recorded holding still does not.
    expect(distinct(await present('inject-clip-warp', { drivers: [still] }))).toBe(1);
  });

  test('is driven by any of the recordings, the same with the same seed', async () => {
    const drivers = [moving, still];
    const all = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => present('inject-clip-warp', { drivers }, seed)));
    expect(new Set(all.map((clip) => distinct(clip) === 1)).size).toBe(2);
    expect(await present('inject-clip-warp', { drivers }, 1)).toEqual(all[0]);
  });

  test('shows a network those recordings alone that have frames', async () => {
    const frames = shake.frames.map((_, n): Image => ({ widthPx: 1, heightPx: 1, data: Uint8Array.of(n, 0, 0) }));
    const face = { x: 1, y: 2, width: 3, height: 4 };
    const seen: FilmedDriver[] = [];
    const reenactment = async (_: unknown, driver: FilmedDriver): Promise<Clip> => {
      seen.push(driver);
      return { framesPerSecond: 1, frames: driver.frames.map(() => person.enrolled.image) };
    };
    const kit = { networks: { reenactment }, drivers: [moving, { track: shake, film: { frames, face } }, still] };
    for (const seed of [1, 2, 3]) await present('inject-clip-reenactment', kit, seed);
    expect(seen.map((driver) => driver.face)).toEqual([face, face, face]);
    expect(seen[0]?.frames.every((frame) => frames.includes(frame))).toBe(true);
    await expect(present('inject-clip-reenactment', { ...kit, drivers: [moving] })).rejects.toThrow(CapabilityError);
    await expect(present('inject-clip-warp')).rejects.toThrow(CapabilityError);
  });
});

describe('a face from noise', () => {
  test('is one that is found and looks at the camera, another for another seed, and the same for the same', async () => {
    const generator = await shippedGenerator();
    if (!generator) throw new TypeError('a generator comes with Faceward');
    const { invent, close } = await openFaceInventor(generator, pipeline, { threads: 1 });
    const [one, other, again] = [await invent(new Random(1)), await invent(new Random(2)), await invent(new Random(1))];
    const [found] = await pipeline.detect(one.image);
    expect(found && looksAtCamera(found)).toBe(true);
    expect(other.image.data).not.toEqual(one.image.data);
    expect(again).toEqual(one);
    await close();
  });

  test('is moved in place of the person’s, as whoever drives it is asked to', async () => {
    const photos: unknown[] = [];
    const inventFace = async (random: Random) => {
      photos.push(random);
      const grey = new Uint8Array(person.enrolled.image.data.length).fill(90);
      return { ...person.enrolled, image: { ...person.enrolled.image, data: grey } };
    };
    const { frames } = await present('inject-gan', { inventFace });
    expect(photos).toHaveLength(1);
    // Of the person's photo nothing is left: the corner is the invented picture's.
    expect([...(frames[0]?.data.subarray(0, 3) ?? [])]).toEqual([90, 90, 90]);
    await expect(present('inject-gan')).rejects.toThrow(CapabilityError);
  });

  test('is refused of a generator that makes none', async () => {
    const nothing: FacePipeline = { ...pipeline, detect: async () => [] };
    const generator = await shippedGenerator();
    if (!generator) throw new TypeError('a generator comes with Faceward');
    const { invent, close } = await openFaceInventor(generator, nothing, { threads: 1 });
    await expect(invent(new Random(1))).rejects.toThrow(InputError);
    await close();
  });
});
