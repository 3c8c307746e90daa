import { beforeAll, describe, expect, test, vi } from 'vitest';
import { memoryStore } from '../../../test/fixtures/audit.ts';
import { madePeople, tinyEncoder } from '../../../test/fixtures/inversion.ts';
import { type FrontSettings, fitFront } from '../../defence/training/masking/front.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { resizeImage } from '../../image/resize.ts';
import { InterruptedError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { createJudge, type Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import type { FrontContext } from './front-faces.ts';
import type { TrainingPerson } from './people.ts';
import { measureRecovery, type RecoveryFigures } from './recovery.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const SIZE_PX = 16;

let people: TrainingPerson[];
let strangers: AuditFace[];
let model: Encoder;
let judge: Judge;
let front: FrontSettings;
beforeAll(async () => {
  const trained = await madePeople('trained', 10, 2);
  people = [...Map.groupBy(trained, ({ person }) => person)].map(([person, faces], label) => ({
    ...{ person, label, faces, heldOut: [] },
  }));
  strangers = await madePeople('public', 150, 1);
  model = await tinyEncoder({ seed: 'audited' });
  judge = createJudge(await tinyEncoder({ seed: 'judge' }));
  const faces = strangers.map(({ image }) => resizeImage(image, SIZE_PX, SIZE_PX));
  front = await fitFront(faces, { kind: 'pixels', sizePx: SIZE_PX, seed: 1, threads: 1 });
});

const context = (more: Partial<FrontContext> = {}): FrontContext => ({
  ...{
    model,
    people,
    strangers,
    students: [],
    recoverySteps: 200,
    seed: 1,
    random: new Random(1),
    store: memoryStore(),
  },
  threads: 1,
  ...more,
});

const figure = ({ quality }: RecoveryFigures, attack: string, measure: string): number =>
  quality.find((row) => row.attack.includes(attack) && row.measure === measure)?.mean ?? Number.NaN;

describe('of a front that keeps every pixel', () => {
  let measured: RecoveryFigures;
  beforeAll(async () => {
    measured = await measureRecovery(front, [judge], context());
  });

  test('faces are recovered that are nearer to the photo than the mean face, and recognised', () => {
    expect(figure(measured, 'U-Net', 'PSNR')).toBeGreaterThan(figure(measured, 'mean', 'PSNR') + 3);
    expect(figure(measured, 'U-Net', 'SSIM')).toBeGreaterThan(figure(measured, 'mean', 'SSIM'));
    const [recovered, mean] = measured.rates;
    expect([recovered?.trials, mean?.trials]).toEqual([20, 20]);
    expect(recovered?.low).toBeGreaterThan(mean?.high ?? 1);
    expect(measured.notMeasured).toEqual([]);
  });

  test('the threshold is one of public people', () => {
    expect(measured.thresholds).toMatchObject([{ fmr: 0.001, encoder: 'tiny judge', impostorPairs: (150 * 149) / 2 }]);
  });
});

test('of what keeps one frequency, less is recovered than of all pixels', async () => {
  const faces = strangers.map(({ image }) => resizeImage(image, SIZE_PX, SIZE_PX));
  const options = { kind: 'frequency', sizePx: SIZE_PX, frequencies: 1, seed: 1, threads: 1 } as const;
  const hiding = await fitFront(faces, options);
  const [little, all] = [
    await measureRecovery(hiding, [], context({ recoverySteps: 30 })),
    await measureRecovery(front, [], context({ recoverySteps: 30 })),
  ];
  expect(figure(little, 'U-Net', 'PSNR')).toBeLessThan(figure(all, 'U-Net', 'PSNR'));
});

test('a training that was broken off goes on to the same figures, and what is done is not done again', async () => {
  const short = { recoverySteps: 52 };
  const whole = await measureRecovery(front, [judge], context(short));
  const files = new Map<string, Uint8Array>();
  await expect(measureRecovery(front, [judge], context({ ...short, store: memoryStore(files, 1) }))).rejects.toThrow(
    InterruptedError,
  );
  const steps: number[] = [];
  const onProgress: FrontContext['onProgress'] = ({ stage, done }) => {
    if (stage.includes('training')) steps.push(done);
  };
  const resumed = await measureRecovery(front, [judge], context({ ...short, store: memoryStore(files), onProgress }));
  expect(resumed).toEqual(whole);
  expect(steps[0]).toBe(51);
  const before = steps.length;
  expect(await measureRecovery(front, [judge], context({ ...short, store: memoryStore(files), onProgress }))).toEqual(
    whole,
  );
  expect(steps).toHaveLength(before);
});

describe('what too few people do not tell is named', () => {
  test('a judge without a threshold', async () => {
    const { rates, quality, notMeasured } = await measureRecovery(
      front,
      [judge],
      context({ strangers: strangers.slice(0, 30), recoverySteps: 8 }),
    );
    expect([rates, quality.length]).toEqual([[], 4]);
    expect(notMeasured).toEqual([
      'whether tiny judge recognises recovered faces (too few public people for a threshold)',
    ]);
  });

  test('recovery at all', async () => {
    const { quality, notMeasured } = await measureRecovery(
      front,
      [judge],
      context({ strangers: strangers.slice(0, 9) }),
    );
    expect(quality).toEqual([]);
    expect(notMeasured).toEqual([expect.stringContaining('9 public photos of 9 people')]);
  });
});
