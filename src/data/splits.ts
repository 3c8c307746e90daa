import { InputError } from '../util/errors.ts';
import { hashString } from '../util/random.ts';

/** The three sides of the one split by person. */
export type Split = 'train' | 'calibration' | 'test';

/**
 * The side that a person is on: train 70 %, calibration 15 %, test 15 %, by a hash of the name, so that it is the same in every data set and
 * session. Unicode form, case, and spaces against underscores do not matter.
 */
export function splitOf(person: string): Split {
  const name = person.normalize('NFKC').toLowerCase().replace(/[\s_]+/g, ' ').trim();
  const place = hashString(`person:${name}`) / 2 ** 32;
  if (place < 0.7) return 'train';
  return place < 0.85 ? 'calibration' : 'test';
}

/** The samples of each side. */
export function splitByPerson<T extends { readonly person: string }>(samples: readonly T[]): Readonly<Record<Split, T[]>> {
  const sides: Record<Split, T[]> = { train: [], calibration: [], test: [] };
  for (const sample of samples) sides[splitOf(sample.person)].push(sample);
  return sides;
}

/**
 * Refuses people of the test side; whatever trains or calibrates calls it.
 *
 * @throws InputError that names the first such person.
 */
export function refuseTestPeople(samples: readonly { readonly person: string }[], purpose: string): void {
  const found = samples.find(({ person }) => splitOf(person) === 'test');
  if (found) {
    throw new InputError(`${purpose} was given "${found.person}", who is on the test side`, {
      hint: 'use splitByPerson and take the train side: a person may never be on two sides',
    });
  }
}
