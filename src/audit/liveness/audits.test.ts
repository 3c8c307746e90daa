import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLE_FOLDER } from '../../../test/fixtures/originals.ts';
import { ATTACK_SPECIES, type AttackSpecies } from '../../attack/presentation/species.ts';
import { cutHead } from '../../face/head-cut.ts';
import { mainFace } from '../../face/main-face.ts';
import { createFacePipeline } from '../../face/pipeline.ts';
import { decodeImage } from '../../image/decode.ts';
import { openFaceSessions } from '../../runtime/bundled-sessions.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { AuditStore } from '../work-folder.ts';
import { makeAttempts } from './all-attempts.ts';
import { type Attempt, BONA_FIDE } from './attempt.ts';
import { auditEndpoint } from './audit-endpoint.ts';
import { auditNetworks } from './audit-network.ts';
import { findCheapest, type Share } from './cheapest.ts';
import { requireApart } from './context.ts';
import type { LivenessPerson } from './liveness-person.ts';
import type { AttemptMaker, AttemptTask } from './make-attempt.ts';

const image = { widthPx: 64, heightPx: 64, data: new Uint8Array(3 * 64 * 64) };

/** Nobody's photo is looked at here. */
const person = (name: string): LivenessPerson => {
  const point = { x: 0, y: 0 };
  const face = {
    ...{ box: { x: 0, y: 0, width: 1, height: 1 }, confidence: 1, mesh: [] },
    landmarks: [point, point, point, point, point] as const,
  };
  return { person: name, enrolled: { image, face }, others: [{ image, face }] };
};
const people = { calibration: [person('ann'), person('ben')], test: [person('cleo'), person('dan')] };
const species = ATTACK_SPECIES.filter(({ name }) => name === 'print-flat' || name === 'screen-warp');

/** Somebody whose face is really there: presentations are made of it. */
async function realPerson(): Promise<LivenessPerson> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'faceward-audits-'));
  const sessions = await openFaceSessions({ cacheDir, threads: 1 });
  try {
    const { image: photo } = await decodeImage(join(SAMPLE_FOLDER, 'sample6.jpg'));
    const face = mainFace(await createFacePipeline(sessions).detect(photo), photo);
    if (!face) throw new TypeError('the sample has a face');
    const head = cutHead(photo, face, 128);
    return { person: 'somebody', enrolled: head, others: [head] };
  } finally {
    await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
    await rm(cacheDir, { recursive: true, force: true });
  }
}

function memory(): AuditStore & { readonly names: Set<string> } {
  const kept = new Map<string, Uint8Array>();
  const names = new Set<string>();
  return {
    names,
    read: async (name) => kept.get(name),
    write: async (name, bytes) => {
      names.add(name);
      kept.set(name, bytes);
    },
  };
}

const attemptOf = ({ species: kind, person: who, number }: AttemptTask, more: Partial<Attempt> = {}): Attempt => ({
  ...{ species: kind?.name ?? BONA_FIDE, person: who.person, attempt: number, refusal: null, checks: {} },
  ...{ networks: {}, similarities: {}, marked: false, outcome: null },
  ...more,
});

describe('makeAttempts', () => {
  const plan = { name: 'attempts', people: people.test, kinds: [undefined, ...species], attempts: 5 };

  test('makes as many of each kind, spread over the people, and none again that the store has', async () => {
    const store = memory();
    let made = 0;
    const make = async (task: AttemptTask): Promise<Attempt> => {
      made++;
      return attemptOf(task);
    };
    const all = await makeAttempts({ ...plan, store }, make);
    expect(all.length).toBe(15);
    const own = all.filter((one) => one.species === 'print-flat').map((one) => `${one.person} ${one.attempt}`);
    expect(own).toEqual(['cleo 0', 'dan 0', 'cleo 1', 'dan 1', 'cleo 2']);
    expect(await makeAttempts({ ...plan, store, attempts: 6 }, make)).toHaveLength(18);
    expect(made).toBe(18);
  });

  test('of time that has run out makes one of each kind', async () => {
    const all = await makeAttempts({ ...plan, store: memory(), endsAt: 0 }, async (task) => attemptOf(task));
    expect(all.map((one) => one.species)).toEqual([BONA_FIDE, 'print-flat', 'screen-warp']);
  });

  test('makes of one person alone what imitates nobody else, as often as the others', async () => {
    const attacked = { 'screen-warp': 'dan' };
    const make = async (task: AttemptTask) => attemptOf(task);
    const all = await makeAttempts({ ...plan, attacked, store: memory() }, make);
    const own = all.filter((one) => one.species === 'screen-warp').map((one) => `${one.person} ${one.attempt}`);
    expect(own).toEqual(['dan 0', 'dan 1', 'dan 2', 'dan 3', 'dan 4']);
    const others = await makeAttempts({ ...plan, attacked, people: people.calibration, store: memory() }, make);
    expect(new Set(others.map((one) => one.species))).toEqual(new Set([BONA_FIDE, 'print-flat']));
  });

  test('needs people', async () => {
    await expect(
      makeAttempts({ ...plan, people: [], store: memory() }, async (task) => attemptOf(task)),
    ).rejects.toThrow(InputError);
  });
});

test('nobody fixes the thresholds that he is judged by', () => {
  expect(() => requireApart(people)).not.toThrow();
  expect(() => requireApart({ ...people, calibration: [person('dan')] })).toThrow(/dan/);
});

