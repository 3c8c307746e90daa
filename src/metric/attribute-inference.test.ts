import { describe, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { attributeLeakage, attributeRule, balancedAccuracy, mutualInformation } from './attribute-inference.ts';
import { equalErrorRate } from './verification.ts';

/** 400 scores to two places, those of present faces 0.9 higher, from a congruential generator that Python repeats exactly. */
function knownScores(): { readonly scores: number[]; readonly labels: boolean[]; readonly people: string[] } {
  let state = 7;
  const uniform = (): number => {
    state = Number((BigInt(state) * 1103515245n + 12345n) % 2147483648n);
    return state / 2147483648;
  };
  const [scores, labels]: [number[], boolean[]] = [[], []];
  for (let i = 0; i < 400; i++) {
    const label = uniform() < 0.35;
    let sum = -6;
    for (let k = 0; k < 12; k++) sum += uniform();
    labels.push(label);
    scores.push(Math.round((sum + (label ? 0.9 : 0)) * 100) / 100);
  }
  return { scores, labels, people: scores.map((_, i) => `person ${i}`) };
}

const options = () => ({ random: new Random(1) });

describe('by hand', () => {
  // Absent 1, 2, 4; present 3, 5.
  const scores = [1, 2, 3, 4, 5];
  const labels = [false, false, true, false, true];
  const people = ['a', 'b', 'c', 'd', 'e'];

  test('five faces: five of six pairs in order, and half a step for a tie', () => {
    const rule = { threshold: 3.5, limits: [2.5] };
    const {
      auc,
      balancedAccuracy: accuracy,
      present,
      absent,
    } = attributeLeakage({ scores, labels, people }, rule, options());
    expect(auc.value).toBeCloseTo(5 / 6, 12);
    // From 3.5 on present: of 3 absent 2 rightly, of 2 present 1.
    expect(accuracy.value).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12);
    expect([present, absent]).toEqual([2, 3]);
    const tied = attributeLeakage({ scores: [1, 2, 4, 4, 5], labels, people }, rule, options());
    expect(tied.auc.value).toBeCloseTo(5.5 / 6, 12);
  });

  test('the rule is halfway between 2 and 3, where nothing is missed and one is wrong', () => {
    expect(attributeRule(scores, labels).threshold).toBe(2.5);
    expect(balancedAccuracy(scores, labels, 2.5)).toBeCloseTo((1 + 2 / 3) / 2, 12);
  });

  test('an attribute that is always flipped counts as read', () => {
    const flipped = labels.map((label) => !label);
    const rule = { threshold: 2.5, limits: [2.5] };
    const as = attributeLeakage({ scores, labels, people }, rule, options());
    const mirror = attributeLeakage({ scores, labels: flipped, people }, rule, options());
    expect(mirror.balancedAccuracy.value).toBeCloseTo(as.balancedAccuracy.value, 12);
    expect(mirror.auc.value).toBeCloseTo(as.auc.value, 12);
    expect(mirror.auc.low).toBeLessThanOrEqual(mirror.auc.value);
    expect(mirror.eer.value).toBeLessThanOrEqual(0.5);
  });

  test('one bit is one bit, and independence none', () => {
    expect(
      mutualInformation(
        [
          [50, 0],
          [0, 50],
        ],
        0,
      ),
    ).toBeCloseTo(1, 12);
    expect(
      mutualInformation(
        [
          [25, 25],
          [25, 25],
        ],
        0,
      ),
    ).toBeCloseTo(0, 12);
    // Joint 1/2, 1/4, 0, 1/4: H(3/4, 1/4) + H(1/2, 1/2) - H(1/2, 1/4, 1/4) = 0.811278 + 1 - 1.5.
    expect(
      mutualInformation(
        [
          [2, 1],
          [0, 1],
        ],
        0,
      ),
    ).toBeCloseTo(0.311278, 6);
    // One degree of freedom: 1 / (2 N ln 2), N = 4.
    expect(
      mutualInformation([
        [2, 1],
        [0, 1],
      ]),
    ).toBeCloseTo(0.311278 - 0.180337, 6);
  });
});

