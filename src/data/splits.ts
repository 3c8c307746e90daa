import { InputError } from '../util/errors.ts';
import { hashString } from '../util/random.ts';

/** train 70 %, calibration 15 % (thresholds, early stopping), test 15 % (the figures that are reported). */
export type Split = 'train' | 'calibration' | 'test';

/**
 * The side a person is on: a hash of the name decides, so that it is the same on every machine and in every data set.
 *
 * Spellings of one name (case, accents, spaces, underscores, Unicode forms) are on the same side. A data set that only numbers its people must
 * put its own name in front (`celeba-2880`); the same human under two names cannot be recognised.
 *
 * @throws InputError where the name holds no letter or digit.
 */
export function splitOf(person: string): Split {
  const share = hashString(`person:${normaliseName(person)}`) / 2 ** 32;
  if (share < 0.7) return 'train';
  return share < 0.85 ? 'calibration' : 'test';
}

/** The samples of each side, in their order. Throws as {@link splitOf}. */
export function splitByPerson<T extends { readonly person: string }>(samples: readonly T[]): Record<Split, T[]> {
  const sides: Record<Split, T[]> = { train: [], calibration: [], test: [] };
  for (const sample of samples) sides[splitOf(sample.person)].push(sample);
  return sides;
}

/**
 * Refuses samples of a side that `purpose` must not see.
 *
 * @param purpose - what the samples are for, as it reads after "for": 'training an inverter'.
 * @throws InputError that names how many people are on that side, and one of them.
 */
export function refuseSplit(samples: readonly { readonly person: string }[], split: Split, purpose: string): void {
  const people = [...new Set(samples.map((sample) => sample.person))].filter((person) => splitOf(person) === split);
  if (people.length === 0) return;
  const others = people.length > 1 ? ` and ${people.length - 1} more` : '';
  throw new InputError(`people of the ${split} split must not be used for ${purpose}: ${people[0]}${others}`, {
    hint: 'take the samples from splitByPerson(...); figures on people that a model was trained on mean nothing',
  });
}

/** Refuses people of the test split: all code that trains or calibrates calls it first. Throws as {@link refuseSplit}. */
export function refuseTestPeople(samples: readonly { readonly person: string }[], purpose: string): void {
  refuseSplit(samples, 'test', purpose);
}

/**
 * A name without case, accents, Unicode forms, and with one space for spaces and underscores: spellings of one name become the same.
 *
 * @throws InputError where it holds no letter or digit.
 */
export function normaliseName(person: string): string {
  const name = person
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[\s_]+/gu, ' ')
    .trim();
  if (!/[\p{L}\p{N}]/u.test(name)) throw new InputError(`"${person}" is no name of a person`);
  return name;
}