describe('an audit of networks', () => {
  /** A network that knows prints and takes warps for people. */
  const random = new Random('networks');
  const score = ({ species: kind }: AttemptTask): number =>
    (kind?.name === 'print-flat' ? 0.1 : 0.8) + 0.1 * random.uniform();
  const maker: AttemptMaker = {
    measure: async (task) => attemptOf(task),
    measureFrames: async (task) => attemptOf(task, { networks: { good: score(task), inverted: 1 - score(task) } }),
  };

  test('says of each at its own threshold what it lets pass, and judges the first', async () => {
    const measured = await auditNetworks({
      ...{ people, species, attempts: { test: 100, calibration: 40 }, store: memory(), maker },
      networks: ['good', 'inverted'],
    });
    const rate = (target: string, attack: string, name = 'APCER') =>
      measured.rates.find((row) => row.target === target && row.attack === attack && row.name === name)?.rate;
    expect(rate('good', 'print-flat')).toBe(0);
    expect(rate('good', 'screen-warp')).toBeGreaterThan(0.8);
    expect(rate('good', BONA_FIDE, 'BPCER')).toBeLessThan(0.2);
    // Its threshold lies among the low scores of its bona fide presentations: prints, which score high, all pass.
    expect(rate('inverted', 'print-flat')).toBe(1);
    expect(measured.decision.verdict).toBe('fooled');
    expect(measured.decision.sentence).toContain('screen-warp is taken for a living person');
    expect(measured.species.map(({ name, cost }) => [name, cost])).toEqual([
      ['print-flat', 1],
      ['screen-warp', 2],
    ]);
  });
});

describe('an audit of an endpoint', () => {
  test('takes its decision for the whole of it, hands in marks with species and run, and asks for one session an attempt', async () => {
    const marks: [string, number, number][] = [];
    const endpoint = {
      ...{ id: 'https://faces.example/live', hash: 'x', ownership: 'ours', queries: 0, close: () => {} },
      open: async () => ({
        challenge: [],
        flashes: [],
        submit: async (
          _: unknown,
          mark: { provenance: { method: string }; payload: { runId: number; species: number } },
        ) => {
          marks.push([mark.provenance.method, mark.payload.species, mark.payload.runId]);
          return mark.provenance.method === 'print-flat' ? ('refused' as const) : ('passed' as const);
        },
      }),
    };
    const real = await realPerson();
    const kit = { framesPerSecond: 1, networks: {}, driver: real.enrolled };
    const { rates, decision } = await auditEndpoint({
      ...{
        people: { calibration: [], test: [real] },
        species: species.slice(0, 1),
        attempts: { test: 2, calibration: 2 },
        store: memory(),
      },
      ...{ endpoint, kit, seed: 1, runId: 77 },
    });
    expect(marks.map(([method, number, run]) => `${method} ${number} ${run}`)).toEqual([
      ...['simulated head 0 77', 'print-flat 1 77'],
      ...['simulated head 0 77', 'print-flat 1 77'],
    ]);
    expect(rates.find(({ name }) => name === 'IAPAR')?.rate).toBe(0);
    expect(rates.find(({ name }) => name === 'APCER')).toBeUndefined();
    expect(decision.verdict).toBe('inconclusive');
  });
});

describe('findCheapest', () => {
  const share = (successes: number, trials: number): Share => ({ successes, trials });
  const search = (passing: (one: AttackSpecies, isDrawn: boolean) => number) =>
    findCheapest({
      ...{ species, draws: 4, seed: 1 },
      accepted: {
        usual: (one) => share(Math.round(300 * passing(one, false)), 300),
        choosing: async (one) => share(Math.round(3 * passing(one, true)), 3),
        measuring: async (one) => share(Math.round(30 * passing(one, true)), 30),
      },
    });

  test('goes on to the next species until one gets in, and says with which settings', async () => {
    const found = await search(({ name }, isDrawn) => (name === 'screen-warp' && isDrawn ? 1 : 0));
    expect(found?.species.name).toBe('screen-warp');
    expect(found?.rate.successes).toBe(30);
    // Five settings of the print, and five of the screen: the usual ones and those that were drawn.
    expect(found?.tried).toBe(10);
    expect(found?.words).toMatch(/screen pixelsPerInch \d+/);
    expect(found?.words).not.toMatch(/camera|print/);
  });

  test('takes the least costly, with the usual settings where they do', async () => {
    const found = await search(() => 1);
    expect([found?.species.name, found?.words, found?.tried]).toEqual(['print-flat', 'the usual settings', 1]);
    expect([found?.rate.successes, found?.rate.trials]).toEqual([300, 300]);
  });

  test('what gets in by the audit itself is found, however seldom settings were tried', async () => {
    const found = await search(({ name }, isDrawn) => (name === 'screen-warp' && !isDrawn ? 0.2 : 0));
    expect([found?.species.name, found?.words, found?.rate.successes]).toEqual([
      'screen-warp',
      'the usual settings',
      60,
    ]);
  });

  test('leaves aside what cannot be made of those whom settings are chosen on', async () => {
    const measured: string[] = [];
    const found = await findCheapest({
      ...{ species, draws: 2, seed: 1 },
      accepted: {
        usual: () => share(0, 300),
        choosing: async ({ name }) => (name === 'print-flat' ? share(0, 0) : share(3, 3)),
        measuring: async ({ name }) => {
          measured.push(name);
          return share(30, 30);
        },
      },
    });
    expect([found?.species.name, measured]).toEqual(['screen-warp', ['screen-warp']]);
  });

  test('what got in by luck where settings were chosen, and not on other people, is none', async () => {
    const found = await findCheapest({
      ...{ species, draws: 1, seed: 1 },
      accepted: { usual: () => share(1, 300), choosing: async () => share(1, 3), measuring: async () => share(1, 30) },
    });
    expect(found).toBeUndefined();
  });
});
