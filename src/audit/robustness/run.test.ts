import { beforeAll, describe, expect, test } from 'vitest';
import { memoryStore, threshold } from '../../../test/fixtures/audit.ts';
import { madePeople, tinyEncoder, withoutWeights } from '../../../test/fixtures/inversion.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { readProvenance } from '../../image/mark.ts';
import { CapabilityError, InputError, InterruptedError } from '../../util/errors.ts';
import { type Findings, findingsSchema, MEASURE } from '../findings.ts';
import { robustnessFindings } from './report-findings.ts';
import { type RobustnessAuditOptions, type RobustnessMeasurements, runRobustnessAudit } from './run.ts';

let faces: RobustnessAuditOptions['faces'];
let target: Encoder;
let surrogate: Encoder;

beforeAll(async () => {
  faces = { name: 'made', attacked: await madePeople('person', 12, 2), calibration: [] };
  target = await tinyEncoder({ seed: 'target' });
  surrogate = await tinyEncoder({ seed: 'judge' });
});

const audit = (more: Partial<RobustnessAuditOptions> = {}): Promise<RobustnessMeasurements> =>
  runRobustnessAudit({
    target,
    surrogates: [surrogate],
    faces,
    attacks: ['FGSM', 'BIM'],
    queryAttacks: ['Square'],
    parts: ['epsilon', 'transfer', 'queries', 'defences'],
    epsilons: [2, 8],
    pairs: 12,
    queryPairs: 2,
    smallestFmr: 1e-3,
    physicalPairs: 1,
    maxQueries: 200,
    defences: ['bits:4', 'bits'],
    showFaces: true,
    seed: 1,
    store: memoryStore(),
    shippedThresholds: async ({ id }) => [threshold(id, 1e-2, 0.93), threshold(id, 1e-3, 0.96)],
    threads: 1,
    ...more,
  });

const findingsOf = (measured: RobustnessMeasurements): Promise<Findings> =>
  robustnessFindings(measured, {
    version: '0.0.0',
    command: 'none',
    seed: 1,
    startedAt: new Date(0),
    seconds: 1,
    device: 'cpu',
    target,
    judges: [surrogate],
    dataset: { name: 'made', rejected: 0 },
    attacked: faces.attacked,
    calibration: [],
    auxiliary: [],
    models: [],
    showFaces: true,
  });

describe('an audit of a linear encoder', () => {
  let findings: Findings;
  const undisturbed = new Map<string, Uint8Array>();

  beforeAll(async () => {
    findings = await findingsOf(await audit({ store: memoryStore(undisturbed) }));
  });

  test('finds it fooled, beside controls and self-tests that all held', () => {
    expect(findings.controls.filter(({ held }) => !held)).toEqual([]);
    expect(findings.selfTests?.filter(({ held }) => !held)).toEqual([]);
    expect(findings.verdict).toBe('fooled');
    expect(findings.sentence).toMatch(/no pixel changed by more than 8 of 255 levels/);
    expect(findingsSchema.safeParse(findings).success).toBe(true);
  });

  test('attacked the planted encoders with each attack, those that only ask too: the weak one always fooled, the strong one never', () => {
    for (const expected of ['fooled', 'withstands'] as const) {
      const planted = findings.controls.filter((control) => control.expected === expected);
      expect(planted.map(({ attack, name }) => `${attack}, ${name}`).sort()).toEqual(
        ['BIM', 'FGSM', 'Square'].flatMap((attack) => [
          `${attack}, ${MEASURE.dodging}`,
          `${attack}, ${MEASURE.impersonation}`,
        ]),
      );
      const rates = planted.map(({ rate }) => rate);
      if (expected === 'fooled') expect(Math.min(...rates)).toBeGreaterThanOrEqual(0.5);
      else expect(Math.max(...rates)).toBe(0);
    }
  });

  test('leaves out pairs that are wrong when clean, for each encoder by its own threshold', () => {
    const genuine = findings.rates.find(
      ({ name, target: of, fmr }) => name === MEASURE.genuine && of === target.id && fmr === 1e-3,
    );
    const dodging = findings.rates.filter(
      ({ name, target: of, fmr, perturbation }) =>
        name === MEASURE.dodging && of === target.id && fmr === 1e-3 && perturbation?.madeWith.join() === target.id,
    );
    expect(dodging.length).toBeGreaterThan(0);
    for (const { trials } of dodging) expect(trials).toBe(genuine?.successes);
  });

  test('shows faces where it is asked to, each marked as edited', () => {
    const shown = findings.faces ?? [];
    expect(shown).toHaveLength(12);
    for (const { reconstruction } of shown) {
      const png = Buffer.from(reconstruction.slice(reconstruction.indexOf(',') + 1), 'base64');
      expect(readProvenance(png)?.kind).toBe('edited');
    }
  });

  test('gives the transfer of the surrogate to the target and back', () => {
    const made = new Set(
      findings.rates.flatMap(({ perturbation, target: fools, fmr }) =>
        perturbation && fmr === 1e-3 ? [`${perturbation.madeWith.join()} > ${fools}`] : [],
      ),
    );
    for (const [a, b] of [
      [target.id, target.id],
      [target.id, surrogate.id],
      [surrogate.id, target.id],
      [surrogate.id, surrogate.id],
    ])
      expect(made).toContain(`${a} > ${b}`);
  });

  test('gives queries, a curve for each attack and goal, and the cost of the defence', () => {
    expect(findings.queries?.map((row) => row.target)).toEqual([
      target.id,
      target.id,
      `${target.id}+bits:4`,
      `${target.id}+bits:4`,
    ]);
    expect(findings.costs.map(({ defence }) => defence)).toEqual(['bits:4']);
    expect(findings.curves.filter(({ x }) => x.unit === 'levels of 255').length).toBeGreaterThanOrEqual(4);
  });

  test('broken off and resumed, it comes to the same', async () => {
    const files = new Map<string, Uint8Array>();
    await expect(audit({ store: memoryStore(files, 5) })).rejects.toThrow(InterruptedError);
    expect(files.size).toBe(5);
    const resumed = await findingsOf(await audit({ store: memoryStore(files) }));
    expect({ ...resumed, threatCard: undefined }).toEqual({ ...findings, threatCard: undefined });
    expect([...files.keys()].sort()).toEqual([...undisturbed.keys()].sort());
  });
});

