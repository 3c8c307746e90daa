import { expect, test } from 'vitest';
import { convolutionalEncoder, SMALL_FACE_PX } from '../../../test/fixtures/evasion.ts';
import { withoutWeights } from '../../../test/fixtures/inversion.ts';
import { EVASION_ATTACKS } from '../../attack/evasion/attacks.ts';
import { CapabilityError, InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { AuditFace } from '../subjects.ts';
import { measureSmoothing, type SmoothingMeasurementOptions } from './smoothing.ts';
import { measureSqueezing } from './squeezing.ts';

/** Photos of a person: random pixels of his own, and little noise. */
function photos(person: string, count: number): AuditFace[] {
  const own = new Random(person);
  const pixels = Array.from({ length: 3 * SMALL_FACE_PX ** 2 }, () => 40 + own.integer(176));
  return Array.from({ length: count }, (_, i) => ({
    id: `${person}/${i}`,
    person,
    image: {
      widthPx: SMALL_FACE_PX,
      heightPx: SMALL_FACE_PX,
      data: Uint8Array.from(pixels, (value) => value + own.integer(20)),
    },
  }));
}
const subjects = ['ann', 'ben', 'cem', 'dora'].map((person) => {
  const [template, ...others] = photos(person, 2) as [AuditFace, AuditFace];
  return { person, template, others };
});
const calibration = {
  name: 'made up',
  faces: Array.from({ length: 20 }, (_, i) => photos(`calibration ${i}`, 1)).flat(),
};

const settings = async (more: Partial<SmoothingMeasurementOptions> = {}): Promise<SmoothingMeasurementOptions> => ({
  encoder: await convolutionalEncoder(),
  subjects,
  calibration,
  fmr: 0.05,
  sigma: 0.05,
  guesses: 20,
  samples: 200,
  alpha: 0.001,
  radii: [0, 0.05, 1],
  attacked: 2,
  seed: 1,
  threads: 1,
  ...more,
});

test('smoothing certifies comparisons, and PGD within the radius overturns none', async () => {
  const measured = await measureSmoothing(await settings());
  expect(measured.comparisons).toHaveLength(2 * subjects.length);
  for (const { radius, lowerLimit } of measured.comparisons) expect(radius !== undefined).toBe(lowerLimit > 0.5);
  expect(measured.genuine.map(({ share }) => share.trials)).toEqual([4, 4, 4]);
  expect(measured.genuine[0]?.share.successes).toBeGreaterThan(2);
  // Beyond sigma times Phi^-1(0.001^(1/200)) nothing can be certified.
  expect(measured.genuine[2]?.share.successes).toBe(0);
  expect(measured.attacks.map(({ trials }) => trials)).toEqual([2, 2]);
  for (const { overturned } of measured.attacks) expect(overturned.successes).toBe(0);
});

test('the same seed measures the same; too few calibration faces, and an attack without weights, are refused', async () => {
  const options = await settings({ attacked: 0 });
  expect(await measureSmoothing(options)).toEqual(await measureSmoothing(options));
  await expect(measureSmoothing({ ...options, fmr: 0.001 })).rejects.toThrow(InputError);
  const blackBox = withoutWeights(options.encoder);
  await expect(measureSmoothing({ ...options, encoder: blackBox, attacked: 1 })).rejects.toThrow(CapabilityError);
});

test('squeezing counts false alarms on other people, and each attack at each budget', async () => {
  const measured = await measureSqueezing({
    encoder: await convolutionalEncoder(),
    subjects,
    calibration,
    falseAlarmRate: 0.1,
    fmr: 0.05,
    attacks: EVASION_ATTACKS.filter(({ name }) => name === 'FGSM'),
    epsilons: [0, 8 / 255],
    seed: 1,
    threads: 1,
  });
  expect(measured.alarm.interval).toMatchObject({ successes: 2, trials: 20 });
  expect(measured.falseAlarms.trials).toBe(4);
  expect(measured.detections.map(({ goal, epsilon }) => [goal, epsilon])).toEqual([
    ['dodge', 0],
    ['dodge', 8 / 255],
    ['impersonate', 0],
    ['impersonate', 8 / 255],
  ]);
});