describe('beside numpy', () => {
  const { scores, labels, people } = knownScores();
  const rule = { threshold: 0.4, limits: [-1, -0.5, 0, 0.5, 1, 1.5, 2] };
  const found = attributeLeakage({ scores, labels, people }, rule, options());

  test('the data are those of Python', () => {
    expect(scores.slice(0, 5)).toEqual([0.96, -1.37, 0.22, -1.45, 1.46]);
    expect([found.present, found.absent]).toEqual([115, 285]);
  });

  test('AUC, balanced accuracy, information, entropy', () => {
    expect(found.auc.value).toBeCloseTo(0.7407475209763539, 10);
    expect(found.balancedAccuracy.value).toBeCloseTo(0.674141876430206, 10);
    expect(found.informationBits.value).toBeCloseTo(0.09354732686268626, 10);
    expect(found.entropyBits).toBeCloseTo(0.8654698974285927, 10);
  });

  test('the threshold of the highest balanced accuracy', () => {
    const { threshold } = attributeRule(scores, labels);
    expect(threshold).toBeCloseTo(0.595, 10);
    expect(balancedAccuracy(scores, labels, threshold)).toBeCloseTo(0.7059496567505721, 10);
  });

  test('the bootstrap of the AUC is about DeLong’s interval where each face is a person', () => {
    expect(Math.abs(found.auc.low - 0.6867779)).toBeLessThan(0.012);
    expect(Math.abs(found.auc.high - 0.7947171)).toBeLessThan(0.012);
  });

  test('the equal error rate is that of verification', () => {
    const of = (wanted: boolean): number[] => scores.filter((_, i) => labels[i] === wanted);
    expect(found.eer.value).toBeCloseTo(equalErrorRate(of(true), of(false)).rate, 10);
  });
});

test('several faces of one person widen the interval', () => {
  const { scores, labels } = knownScores();
  const repeat = <T>(values: readonly T[]): T[] => values.slice(0, 60).flatMap((value) => Array<T>(8).fill(value));
  const faces = { scores: repeat(scores), labels: repeat(labels) };
  const rule = { threshold: 0.4, limits: [0] };
  const width = (people: readonly string[]): number => {
    const { low, high } = attributeLeakage({ ...faces, people }, rule, options()).auc;
    return high - low;
  };
  const ofPeople = width(faces.scores.map((_, i) => `person ${Math.floor(i / 8)}`));
  expect(ofPeople).toBeGreaterThan(2 * width(faces.scores.map((_, i) => `face ${i}`)));
});

test('what knows nothing is at chance: nineteen intervals in twenty hold it, as many informations are under that of random labels', () => {
  const trials = Array.from({ length: 60 }, (_, trial) => {
    const random = new Random(trial);
    const scores = Array.from({ length: 200 }, () => random.normal());
    const labels = scores.map(() => random.uniform() < 0.3);
    const people = scores.map((_score, i) => `person ${i}`);
    return attributeLeakage({ scores, labels, people }, attributeRule(scores, labels), { random, draws: 200 });
  });
  expect(trials.filter(({ auc }) => auc.low <= 0.5).length).toBeGreaterThanOrEqual(53);
  expect(trials.filter(({ eer }) => eer.high >= 0.5).length).toBeGreaterThanOrEqual(53);
  const quiet = trials.filter((found) => found.informationBits.value <= found.informationChanceBits);
  expect(quiet.length).toBeGreaterThanOrEqual(53);
});

test('what knows nothing but who somebody is stays under the information of random labels of people', () => {
  const trials = Array.from({ length: 40 }, (_, trial) => {
    const random = new Random(trial);
    const own = Array.from({ length: 60 }, () => ({ score: random.normal(), label: random.uniform() < 0.4 }));
    const faces = own.flatMap(({ score, label }, person) =>
      [0, 1, 2, 3].map(() => ({ score: score + 0.01 * random.normal(), label, person: `person ${person}` })),
    );
    const scores = faces.map(({ score }) => score);
    const labels = faces.map(({ label }) => label);
    const people = faces.map(({ person }) => person);
    return attributeLeakage({ scores, labels, people }, attributeRule(scores, labels), { random, draws: 20 });
  });
  const quiet = trials.filter((found) => found.informationBits.value <= found.informationChanceBits);
  expect(quiet.length).toBeGreaterThanOrEqual(34);
});

test('says what it cannot work with', () => {
  expect(() => attributeRule([1, 2], [true, true])).toThrow(InputError);
  expect(() => attributeRule([1, Number.NaN], [true, false])).toThrow('not a finite number');
  expect(() => attributeRule([1], [true, false])).toThrow('do not belong together');
});