test('the smallest perturbations: many steps need no more than one, a defence is judged by whoever knows it', async () => {
  const { smallest } = await audit({ pairs: 2, epsilons: [8], queryAttacks: [], parts: ['smallest', 'defences'] });
  const median = (attack: string, of: string): number =>
    smallest.find(
      (row) => row.attack === attack && row.target === of && row.name === MEASURE.dodging && row.norm === 'l2',
    )?.median ?? Number.NaN;
  expect(median('BIM', target.id)).toBeLessThanOrEqual(1.04 * median('FGSM', target.id));
  const defended = `${target.id}+bits:4`;
  expect(median('BIM, adaptive', defended)).toBeGreaterThan(0);
  expect(median('BIM, plain', defended)).toBeGreaterThan(0);
  expect(new Set(smallest.map(({ attack, name, norm, target: of }) => `${attack} ${name} ${norm} ${of}`)).size).toBe(
    16,
  );
});

test('an encoder without weights is attacked through surrogates and by asking', async () => {
  const findings = await findingsOf(await audit({ target: withoutWeights(target), defences: [], pairs: 6 }));
  expect(findings.threatCard.access).toBe('black-box');
  expect(findings.smallest).toEqual([]);
  const makers = findings.rates.flatMap(({ perturbation }) => perturbation?.madeWith ?? []);
  expect(new Set(makers)).toEqual(new Set([surrogate.id]));
  expect(findings.queries?.length).toBe(2);
  expect(findings.controls.filter(({ expected, held }) => expected !== 'chance' && !held)).toEqual([]);
});

test('one photo a person: impersonation alone', async () => {
  const single = faces.attacked.filter((_, i) => i % 2 === 0);
  const findings = await findingsOf(
    await audit({ faces: { ...faces, attacked: single }, parts: ['epsilon'], attacks: ['BIM'], defences: [] }),
  );
  const names = findings.rates.filter(({ perturbation }) => perturbation).map(({ name }) => name);
  expect(new Set(names)).toEqual(new Set([MEASURE.impersonation]));
});

test.each([
  ['an attack that does not exist', { attacks: ['FGSN'] }, InputError],
  ['a defence that does not exist', { defences: ['hope'] }, InputError],
  ['a budget of nothing', { epsilons: [0] }, InputError],
  ['one person alone', { pairs: 1 }, InputError],
])('refuses %s', async (_, more, error) => {
  await expect(audit(more)).rejects.toThrow(error);
});

test('refuses what cannot be attacked at all', async () => {
  const options = { target: withoutWeights(target), surrogates: [], queryAttacks: [] };
  await expect(audit(options)).rejects.toThrow(CapabilityError);
});
