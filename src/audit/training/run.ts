import type { ModelInversionAttack } from '../../attack/inversion/model/attack.ts';
import { type ClassHead, classifierHead } from '../../attack/inversion/model/target.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { Control, Curve, Likeness, Membership, Quality, Rate, Recognition, SelfTest } from '../findings.ts';
import { createJudge, type Judge } from '../judge.ts';
import { affordablePeople, type BudgetContext } from './budget.ts';
import { jobOf, type TrainingAuditOptions, type TrainingContext } from './context.ts';
import { chanceFaces, inversionControls } from './controls.ts';
import { decideTraining, type TrainingDecision } from './decide.ts';
import { centresOf, type Gallery, openGallery, photosOf } from './gallery.ts';
import { measureInversion } from './inversion.ts';
import { linkageCurves } from './linkage.ts';
import { measureMembership } from './measured-membership.ts';
import { photosInCommon, strangersAsPeople, type TrainingPerson } from './people.ts';
import type { MadeFaces } from './reconstruct.ts';
import { measureRecovery } from './recovery.ts';
import { classifiedRightly, strangersRecognised } from './utility.ts';

/** What an audit of a trained model measured. */
export interface TrainingMeasurements {
  readonly decision: TrainingDecision;
  readonly rates: Rate[];
  readonly controls: Control[];
  readonly selfTests: readonly SelfTest[];
  readonly likeness: Likeness[];
  readonly membership: readonly Membership[];
  readonly recognition: Recognition[];
  /** Linkage by number of pairs; none where the model has no front, or it was not asked for. */
  readonly curves: readonly Curve[];
  /** Of faces recovered from what the front lets through; none where the model has no front, or it was not asked for. */
  readonly quality: readonly Quality[];
  /** Of judges, where they had to recognise. */
  readonly thresholds: readonly Threshold[];
  /** What was left out of the measurement, and why, one clause each. */
  readonly notMeasured: readonly string[];
  readonly attackedPeople: readonly TrainingPerson[];
  /** People whom an audited encoder was not trained on, and whose mean embeddings were inverted, or at least compared with, for comparison. */
  readonly comparedStrangers: readonly TrainingPerson[];
  /** Photos of each person that an encoder's centres were made of, at most; undefined of a classifier. */
  readonly centrePhotos: number | undefined;
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
  const compared = comparedStrangers(options, random);
  const everybody = [...people, ...compared];
  const centrePhotos = compared.length > 0 ? photosInCommon([people, compared]) : undefined;
  const runs = Array.from({ length: options.seeds }, (_, i) => seed + i);
  const shared = { ...options, random, everybody, centrePhotos, runs };
  const model = createJudge(options.model);
  const head = await headOf(model, shared);
  const attacked = await affordablePeople(head, shared);
  const places = random.fork('attacked').sample([...people.keys()], attacked);
  const strangerPlaces = [...everybody.keys()].slice(people.length).slice(0, attacked);
  const galleries: Gallery[] = [];
  for (const judge of judges) galleries.push(await openGallery(judge, everybody, { ...jobOf(options), centrePhotos }));
  const context: TrainingContext = { ...shared, attacked, galleries, places, strangerPlaces };

  const unaimed = await chanceFaces(context);
  const inversion = await measureInversion(head, unaimed, context);
  const controls = await inversionControls(inversion.attacks, unaimed, context);
  const { membership, selfTests, missing } = await measureMembership(model, head, judges, context);
  const job = { ...jobOf(options), random: random.fork('utility') };
  const recognised = options.kind === 'encoder' ? await strangersRecognised(model, options.strangers, job) : undefined;
  const classified = options.kind === 'classifier' ? await classifiedRightly(model, people, head, job) : [];
  const { front, students, recoverySteps } = options;
  const [judge] = judges;
  const linkage = front && judge && students.length > 0 ? await linkageCurves(front, judge, context) : undefined;
  const recovery = front && recoverySteps > 0 ? await measureRecovery(front, judges, context) : undefined;
  const rates = [...inversion.rates, ...classified, ...(recovery?.rates ?? [])];
  const measured = { rates, controls, selfTests, membership };
  const { id: target } = options.model;
  return {
    ...measured,
    decision: decideTraining({ ...measured, missing, target, galleryPeople: everybody.length }),
    likeness: inversion.likeness,
    curves: linkage?.curves ?? [],
    quality: recovery?.quality ?? [],
    thresholds: recovery?.thresholds ?? [],
    notMeasured: [
      ...inversion.notMeasured,
      ...(missing === undefined ? [] : [`membership (${missing})`]),
      ...(linkage?.notMeasured ?? []),
      ...(recovery?.notMeasured ?? []),
    ],
    recognition: recognised ? [recognised] : [],
    comparedStrangers: compared,
    centrePhotos,
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
async function headOf(model: Judge, { kind, everybody, centrePhotos, ...job }: BudgetContext): Promise<ClassHead> {
  if (kind === 'encoder') {
    return { kind: 'centres', centres: centresOf(await photosOf(model, everybody, jobOf(job)), centrePhotos) };
  }
  const faces = everybody.flatMap((person) => person.faces);
  return classifierHead(await model.embed(faces, jobOf(job)));
}
