import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SHARED_DATA } from '../../../test/fixtures/shared-data.ts';
import { createChannel } from '../../attack/presentation/channel/parameters.ts';
import { presentThrough } from '../../attack/presentation/channel/present.ts';
import { makePresentation } from '../../attack/presentation/presentation.ts';
import { ATTACK_SPECIES } from '../../attack/presentation/species.ts';
import { type Performance, performedTrack } from '../../attack/presentation/warp/performed.ts';
import type { Measurement } from '../../defence/liveness/checks/check.ts';
import { lookAtClip } from '../../defence/liveness/live-capture.ts';
import { CHALLENGE_MS } from '../../defence/liveness/session/challenge.ts';
import { drawFlashes, FLASH_LIGHT } from '../../defence/liveness/session/flashes.ts';
import { landmarksOfMesh } from '../../face/landmarks68.ts';
import { createFacePipeline } from '../../face/pipeline.ts';
import { decodeImage } from '../../image/decode.ts';
import type { Clip } from '../../image/frames/clip.ts';
import { type FaceSessions, openFaceSessions } from '../../runtime/bundled-sessions.ts';
import { Random } from '../../util/random.ts';
import { headLight } from './head-light.ts';
import { type LivenessPerson, livenessPerson } from './liveness-person.ts';
import { drawSessionLight, type SessionLight } from './session-light.ts';
import { headUnrest, simulatedPerson } from './simulated-person.ts';
import type { Surface } from './surface.ts';

/** A square plate that faces the camera, two points a side. */
const plate: Surface = {
  columns: 2,
  rows: 2,
  points: Float64Array.of(-40, -40, 0, 40, -40, 0, -40, 40, 0, 40, 40, 0),
  texture: new Float64Array(8),
  cover: new Float64Array(4).fill(1),
};

const grey = [1, 1, 1] as const;
const lightOf = (light: Partial<SessionLight['room']>, screen: Partial<SessionLight['screen']> = {}): SessionLight => ({
  room: { towards: [-0.6, 0, -0.8], ambient: 0.4, ...light },
  screen: { strength: 0, halfMm: 60, coloursAt: () => [grey, grey], ...screen },
});

describe('the light on a head', () => {
  const light = headLight(plate, 500, [0, 0, 0]);

  test('is that of the photo while it is not turned', () => {
    for (const factor of light({}, lightOf({}), 0)) expect(factor).toBeCloseTo(1, 6);
  });

  test('follows Lambert’s law about what comes from everywhere as it turns', () => {
    for (const yawRadians of [-0.7, -0.3, 0.2, 0.5]) {
      // The plate's front, first towards the camera, goes to the picture's right; the lamp stands 36.87 degrees to the left.
      const angle = yawRadians + Math.atan2(0.6, 0.8);
      const expected = 0.4 + 0.6 * (Math.max(0, Math.cos(angle)) / 0.8);
      for (const factor of light({ yawRadians }, lightOf({}), 0)) expect(factor).toBeCloseTo(expected, 5);
    }
  });

  test('has the screen’s colours beside it, more of the nearer half’s', () => {
    const [rose, cyan] = [FLASH_LIGHT.rose, FLASH_LIGHT.cyan];
    const screen = { strength: 0.1, coloursAt: () => [rose, cyan] as const };
    const factors = light({}, lightOf({}, screen), 0);
    // The square of the distance, and two cosines of the same angle, by hand, at the upper left corner.
    const share = (lampX: number): number => 0.5 * (1 + ((lampX + 40) / 500) ** 2 + (40 / 500) ** 2) ** -1.5;
    for (let k = 0; k < 3; k++) {
      const expected = (1 + 0.1 * (share(-60) * (rose[k] ?? 0) + share(60) * (cyan[k] ?? 0))) / 1.1;
      expect(factors[k]).toBeCloseTo(expected, 5);
    }
    expect((factors[0] ?? 0) / (factors[1] ?? 1)).toBeGreaterThan((factors[3] ?? 0) / (factors[4] ?? 1));
  });
});

