import type { FaceDataset, FaceSample } from '../data/sample.ts';
import { splitByPerson } from '../data/splits.ts';
import { InputError } from '../util/errors.ts';
import type { Random } from '../util/random.ts';

/** Which photos an audit reads, and for what. */
export interface ChosenSamples {
  readonly attacked: readonly FaceSample[];
  readonly calibration: readonly FaceSample[];
  readonly auxiliary: readonly FaceSample[];
  /** How they were chosen, as a sentence to show. */
  readonly description: string;
}

/** People on the test side from which on the data set is split; below, everybody is attacked and shipped thresholds serve. */
const FEWEST_TEST_PEOPLE = 20;

/** Photos of one person that are read. */
const PHOTOS_PER_PERSON = 6;

/**
 * Chooses photos: people of the test side are attacked, those with several photos first; people of the calibration side fix the thresholds, one photo each; people of
 * the training side are whom the attacker knows. Only photos that are needed are read.
 *
 * @throws InputError where nobody may be attacked.
 */
export function chooseSamples(
  dataset: FaceDataset,
  options: {
    readonly people: number;
    readonly auxiliaryPeople: number;
    readonly random: Random;
    /** The attacker brings a model of the user's own, which may have been trained on this data set: people of its training side are then never attacked. */
    readonly ownModel?: boolean;
  },
): ChosenSamples {
  const sides = splitByPerson(dataset.samples);
  const testPeople = peopleOf(sides.test).size;
  if (options.ownModel && testPeople === 0) {
    throw new InputError(
      `${dataset.name} has nobody on the test side, and the inverter may have been trained on the others`,
      {
        hint: 'give more people (15 % are on the test side, by a hash of the name), or leave out --inverter',
      },
    );
  }
  if (testPeople < FEWEST_TEST_PEOPLE) {
    const whom = options.ownModel
      ? 'they alone are attacked, since the inverter may have been trained on the others,'
      : 'everybody may be attacked,';
    return {
      attacked: somePeople(options.ownModel ? sides.test : dataset.samples, options.people, options.random),
      calibration: [],
      auxiliary: [],
      description: `${dataset.name} has ${testPeople} people on the test side: ${whom} with the thresholds that come with the encoder`,
    };
  }
  return {
    attacked: somePeople(sides.test, options.people, options.random),
    calibration: onePerPerson(sides.calibration),
    auxiliary: options.random.fork('auxiliary').sample(onePerPerson(sides.train), options.auxiliaryPeople),
    description: `people of the test side are attacked; those of the calibration side fix the thresholds${options.auxiliaryPeople > 0 ? '; those of the training side are whom the attacker knows' : ''}`,
  };
}

function somePeople(samples: readonly FaceSample[], count: number, random: Random): FaceSample[] {
  const people = peopleOf(samples);
  const names = random.fork('people').shuffle([...people.keys()].sort());
  const several = names.filter((name) => (people.get(name)?.length ?? 0) > 1);
  const single = names.filter((name) => people.get(name)?.length === 1);
  return [...several, ...single]
    .slice(0, count)
    .flatMap((name) => random.fork(`photos of ${name}`).sample([...(people.get(name) ?? [])], PHOTOS_PER_PERSON));
}

const peopleOf = (samples: readonly FaceSample[]): Map<string, FaceSample[]> =>
  Map.groupBy(samples, ({ person }) => person);

const onePerPerson = (samples: readonly FaceSample[]): FaceSample[] =>
  [...peopleOf(samples).values()].flatMap((own) => own.slice(0, 1));
