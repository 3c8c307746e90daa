import { beforeAll, describe, expect, test, vi } from 'vitest';
import { memoryStore } from '../../../test/fixtures/audit.ts';
import { madePeople, tinyEncoder, tinyGenerator, withoutWeights } from '../../../test/fixtures/inversion.ts';
import { tinyClassifier } from '../../../test/fixtures/model-inversion.ts';
import { ridgeStudent } from '../../attack/inference/linkage/ridge-student.ts';
import type { ModelInversionAttack } from '../../attack/inversion/model/attack.ts';
import { plugAndPlay } from '../../attack/inversion/model/plug-and-play.ts';
import { fitFront } from '../../defence/training/masking/front.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { readProvenance } from '../../image/mark.ts';
import { resizeImage } from '../../image/resize.ts';
import { InterruptedError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { MEASURE } from '../findings.ts';
import type { AuditFace } from '../subjects.ts';
import type { AuditStore } from '../work-folder.ts';
import type { TrainingAuditOptions } from './context.ts';
import { UNTRAINED } from './level.ts';
import type { TrainingPerson } from './people.ts';
import { trainingFindings } from './report-findings.ts';
import { runTrainingAudit, type TrainingMeasurements } from './run.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const PEOPLE = 12;
const TRAINED = 4;
const PHOTOS = 6;

let people: TrainingPerson[];
let strangers: AuditFace[];
let judges: [Encoder, Encoder];
beforeAll(async () => {
  const faces = await madePeople('trained', PEOPLE, PHOTOS);
  people = Array.from({ length: PEOPLE }, (_, label) => {
    const own = faces.slice(label * PHOTOS, (label + 1) * PHOTOS);
    return { person: own[0]?.person ?? '', label, faces: own.slice(0, TRAINED), heldOut: own.slice(TRAINED) };
  });
  strangers = await madePeople('public', 30, 2);
  judges = [await tinyEncoder({ seed: 'judge' }), await tinyEncoder({ seed: 'another judge' })];
});

const labelled = (labelOf: (label: number) => number): Promise<Encoder> =>
  tinyClassifier(
    `audited ${labelOf(0)}`,
    people.flatMap(({ faces }) => faces),
    people.flatMap(({ faces, label }) => faces.map(() => labelOf(label))),
  );

const optionsFor = (model: Encoder, more: Partial<TrainingAuditOptions> = {}): TrainingAuditOptions => ({
  ...{ model, kind: 'classifier', judges, people, strangers, attacked: PEOPLE, seeds: 2, seed: 1, threads: 1 },
  ...{ students: [], recoverySteps: 0 },
  ...{ attacks: [plugAndPlay], generator: tinyGenerator(), store: memoryStore() },
  effort: { draws: 160, candidates: 1, iterations: 30, views: 2 },
  ...more,
});

const findingsOf = (measured: TrainingMeasurements, options: TrainingAuditOptions, showFaces = true) =>
  trainingFindings(measured, {
    ...{ version: '0', command: 'faceward audit training', seed: 1, startedAt: new Date(0), seconds: 1 },
    ...{ device: 'cpu', audited: options, models: [], showFaces },
    names: { training: 'trained', public: 'public', heldOut: 'held out' },
    leftOut: { training: [{ name: 'ann', reason: '1 photo, fewer than 2' }], public: [], heldOut: [] },
    publicNotes: [],
  });

describe('a classifier that knows its people by heart', () => {
  let options: TrainingAuditOptions;
  let measured: TrainingMeasurements;
  beforeAll(async () => {
    options = optionsFor(await labelled((label) => label));
    measured = await runTrainingAudit(options);
  });

  test('every control and self-test holds', () => {
    expect([...measured.controls, ...measured.selfTests].filter(({ held }) => !held)).toEqual([]);
    expect(new Set(measured.controls.map(({ expected }) => expected))).toEqual(new Set(['chance', 'leaks', 'no-leak']));
  });

  test('gives its people away to every judge', () => {
    const found = measured.rates.filter(({ name }) => name === MEASURE.accuracyOne);
    expect(found.map(({ judge }) => judge)).toEqual(judges.map(({ id }) => id));
    for (const { low, trials } of found) {
      expect(trials).toBe(2 * PEOPLE);
      expect(low).toBeGreaterThan(0.5);
    }
    expect(measured.decision).toMatchObject({
      verdict: 'leaks',
      sentence: expect.stringContaining('classifier audited'),
    });
  });

  test('what it makes lies nearer to the training photos than what owes nothing to it', () => {
    const nearest = (attack: string): number =>
      measured.likeness.find((row) => row.attack === attack)?.nearestTraining.value ?? Number.NaN;
    expect(nearest(plugAndPlay.name)).toBeLessThan(nearest('the generator without optimisation'));
    expect(nearest('real training photos')).toBeLessThan(nearest('public faces'));
  });

  test('the findings fit their schema, name what was left out, and carry marked faces alone', async () => {
    const findings = await findingsOf(measured, options);
    expect(findings).toMatchObject({
      audit: 'training',
      verdict: 'leaks',
      threatCard: { access: 'white-box', peopleOverlap: 0 },
    });
    expect(findings.provenance.data.find(({ role }) => role.startsWith('training'))).toMatchObject({
      people: PEOPLE,
      images: PEOPLE * TRAINED,
      leftOut: [{ id: 'ann', reason: '1 photo, fewer than 2' }],
    });
    expect(findings.faces).toHaveLength(PEOPLE);
    for (const { reconstruction } of findings.faces ?? []) {
      const png = Buffer.from(reconstruction.replace(/^data:image\/png;base64,/, ''), 'base64');
      expect(readProvenance(png)).toMatchObject({ kind: 'reconstructed', method: plugAndPlay.name });
    }
    expect(await findingsOf(measured, options, false)).not.toHaveProperty('faces');
  });
});

test('a classifier of shuffled labels is not said to leak by inversion, and is found not to know its people', async () => {
  const model = await labelled((label) => (label + 5) % PEOPLE);
  const { decision, rates } = await runTrainingAudit(optionsFor(model, { seeds: 1 }));
  for (const { high } of rates.filter(({ name }) => name === MEASURE.accuracyOne)) expect(high).toBeLessThan(0.5);
  expect(decision).toMatchObject({ verdict: 'inconclusive', sentence: expect.stringContaining('another order') });
});

test('an attack that finds nothing makes the audit inconclusive, not clean', async () => {
  const random = new Random('nothing');
  const blind: ModelInversionAttack = {
    ...plugAndPlay,
    name: 'blind',
    invert: async (labels) =>
      labels.map((label) => ({ label, faces: [Float32Array.from({ length: 3 * 128 ** 2 }, () => random.uniform())] })),
  };
  const model = await labelled((label) => label);
  const { decision } = await runTrainingAudit(optionsFor(model, { seeds: 1, attacks: [blind] }));
  expect(decision).toMatchObject({ verdict: 'inconclusive', sentence: expect.stringContaining('planted, overfitted') });
});

test('an audit that was killed goes on where it was, to the same figures', async () => {
  const model = await labelled((label) => label);
  const small = { seeds: 2, attacked: 4, effort: { draws: 32, candidates: 1, iterations: 2, views: 1 } };
  let runs = 0;
  const counted: ModelInversionAttack = {
    ...plugAndPlay,
    invert: async (labels, resources, options) => {
      runs++;
      await resources.oracle?.ask([new Float32Array(3 * 128 ** 2)]);
      return plugAndPlay.invert(labels, resources, options);
    },
  };
  const run = (store: AuditStore) => runTrainingAudit(optionsFor(model, { ...small, attacks: [counted], store }));
  const whole = await run(memoryStore());
  const files = new Map<string, Uint8Array>();
  await expect(run(memoryStore(files, 2))).rejects.toThrow(InterruptedError);
  expect(files.size).toBe(2);
  runs = 0;
  const resumed = await run(memoryStore(files));
  expect(runs).toBe(2);
  expect([whole.queries, resumed.queries]).toEqual([2, 2]);
  expect(resumed.rates).toEqual(whole.rates);
  expect(resumed.controls).toEqual(whole.controls);
});

test('what an encoder that was trained on nobody gives away of a mean embedding is no leak of its training', async () => {
  const model = await tinyEncoder({ seed: 'audited' });
  const options = optionsFor(model, { kind: 'encoder', seeds: 1, attacked: 6 });
  const { rates, recognition, decision, comparedStrangers, centrePhotos } = await runTrainingAudit(options);
  expect(comparedStrangers).toHaveLength(PEOPLE);
  // Strangers have two photos, and its own people four.
  expect(centrePhotos).toBe(2);
  const lowest = (name: string): number => Math.min(...rates.filter((row) => row.name === name).map(({ low }) => low));
  expect(lowest(MEASURE.accuracyOne)).toBeGreaterThan(1 / (2 * PEOPLE));
  expect(lowest(`${MEASURE.accuracyOne}${UNTRAINED}`)).toBeGreaterThan(1 / (2 * PEOPLE));
  expect(rates.some(({ name }) => name === MEASURE.classified)).toBe(false);
  expect(recognition).toMatchObject([{ target: 'tiny audited', genuinePairs: 30, tarAtFar01: null }]);
  expect(decision.verdict).not.toBe('leaks');
});

test('what the front of a masked recogniser lets through is linked the better, the more pairs the attacker has', async () => {
  const store = memoryStore();
  const faces = strangers.map(({ image }) => resizeImage(image, 16, 16));
  const front = await fitFront(faces, { kind: 'pixels', sizePx: 16, seed: 1, threads: 1 });
  const options = optionsFor(await tinyEncoder({ seed: 'audited' }), {
    ...{ kind: 'encoder', attacked: 2, seeds: 1, front, students: [ridgeStudent], store },
    effort: { draws: 8, candidates: 1, iterations: 1, views: 1 },
  });
  const { curves, notMeasured, quality } = await runTrainingAudit(options);
  expect([notMeasured, quality]).toEqual([[], []]);
  expect(curves.map(({ name }) => name)).toEqual([
    expect.stringContaining('template to face'),
    expect.stringContaining('template to template'),
  ]);
  const [open, masked] = curves;
  expect(open?.points.map(({ x }) => x)).toEqual([30, 60]);
  expect(masked?.points.map(({ x }) => x)).toEqual([0, 30, 60]);
  expect(open?.points.at(-1)?.y).toBeGreaterThan(0.5);
  expect((await runTrainingAudit(options)).curves).toEqual(curves);
});

test('attacks that the model’s access does not allow are named, on the threat card too', async () => {
  const model = withoutWeights(await labelled((label) => label));
  const asked: ModelInversionAttack = { ...plugAndPlay, name: 'labels alone', access: 'label-only' };
  const silent = {
    ...asked,
    invert: async (labels: readonly number[]) => labels.map((label) => ({ label, faces: [] })),
  };
  const options = optionsFor(model, { seeds: 1, attacked: 2, attacks: [plugAndPlay, silent] });
  const measured = await runTrainingAudit(options);
  expect(measured.attacks).toEqual([silent]);
  expect(measured.notMeasured).toEqual([`${plugAndPlay.name} (it needs the model’s weights as .onnx)`]);
  const { accessReason } = (await findingsOf(measured, options, false)).threatCard;
  expect(accessReason).toContain(`Not measured: ${plugAndPlay.name} (it needs`);
});

test('a budget that is spent attacks the fewest people, and so does the audit that goes on with it', async () => {
  const model = await labelled((label) => label);
  const small = { seeds: 1, attacked: 12, effort: { draws: 8, candidates: 1, iterations: 0, views: 1 } };
  const attackedWithin = async (endsAt: number, store: AuditStore): Promise<number> =>
    (await runTrainingAudit(optionsFor(model, { ...small, endsAt, store }))).attackedPeople.length;
  const store = memoryStore();
  expect(await attackedWithin(Date.now(), store)).toBe(10);
  expect(await attackedWithin(Date.now() + 3.6e6, store)).toBe(10);
  expect(await attackedWithin(Date.now() + 3.6e6, memoryStore())).toBe(12);
});
