import { describe, expect, test } from 'vitest';
import type { FaceDataset } from '../data/sample.ts';
import { splitOf } from '../data/splits.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { chooseSamples } from './choose-samples.ts';

/** Two photos of each of so many people. */
function dataset(people: number, keep: (person: string) => boolean = () => true): FaceDataset {
  const names = Array.from({ length: people }, (_, i) => `person ${i}`).filter(keep);
  const samples = names.flatMap((person) =>
    [1, 2].map((n) => ({ id: `${person}/${n}.jpg`, person, path: `/nowhere/${person}/${n}.jpg`, aligned: true })),
  );
  return { name: 'made', kind: 'folder', root: '/nowhere', description: 'made', samples };
}

const options = (ownModel: boolean) => ({ people: 1000, auxiliaryPeople: 50, random: new Random(1), ownModel });
const sidesOf = (samples: readonly { readonly person: string }[]) =>
  new Set(samples.map(({ person }) => splitOf(person)));

describe('chooseSamples', () => {
  test('keeps the three sides apart where there are people enough', () => {
    const { attacked, calibration, auxiliary } = chooseSamples(dataset(400), options(false));
    expect([sidesOf(attacked), sidesOf(calibration), sidesOf(auxiliary)]).toEqual([
      new Set(['test']),
      new Set(['calibration']),
      new Set(['train']),
    ]);
  });

  test('attacks everybody of a small data set, but with a model of the user’s own the test side alone', () => {
    const small = dataset(40);
    expect(sidesOf(chooseSamples(small, options(false)).attacked).size).toBe(3);
    expect(sidesOf(chooseSamples(small, options(true)).attacked)).toEqual(new Set(['test']));
  });

  test('refuses where a model of the user’s own may have seen everybody', () => {
    const trained = dataset(40, (person) => splitOf(person) === 'train');
    expect(chooseSamples(trained, options(false)).attacked.length).toBeGreaterThan(0);
    expect(() => chooseSamples(trained, options(true))).toThrow(InputError);
  });
});
