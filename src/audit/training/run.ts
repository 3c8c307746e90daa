import type { ModelInversionAttack } from '../../attack/inversion/model/attack.ts';
import { type ClassHead, classCentres, classifierHead } from '../../attack/inversion/model/target.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { Control, Curve, Likeness, Membership, Rate, Recognition, SelfTest } from '../findings.ts';
import { createJudge, type Judge } from '../judge.ts';
import { jobOf, type TrainingAuditOptions, type TrainingContext } from './context.ts';
import { chanceFaces, inversionControls } from './controls.ts';
import { decideTraining, type TrainingDecision } from './decide.ts';
import { directionOf, type Gallery, openGallery } from './gallery.ts';
import { measureInversion } from './inversion.ts';
import { linkageCurves } from './linkage.ts';
import { askedPhotos, membershipRows, type Witness, witness } from './membership.ts';
import { membershipControls } from './membership-controls.ts';
import { strangersAsPeople, type TrainingPerson } from './people.ts';
import type { MadeFaces } from './reconstruct.ts';
import { classifiedRightly, strangersRecognised } from './utility.ts';

/** What an audit of a trained model measured. */
export interface TrainingMeasurements {
  readonly decision: TrainingDecision;
  readonly rates: Rate[];
  readonly controls: Control[];
  readonly selfTests: SelfTest[];
  readonly likeness: Likeness[];
  readonly membership: Membership[];
  readonly recognition: Recognition[];
  /** Linkage by number of pairs; none where the model has no front, or it was not asked for. */
  readonly curves: Curve[];
  readonly attackedPeople: readonly TrainingPerson[];
  /** People whom an audited encoder was not trained on, and whose mean embeddings were inverted, or at least compared with, for comparison. */
  readonly comparedStrangers: readonly TrainingPerson[];
  /** Attacks that ran. */
  readonly attacks: readonly ModelInversionAttack[];
  /** Faces that the attacks sent to the model for its labels. */
  readonly queries: number;
  /** What each attack made of the attacked people's classes. */
  readonly made: readonly MadeFaces[];
}

/**
 * Audits what a trained model gives away of its training photos: inverts its classes, asks of photos whether they were trained on, and measures what the model is good for; beside planted models that
 * must be found, and such that must not.
 *
 * Cost: that of the attacks, for each seed and person; half as much again for the planted models. Rows of attacks are kept in the store.
 *
 * @throws InputError where there are fewer than two people; CapabilityError where the model allows none of the attacks.
 */
export async function runTrainingAudit(options: TrainingAuditOptions): Promise<TrainingMeasurements> {
  const { people, seed } = options;
  if (people.length < 2) {
    throw new InputError(`a training folder with ${people.length} usable people can give nobody away`, {
      hint: 'an audit needs two people or more, of two photos or more each',
    });
  }
  const random = new Random(seed);
  const judges = options.judges.map((encoder) => createJudge(encoder));
  const galleries: Gallery[] = [];
  const everybody = [...people, ...comparedStrangers(options, random)];
  for (const judge of judges) galleries.push(await openGallery(judge, everybody, jobOf(options)));
  const places = random.fork('attacked').sample([...people.keys()], options.attacked);
  const strangerPlaces = [...everybody.keys()].slice(people.length).slice(0, options.attacked);
  const runs = Array.from({ length: options.seeds }, (_, i) => seed + i);
  const context: TrainingContext = { ...options, random, everybody, galleries, places, strangerPlaces, runs };

  const model = createJudge(options.model);
  const head = await headOf(model, context);
  const unaimed = await chanceFaces(context);
  const inversion = await measureInversion(head, unaimed, context);
  const controls = await inversionControls(inversion.attacks, unaimed, context);
  const { membership, selfTests } = await measureMembership(model, head, judges, context);
  const job = { ...jobOf(options), random: random.fork('utility') };
  const recognised = options.kind === 'encoder' ? await strangersRecognised(model, options.strangers, job) : undefined;
  const classified = options.kind === 'classifier' ? await classifiedRightly(model, people, head, job) : [];
  const [judge] = judges;
  const curves = options.front && judge ? await linkageCurves(options.front, judge, context) : [];
  const measured = { rates: [...inversion.rates, ...classified], controls, selfTests, membership };
  return {
    ...measured,
    decision: decideTraining({ ...measured, target: options.model.id, galleryPeople: everybody.length }),
    likeness: inversion.likeness,
    curves,
    recognition: recognised ? [recognised] : [],
    comparedStrangers: everybody.slice(people.length),
    attackedPeople: places.map((k) => people[k] as TrainingPerson),
    attacks: inversion.attacks,
    queries: inversion.queries,
    made: inversion.made,
  };
}

/**
 * Strangers to compare an encoder's people with. What can be had of a granted mean embedding can be had of anybody's, as template inversion shows; only what goes beyond strangers comes from the training.
 *
 * @throws InputError where there are fewer than two with two photos.
 */
function comparedStrangers({ kind, strangers, people }: TrainingAuditOptions, random: Random): TrainingPerson[] {
  if (kind === 'classifier') return [];
  const compared = strangersAsPeople(strangers, { count: people.length, random: random.fork('compared strangers') });
  if (compared.length >= 2) return compared;
  throw new InputError(`${compared.length} public people have two photos or more`, {
    hint: 'what an encoder gives away of its people is compared with what it gives away of others: give two public people or more, of two photos each',
  });
}

/** What the model's answers mean. The attacker on an encoder is granted the mean embedding of each person, which a classifier would have as its last weights. */
async function headOf(model: Judge, { kind, everybody: people, ...job }: TrainingContext): Promise<ClassHead> {
  const answers = await model.embed(
    people.flatMap((person) => person.faces),
    jobOf(job),
  );
  if (kind === 'classifier') return classifierHead(answers);
  const labels = people.flatMap((person, place) => person.faces.map(() => place));
  return { kind: 'centres', centres: classCentres(answers.map(directionOf), labels, people.length) };
}

/** Membership of photos, and whether it is measured rightly; nothing where no photos were held out. */
async function measureMembership(
  model: Judge,
  head: ClassHead,
  judges: readonly Judge[],
  { people, random, ...job }: TrainingContext,
): Promise<Pick<TrainingMeasurements, 'membership' | 'selfTests'>> {
  const photos = askedPhotos(people);
  if (new Set(photos.map(({ person }) => person)).size < 2) return { membership: [], selfTests: [] };
  const options = { job: jobOf(job) };
  const references: { readonly judge: Judge; readonly witness: Witness }[] = [];
  for (const judge of judges) references.push({ judge, witness: await witness(judge, photos, options) });
  const target = await witness(model, photos, { ...options, head });
  return {
    membership: membershipRows(
      photos,
      target,
      references.map((reference) => reference.witness),
      random.fork('membership'),
    ),
    selfTests: await membershipControls(photos, references, { ...options, random: random.fork('planted membership') }),
  };
}
