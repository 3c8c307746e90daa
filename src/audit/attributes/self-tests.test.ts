import { expect, test } from 'vitest';
import { meanDifference } from '../../../test/fixtures/attribute-faces.ts';
import { facesOf, names, nearestExample, sidesOf } from '../../../test/fixtures/attribute-sides.ts';
import { memoryStore } from '../../../test/fixtures/audit.ts';
import type { AttributeAttack, AttributeModel } from '../../attack/inference/attribute/attack.ts';
import { Random } from '../../util/random.ts';
import type { Leakage } from '../findings.ts';
import { templatesOf } from './reading.ts';
import { nothingChanges, selfTests } from './self-tests.ts';
import type { Sides } from './sides.ts';

const FOUND = 'a planted leak is found';
const ABSENT = 'what is not there is not found';
const MOVED = 'a protection that only moves a leak is seen through';

/** Which of the three did not hold. */
async function failing(attack: AttributeAttack, sides: Sides): Promise<string[]> {
  const tests = await selfTests(sides, {
    attacks: [attack],
    sources: [templatesOf('E', 0)],
    seed: 1,
    store: memoryStore(),
    random: new Random(1),
  });
  expect(tests.map(({ name }) => name.split(':')[0])).toEqual([FOUND, ABSENT, MOVED]);
  return tests.flatMap(({ name, held }) => (held ? [] : (name.split(':')[0] ?? [])));
}

const lines = meanDifference('embedding');
const training = (train: AttributeAttack['train']): AttributeAttack => ({ ...lines, train });

test('all hold of an attack that works, on people who are apart', async () => {
  expect(await failing(lines, sidesOf(60))).toEqual([]);
  expect(await failing(nearestExample, sidesOf(60))).toEqual(expect.not.arrayContaining([ABSENT]));
});

test('an attack that sees nothing finds no leak', async () => {
  const blind = training(async ({ labels }) => ({
    score: async (faces) => faces.map(() => Float32Array.from(labels[0] ?? [], () => 0)),
    close: async () => {},
  }));
  expect(await failing(blind, sidesOf(60))).toEqual([FOUND, MOVED]);
});

test('people who are on two sides are recognised, coin and all: what is not there is found', async () => {
  const sides = sidesOf(60);
  const same = facesOf(names('train', 60));
  expect(await failing(nearestExample, { ...sides, calibration: same, test: same })).toContain(ABSENT);
  // A third of the people is enough.
  const third = facesOf([...names('train', 40), ...names('test', 80)]);
  expect(await failing(nearestExample, { ...sides, calibration: third, test: third })).toContain(ABSENT);
});

test('an attack that does not learn from protected photos sees through no protection', async () => {
  let first: Promise<AttributeModel> | undefined;
  const set = training((examples, options) => {
    first ??= lines.train(examples, options);
    return first;
  });
  expect(await failing(set, sidesOf(60))).toEqual([MOVED]);
});

test('photos that give other figures when they are read again are no protection that does nothing', () => {
  const figure = { value: 0.7, low: 0.6, high: 0.8 };
  const row = { attribute: 'Male', balancedAccuracy: figure, auc: figure, informationBits: figure } as Leakage;
  expect(nothingChanges([row], [row]).held).toBe(true);
  expect(nothingChanges([row], [{ ...row, auc: { ...figure, value: 0.7001 } }]).held).toBe(false);
  expect(nothingChanges([], []).held).toBe(false);
});
