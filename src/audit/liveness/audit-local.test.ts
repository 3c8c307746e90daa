import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SAMPLE_FOLDER } from '../../../test/fixtures/originals.ts';
import { ATTACK_SPECIES } from '../../attack/presentation/species.ts';
import { cutHead } from '../../face/head-cut.ts';
import { mainFace } from '../../face/main-face.ts';
import { createFacePipeline } from '../../face/pipeline.ts';
import { decodeImage } from '../../image/decode.ts';
import { type FaceSessions, openFaceSessions } from '../../runtime/bundled-sessions.ts';
import { Random } from '../../util/random.ts';
import { type Attempt, BONA_FIDE } from './attempt.ts';
import { auditLocal } from './audit-local.ts';
import type { LivenessPerson } from './liveness-person.ts';
import { createAttemptMaker } from './make-attempt.ts';

let cacheDir: string;
let sessions: FaceSessions;
let person: LivenessPerson;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-audit-local-'));
  sessions = await openFaceSessions({ cacheDir, threads: 1 });
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample6.jpg'));
  const face = mainFace(await createFacePipeline(sessions).detect(image), image);
  if (!face) throw new TypeError('the sample has a face');
  const head = cutHead(image, face, 128);
  person = { person: 'somebody', enrolled: head, others: [head] };
});

afterAll(async () => {
  await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
  await rm(cacheDir, { recursive: true, force: true });
});

const kit = () => ({ framesPerSecond: 10, networks: {}, driver: person.enrolled });
const species = ATTACK_SPECIES.filter(({ name }) => name === 'print-flat' || name === 'inject-photo');

test('an injected photo is measured, and refused because its frames come again', { timeout: 30_000 }, async () => {
  const maker = createAttemptMaker(kit(), { sessions, networks: [], matchers: [] }, 1);
  const photo = species.find(({ name }) => name === 'inject-photo');
  const attempt = await maker.measure({ species: photo, person, number: 0 });
  expect(['doubled-frames', 'shuffled-frames']).toContain(attempt.refusal);
  expect(attempt.checks['challenge-followed']).toMatchObject({ score: expect.any(Number) });
  expect('score' in (attempt.checks['enrolled-shape'] ?? {})).toBe(true);
  expect(attempt.checks['presentation-network']).toEqual({ notApplicable: 'the frames were not looked at' });
  expect([attempt.species, attempt.person, attempt.marked]).toEqual(['inject-photo', 'somebody', false]);
});

test('the whole of it: fitted on some people, judged on others, doubted by controls and self-tests', {
  timeout: 60_000,
}, async () => {
  const random = new Random('attempts');
  /** People follow challenges and are no plane; a print neither; what is injected is no plane here and follows. */
  const score = (name: string, check: string): number => {
    const good = name === BONA_FIDE || (name === 'inject-photo' && check !== 'enrolled-shape');
    return (good ? 5 : 0) + random.normal();
  };
  const measured = await auditLocal({
    people: { calibration: ['ann', 'ben'].map((name) => ({ ...person, person: name })), test: [person] },
    ...{ species, attempts: { test: 60, calibration: 60 }, draws: 0, seed: 1, dataset: 'made up' },
    network: 'a network-01234567',
    ...{ kit: kit(), sessions, store: { read: async () => undefined, write: async () => {} } },
    threshold: {
      ...{ encoder: 'an encoder', similarity: 0.5, fmr: 0.001, impostorPairs: 1000, dataset: 'made up' },
      interval: { successes: 1, trials: 1000, rate: 0.001, low: 0, high: 0.01 },
    },
    makerFor: () => ({
      measure: async ({ species: kind, person: who, number }): Promise<Attempt> => {
        const name = kind?.name ?? BONA_FIDE;
        const checks = ['challenge-followed', 'enrolled-shape', 'homography'].map((check) => [
          check,
          { score: score(name, check), quality: 1, reason: 'made up' },
        ]);
        return {
          ...{ species: name, person: who.person, attempt: number, refusal: null, networks: {}, marked: false },
          ...{ checks: Object.fromEntries(checks), similarities: { 'an encoder': 0.9 }, outcome: null },
        };
      },
      measureFrames: () => Promise.reject(new TypeError('no network is audited')),
    }),
  });
  const rate = (name: string, attack: string) =>
    measured.rates.find((row) => row.name === name && row.attack === attack)?.rate;
  expect(rate('APCER', 'print-flat')).toBeLessThan(0.1);
  expect(rate('matched, whatever the liveness', 'print-flat')).toBe(1);
  expect(rate('BPCER', BONA_FIDE)).toBeLessThan(0.25);
  expect(Object.keys(measured.calibration.checks)).toEqual(['challenge-followed', 'enrolled-shape', 'homography']);
  expect(measured.calibration.network).toBe('a network-01234567');
  expect(measured.calibration.policy.required).toEqual(['challenge-followed']);
  const alone = measured.arrangements.filter(
    ({ arrangement, presentation }) => arrangement === 'alone' && presentation === 'inject-photo',
  );
  expect(alone.map(({ of, rate: share }) => `${of} ${share > 0.5}`)).toEqual([
    ...['challenge-followed true', 'enrolled-shape false', 'homography true'],
  ]);
  expect(measured.selfTests.map(({ name, held }) => `${name}: ${held}`)).toEqual([
    ...[
      'our own mark is refused: true',
      'frames in another order are refused: true',
      'frames that come twice are refused: true',
      'a capture that was sent before is refused: true',
    ],
  ]);
  expect(measured.controls.map(({ held }) => held)).toEqual([true, true]);
  expect(measured.cheapest).toBeUndefined();
});
