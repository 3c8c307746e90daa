import { beforeAll, expect, test } from 'vitest';
import { memoryStore } from '../../../test/fixtures/audit.ts';
import { madePeople, tinyEncoder } from '../../../test/fixtures/inversion.ts';
import { ridgeStudent } from '../../attack/inference/linkage/ridge-student.ts';
import { type FrontSettings, fitFront } from '../../defence/training/masking/front.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { resizeImage } from '../../image/resize.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { createJudge, type Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import type { FrontContext } from './front-faces.ts';
import { linkageCurves } from './linkage.ts';
import type { TrainingPerson } from './people.ts';

let people: TrainingPerson[];
let strangers: AuditFace[];
let model: Encoder;
let judge: Judge;
let front: FrontSettings;
beforeAll(async () => {
  const trained = await madePeople('trained', 6, 2);
  people = [...Map.groupBy(trained, ({ person }) => person)].map(([person, faces], label) => ({
    ...{ person, label, faces, heldOut: [] },
  }));
  strangers = await madePeople('public', 20, 2);
  model = await tinyEncoder({ seed: 'audited' });
  judge = createJudge(await tinyEncoder({ seed: 'judge' }));
  const faces = strangers.map(({ image }) => resizeImage(image, 16, 16));
  front = await fitFront(faces, { kind: 'pixels', sizePx: 16, seed: 1, threads: 1 });
});

const context = (more: Partial<FrontContext> = {}): FrontContext => ({
  ...{ model, people, strangers, students: [ridgeStudent], recoverySteps: 0, seed: 1, random: new Random(1) },
  ...{ store: memoryStore(), threads: 1 },
  ...more,
});

test('what enough pairs of enough people teach is measured', async () => {
  const { curves, notMeasured } = await linkageCurves(front, judge, context());
  expect(curves.at(-1)?.points.map(({ x }) => x)).toEqual([0, 30, 40]);
  expect(notMeasured).toEqual([]);
});

test('of too few pairs, or people, it is said that they are', async () => {
  const few = await linkageCurves(front, judge, context({ strangers: strangers.slice(0, 8) }));
  expect(few.curves.map(({ points }) => points.map(({ x }) => x))).toEqual([[0]]);
  expect(few.notMeasured).toEqual(['linkage by 8 pairs (they are of 4 people, and 10 pairs of 4 people are needed)']);
  const three = strangers.map((face, i) => ({ ...face, person: `public ${i % 3}` }));
  const { notMeasured } = await linkageCurves(front, judge, context({ strangers: three }));
  expect(notMeasured).toEqual([
    expect.stringMatching(/^linkage by 30 pairs .*of 3 people/),
    expect.stringMatching(/^linkage by 40 pairs .*of 3 people/),
  ]);
});

test('any other failure is no missing figure', async () => {
  const failing = { ...ridgeStudent, train: () => Promise.reject(new InputError('a student failed')) };
  await expect(linkageCurves(front, judge, context({ students: [failing] }))).rejects.toThrow('a student failed');
});