describe('the light of a session', () => {
  const flashes = drawFlashes(new Random('shown'));

  test('shows the person’s left half to the picture’s right, a little late', () => {
    const { screen } = drawSessionLight(flashes, new Random('light'));
    const [first] = flashes;
    if (!first) throw new TypeError('there are flashes');
    expect(screen.coloursAt(first.atMs)).toEqual([grey, grey]);
    expect(screen.coloursAt(first.atMs + 300)).toEqual([FLASH_LIGHT[first.right], FLASH_LIGHT[first.left]]);
    expect(screen.coloursAt(first.atMs + 5000)).toEqual([grey, grey]);
  });

  test('is drawn within what is usual indoors, another for another session', () => {
    const lights = Array.from({ length: 200 }, (_, i) => drawSessionLight([], new Random(i)));
    for (const { room, screen } of lights) {
      expect(Math.hypot(...room.towards)).toBeCloseTo(1, 9);
      expect(room.towards[2]).toBeLessThan(-0.5);
      expect(screen.strength).toBeGreaterThanOrEqual(0.03);
      expect(screen.strength).toBeLessThanOrEqual(0.15);
    }
    expect(new Set(lights.map(({ screen }) => screen.strength)).size).toBe(200);
  });
});

describe.skipIf(!SHARED_DATA)('on a real photo', () => {
  let cacheDir: string;
  let sessions: FaceSessions;
  let person: LivenessPerson;
  // A turn, then the flashes: less than a session, to be quick.
  const done: Performance[] = [{ action: 'turn-left', atMs: 1100, durationMs: 1500 }];
  const [rate, lengthMs] = [8, 5800];
  const flashes = drawFlashes(new Random('shown')).map((flash) => ({
    ...flash,
    atMs: flash.atMs - CHALLENGE_MS + 2500,
  }));
  const light = drawSessionLight(flashes, new Random('light 2'));

  beforeAll(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'faceward-light-'));
    sessions = await openFaceSessions({ cacheDir, threads: 1 });
    const folder = join(SHARED_DATA ?? '', 'lfw-250-subset/images/Gray_Davis');
    const files = (await readdir(folder)).sort().slice(0, 3);
    const photos = await Promise.all(files.map(async (file) => (await decodeImage(join(folder, file))).image));
    const found = await livenessPerson('somebody', photos, createFacePipeline(sessions));
    if (!found) throw new TypeError('the photos show the person');
    person = found;
  });
  afterAll(async () => {
    await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
    await rm(cacheDir, { recursive: true, force: true });
  });

  const scoresOf = async (clip: Clip): Promise<(number | undefined)[]> => {
    const { observations } = await lookAtClip(clip, { sessions }, { flashes });
    return ['colour-flash', 'appearance-innovation'].map((name) => {
      const measured: Measurement | undefined = observations[name];
      return measured && 'score' in measured ? measured.score : undefined;
    });
  };
  const attack = (name: string): Promise<Clip> => {
    const species = ATTACK_SPECIES.find((one) => one.name === name);
    if (!species) throw new TypeError('the list has it');
    const { image, face } = person.others[0];
    const source = {
      photo: image,
      landmarks: landmarksOfMesh(face.mesh),
      track: performedTrack(species.followsChallenge ? done : [], rate, lengthMs, headUnrest(new Random('unrest'))),
    };
    return makePresentation(species, source, { seed: 1, screenLight: light.screen });
  };

  test('the checks tell heads from photos as the reference has it', { timeout: 30_000 }, async () => {
    const own = simulatedPerson(person.others[0], 'somebody').perform(done, rate, lengthMs, new Random('own'), light);
    const [ownFlash = 0, ownAppearance = 0] = await scoresOf(
      await presentThrough(own, createChannel('camera'), { seed: 1 }),
    );
    const [warpFlash = 1, warpAppearance = 1] = await scoresOf(await attack('inject-warp-lifted'));
    const [printFlash = 0, printAppearance] = await scoresOf(await attack('print-flat'));
    expect(ownFlash).toBeGreaterThan(0.5);
    // Not lit: seen. Paper is lit as skin is: not seen.
    expect(warpFlash).toBeLessThan(0.3);
    expect(printFlash).toBeGreaterThan(0.4);
    // Warped, the skin carries its light along; a print does not turn.
    expect(ownAppearance).toBeGreaterThan(warpAppearance + 1);
    expect(printAppearance).toBeUndefined();
  });
});
