import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  blockEncoder,
  type Drawing,
  draw,
  drawings,
  meanDifference,
  nameOf,
  writeDrawings,
} from '../../../test/fixtures/attribute-faces.ts';
import { memoryStore, plain, threshold } from '../../../test/fixtures/audit.ts';
import type { AttributeAttack } from '../../attack/inference/attribute/attack.ts';
import type { FaceDataset } from '../../data/sample.ts';
import { InputError, InterruptedError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { Findings, Leakage } from '../findings.ts';
import { chooseAttributeSamples } from './choose-samples.ts';
import { type AttributeFace, readAttributeFaces } from './faces.ts';
import { measureProjections, projectionSides, UNPROJECTED } from './projection.ts';
import { PROTECTED } from './protection.ts';
import { attributeFindings } from './report-findings.ts';
import { type AttributeAuditOptions, type AttributeMeasurements, runAttributeAudit } from './run.ts';

const ASKED = ['Male', 'Young'];

/** A whole audit is about two seconds of computing; a machine that does much else takes its time. */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let folder = '';
let dataset: FaceDataset;
let protectedFolder: (name: string, picture: (drawing: Drawing) => ReturnType<typeof draw>) => Promise<string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-attributes-'));
  const all = drawings(170);
  const root = join(folder, 'photos');
  dataset = { name: 'drawn', root, kind: 'celeba', description: '', samples: await writeDrawings(root, all) };
  protectedFolder = async (name, picture) => {
    await writeDrawings(join(folder, name), all, picture);
    return join(folder, name);
  };
  measured = await audit();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function audit(more: Partial<AttributeAuditOptions> = {}): Promise<AttributeMeasurements> {
  const attributes = { asked: ASKED, others: ['Eyeglasses'] };
  return runAttributeAudit({
    encoders: [blockEncoder()],
    samples: chooseAttributeSamples(dataset, { people: 24, attributes: ASKED, random: new Random(1) }),
    dataset: 'drawn',
    attributes,
    attacks: [meanDifference('embedding'), meanDifference('portrait')],
    openPipeline: noPipeline,
    shippedThresholds: async () => [threshold('blocks', 1e-3, 0.7)],
    seed: 1,
    store: memoryStore(),
    ...more,
  });
}

async function noPipeline(): Promise<never> {
  throw new InputError('these photos are aligned');
}

const inFolder =
  (path: string) =>
  ({ id }: { readonly id: string }) =>
    join(path, id);

const read = (rows: readonly Leakage[], wanted: Partial<Leakage>): Leakage[] =>
  rows.filter((row) => Object.entries(wanted).every(([key, value]) => row[key as keyof Leakage] === value));

/** Of unprotected photos; several tests look at it. */
let measured: AttributeMeasurements;

/** The sets of faces in the findings. */
const dataOf = (measurements: AttributeMeasurements): Findings['provenance']['data'] =>
  attributeFindings(measurements, {
    version: '0',
    command: 'faceward audit attributes',
    seed: 1,
    startedAt: new Date(0),
    seconds: 1,
    device: 'cpu',
    target: blockEncoder(),
    judges: [],
    dataset: 'drawn',
    models: [],
    protectedName: 'protected',
  }).provenance.data;

describe('templates and photos', () => {
  test('the findings say on whom projections were fitted', () => {
    const [auxiliary, fitted] = ['auxiliary', 'null-space projection'].map((role) =>
      dataOf(measured).find((row) => row.role === role),
    );
    expect(fitted?.people).toBe(Math.ceil((auxiliary?.people ?? 0) / 2));
  });

  test('the findings count and name protected photos that were left out', () => {
    const leftOut = { train: [], calibration: [], test: [{ id: '000001.png', reason: 'missing' }] };
    const protectedPhotos = { ...measured.sides, transformed: new Map(), leftOut };
    const sets = dataOf({ ...measured, protectedPhotos }).filter(({ name }) => name === 'protected');
    expect(sets).toMatchObject([
      { role: 'protected, test people', rejected: 1, leftOut: leftOut.test },
      { role: 'protected, calibration people', rejected: 0, leftOut: [] },
      { role: 'protected, train people', rejected: 0, leftOut: [] },
    ]);
  });

  test('leak, as every self-test held', () => {
    expect(measured.selfTests.filter(({ held }) => !held)).toEqual([]);
    expect(measured.selfTests).toHaveLength(7);
    expect(measured.decision.verdict).toBe('leaks');
    expect(measured.decision.sentence).toContain('Male');
  });

  test('nobody is on two sides', () => {
    const people = Object.values(measured.sides).map((faces) => new Set(faces.map(({ person }) => person)));
    expect(new Set(people.flatMap((own) => [...own])).size).toBe(people.reduce((sum, { size }) => sum + size, 0));
  });

  test('each attribute is read from both, and in each part of the people', () => {
    const all = read(measured.leakage, { protection: null, subgroup: null });
    expect(all).toHaveLength(6);
    for (const row of read(all, { attribute: 'Male' })) expect(row.balancedAccuracy.low).toBeGreaterThan(0.8);
    const parts = read(measured.leakage, { protection: null, attribute: 'Young', target: 'blocks' });
    expect(parts.map(({ subgroup }) => subgroup)).toEqual([null, 'men', 'women']);
    const [whole, ...groups] = parts;
    expect(groups.reduce((sum, { present }) => sum + present, 0)).toBe(whole?.present);
  });

  test('a projection takes the line out, which the difference of means then cannot follow, and recognition pays', () => {
    const [before] = read(measured.leakage, { protection: UNPROJECTED, attribute: 'Male' });
    const [after] = read(measured.leakage, { protection: 'null-space projection of Male' });
    expect(before?.balancedAccuracy.low).toBeGreaterThan(0.8);
    expect(after?.balancedAccuracy.value).toBeLessThan(before?.balancedAccuracy.low ?? 0);
    expect(measured.costs.map(({ measure }) => measure)).toContain('true accept rate at FAR 1 %');
  });
});

describe('protected photos', () => {
  test('that are the photos themselves: the same figures, and the same verdict', async () => {
    const path = await protectedFolder('same', (drawing) => draw(drawing));
    const { leakage, recognition, quality, decision } = await audit({ protectedPathOf: inFolder(path) });
    const before = read(leakage, { protection: null, subgroup: null });
    const after = read(leakage, { protection: PROTECTED, subgroup: null, transformation: null, adaptive: false });
    expect(after.map(({ balancedAccuracy }) => balancedAccuracy.value)).toEqual(
      before.map(({ balancedAccuracy }) => balancedAccuracy.value),
    );
    expect(decision.verdict).toBe('leaks');
    const rates = recognition.filter(({ subgroup, transformation }) => subgroup === null && transformation === null);
    const [original, mixed] = rates;
    expect(original?.comparison).toBe('original with original');
    expect(mixed?.comparison).toBe('protected with original');
    // Each pair is there both ways round.
    expect(mixed?.genuinePairs).toBe(2 * (original?.genuinePairs ?? 0));
    expect(mixed?.matched?.rate).toBe(original?.matched?.rate);
    expect(quality.find(({ measure }) => measure === 'SSIM')?.mean).toBeCloseTo(1, 6);
  });

  test('without the attribute: it is not read any more, others are, and people are recognised', async () => {
    const path = await protectedFolder('hidden', (drawing) => draw(drawing, { hidden: ['Male'] }));
    const { leakage, recognition } = await audit({ protectedPathOf: inFolder(path) });
    for (const row of read(leakage, { protection: PROTECTED, attribute: 'Male', subgroup: null, adaptive: true }))
      expect(row.balancedAccuracy.low).toBeLessThan(0.6);
    for (const row of read(leakage, {
      protection: PROTECTED,
      attribute: 'Young',
      subgroup: null,
      transformation: null,
    }))
      expect(row.balancedAccuracy.low).toBeGreaterThan(0.7);
    const row = recognition.find(({ comparison }) => comparison === 'protected with protected');
    expect(row?.matched?.rate).toBeGreaterThan(0.9);
    const after = read(leakage, {
      protection: PROTECTED,
      attribute: 'Male',
      target: 'blocks',
      adaptive: false,
      subgroup: null,
    });
    expect(after.map(({ transformation }) => transformation)).toEqual([
      null,
      ...new Set(after.flatMap(({ transformation }) => transformation ?? [])),
    ]);
    expect(after).toHaveLength(5);
  });

  test('that are one grey: attackers are at chance, and nobody is recognised', async () => {
    const path = await protectedFolder('grey', () => plain([128, 128, 128], 112));
    const { leakage, recognition, decision } = await audit({ protectedPathOf: inFolder(path) });
    for (const row of read(leakage, { protection: PROTECTED, subgroup: null, transformation: null }))
      expect(row.balancedAccuracy).toMatchObject({ value: 0.5, low: 0.5, high: 0.5 });
    expect(decision.verdict).toBe('leaks-little');
    const row = recognition.find(({ comparison }) => comparison === 'protected with protected');
    expect(row?.eer).toBeCloseTo(0.5, 6);
  });
});

test('nobody on whom a projection is fitted teaches the attacks on what it leaves', async () => {
  const learnt = new Map<string, number>();
  const watching: AttributeAttack = {
    ...meanDifference('embedding'),
    train: (examples, options) => {
      for (const input of examples.inputs) learnt.set(input.join(), (learnt.get(input.join()) ?? 0) + 1);
      return meanDifference('embedding').train(examples, options);
    },
  };
  const projected = await measureProjections({ id: 'blocks', index: 0 }, measured.sides, {
    asked: ASKED,
    attacks: [watching],
    dataset: 'drawn',
    seed: 1,
    store: memoryStore(),
    random: new Random(1),
  });
  const { fitting, learning } = projectionSides(measured.sides.train);
  const key = ({ embeddings }: AttributeFace) => embeddings[0]?.join() ?? '';
  // As they are, before any projection.
  expect(learning.filter((face) => learnt.has(key(face)))).toHaveLength(learning.length);
  expect(fitting.filter((face) => learnt.has(key(face)))).toHaveLength(0);
  // And once for each projection: as many faces, none of those that it was fitted on.
  expect([...learnt.values()].reduce((sum, count) => sum + count, 0)).toBe(3 * learning.length);
  const people = (faces: readonly AttributeFace[]) => new Set(faces.map(({ person }) => person));
  expect([...people(fitting)].filter((person) => people(learning).has(person))).toEqual([]);
  expect(projected.leakage.map(({ protection }) => protection)).toEqual([
    UNPROJECTED,
    UNPROJECTED,
    'null-space projection of Male',
    'null-space projection of Young',
  ]);
});

test('what an attack cannot find though it was planted makes the audit inconclusive', async () => {
  const blind: AttributeAttack = {
    ...meanDifference('embedding'),
    train: async ({ labels }) => ({
      score: async (faces) => faces.map(() => Float32Array.from(labels[0] ?? [], () => 0)),
      close: async () => {},
    }),
  };
  const { decision, selfTests } = await audit({ attacks: [blind, meanDifference('portrait')] });
  expect(selfTests.filter(({ held }) => !held).map(({ name }) => name)).toEqual([
    'a planted leak is found: difference of means, embedding on blocks',
    'a protection that only moves a leak is seen through: difference of means, embedding on blocks',
  ]);
  expect(decision.verdict).toBe('inconclusive');
});

test('resumed after it was killed, it gives the same figures, and trains nothing again that was kept', async () => {
  const files = new Map<string, Uint8Array>();
  await expect(audit({ store: memoryStore(files, 12) })).rejects.toThrow(InterruptedError);
  let trained = 0;
  const counting = (attack: AttributeAttack): AttributeAttack => ({
    ...attack,
    train: (examples, options) => {
      trained++;
      return attack.train(examples, options);
    },
  });
  const attacks = [meanDifference('embedding'), meanDifference('portrait')].map(counting);
  const resumed = await audit({ store: memoryStore(files), attacks });
  expect(resumed.leakage).toEqual(measured.leakage);
  expect(resumed.recognition).toEqual(measured.recognition);
  const before = trained;
  expect(before).toBeGreaterThan(0);
  await audit({ store: memoryStore(files), attacks });
  expect(trained).toBe(before);
});

test('a broken photo is left out and named; the others go on', async () => {
  const [first, ...rest] = dataset.samples.slice(0, 6);
  const named: string[] = [];
  const { faces, rejected } = await readAttributeFaces(
    [...rest, { ...(first as (typeof rest)[0]), path: join(folder, 'missing.png') }],
    {
      encoders: [blockEncoder()],
      openPipeline: noPipeline,
      stage: 'reading',
      store: memoryStore(),
      onRejected: (_sample, reason) => named.push(reason),
    },
  );
  expect([faces.length, rejected.map(({ id }) => id)]).toEqual([5, [first?.id]]);
  expect(named.join()).toContain('missing.png');
});

test('says so where no photo of a side can be read', async () => {
  const samples = chooseAttributeSamples(dataset, { people: 24, attributes: ASKED, random: new Random(1) });
  const missing = samples.calibration.map((sample) => ({ ...sample, path: join(folder, 'missing.png') }));
  await expect(audit({ samples: { ...samples, calibration: missing } })).rejects.toThrow(
    'no photo of calibration people could be read',
  );
});

test('says what it cannot work with', () => {
  const choose = (samples: FaceDataset['samples'], attributes = ASKED) =>
    chooseAttributeSamples({ ...dataset, samples }, { people: 24, attributes, random: new Random(1) });
  expect(() => choose(dataset.samples.map(({ attributes: _, ...sample }) => sample))).toThrow(
    'says nothing of attributes',
  );
  expect(() => choose(dataset.samples, ['Mal'])).toThrow('has no attribute "Mal"');
  expect(() => choose(dataset.samples.slice(0, 40))).toThrow('20 are needed');
  expect(nameOf({ person: 1, photo: 1, attributes: { Male: true, Young: true, Eyeglasses: true } })).toBe('000003.png');
});
