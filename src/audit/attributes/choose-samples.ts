import type { FaceDataset, FaceSample } from '../../data/sample.ts';
import { type Split, splitByPerson } from '../../data/splits.ts';
import { InputError } from '../../util/errors.ts';
import type { Random } from '../../util/random.ts';

/** Photos of one person that are read on each side: attackers gain more from other people than from other photos of one; recognition needs several. */
const PHOTOS: Readonly<Record<Split, number>> = { train: 2, calibration: 2, test: 4 };

/** Attackers learn from so many times the people that are judged. */
const TRAINING_SHARE = 3;

/** Fewest people on the test side that anything can be said of. */
const FEWEST_PEOPLE = 20;

/**
 * Chooses photos with labels: attackers learn from people of the training side, fix thresholds on those of the calibration side, and are judged on those of the test side, people with
 * several photos first.
 *
 * @param options.people - on the test side and on the calibration side, each, at most; three times as many to train on.
 * @throws InputError where the data set has no labels, does not know an attribute, or has too few people.
 */
export function chooseAttributeSamples(
  dataset: FaceDataset,
  options: { readonly people: number; readonly attributes: readonly string[]; readonly random: Random },
): Record<Split, FaceSample[]> {
  const labelled = dataset.samples.filter(({ attributes }) => attributes !== undefined);
  const [first] = labelled;
  if (!first) {
    throw new InputError(`${dataset.name} says nothing of attributes`, {
      hint: 'give a data set as CelebA has it: photos in images/, and attributes.csv or list_attr_celeba.txt with identity_CelebA.txt beside them',
    });
  }
  const known = Object.keys(first.attributes ?? {});
  const unknown = options.attributes.find((attribute) => !known.includes(attribute));
  if (unknown !== undefined)
    throw new InputError(`${dataset.name} has no attribute "${unknown}"`, { hint: `it has: ${known.join(', ')}` });
  const sides = splitByPerson(labelled);
  const chosen: Record<Split, FaceSample[]> = { train: [], calibration: [], test: [] };
  for (const side of ['train', 'calibration', 'test'] as const) {
    const count = side === 'train' ? TRAINING_SHARE * options.people : options.people;
    chosen[side] = somePeople(sides[side], count, PHOTOS[side], options.random.fork(side));
  }
  const people = new Set(chosen.test.map(({ person }) => person)).size;
  if (people < FEWEST_PEOPLE) {
    throw new InputError(`${dataset.name} has ${people} people on the test side, and ${FEWEST_PEOPLE} are needed`, {
      hint: 'give about 150 people or more: 15 % are on the test side, by a hash of the name',
    });
  }
  return chosen;
}

function somePeople(samples: readonly FaceSample[], count: number, photos: number, random: Random): FaceSample[] {
  const people = Map.groupBy(samples, ({ person }) => person);
  const names = random.fork('people').shuffle([...people.keys()].sort());
  const several = names.filter((name) => (people.get(name)?.length ?? 0) > 1);
  const single = names.filter((name) => people.get(name)?.length === 1);
  return [...several, ...single]
    .slice(0, count)
    .flatMap((name) => random.fork(`photos of ${name}`).sample([...(people.get(name) ?? [])], photos));
}
