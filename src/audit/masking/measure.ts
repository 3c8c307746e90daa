import { type LinkageFigures, measureLinkage, PAIR_COUNTS } from '../../attack/inference/linkage/linkage.ts';
import { ridgeStudent } from '../../attack/inference/linkage/ridge-student.ts';
import type { MaskedFace } from '../../attack/inference/linkage/student.ts';
import type { Generator } from '../../attack/inversion/latent-optimisation.ts';
import type { ModelInversionAttack } from '../../attack/inversion/model/attack.ts';
import { labelOracle } from '../../attack/inversion/model/label-oracle.ts';
import { classCentres, modelTarget } from '../../attack/inversion/model/target.ts';
import type { FrontSettings } from '../../defence/training/masking/front.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { Weights } from '../../nn/parameters.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { InputError } from '../../util/errors.ts';
import type { JobOptions } from '../../util/progress.ts';
import { Random } from '../../util/random.ts';
import { createJudge, type Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import { accuracyRows } from '../training/accuracy.ts';
import type { AttackEffort } from '../training/context.ts';
import { jobOf, sessionOf } from '../training/context.ts';
import { shapeBehind } from '../training/front-faces.ts';
import { directionsOf, type Gallery, openGallery } from '../training/gallery.ts';
import { likenessOf } from '../training/likeness.ts';
import { askedPhotos, membershipRows, type Witness, witness } from '../training/membership.ts';
import { strangersAsPeople, type TrainingPerson } from '../training/people.ts';
import { invertClasses } from '../training/reconstruct.ts';
import type { AuditStore } from '../work-folder.ts';
import type { Contender } from './contender.ts';
import { type MaskedExample, maskedExamples, showExamples } from './masked-sides.ts';
import { qualityOfMixes, type RecoveredMix, recoverMixes } from './recovered.ts';
import type { LinkageFiguresOf, MaskingResult } from './result.ts';
import { measureUtility } from './utility.ts';

/** Whom and with what all contenders are measured. */
export interface MaskingBenchOptions extends JobOptions, SessionOptions {
  /** Who was trained on; the same in all trainings. */
  readonly people: readonly TrainingPerson[];
  /** Of the calibration side: what the attacker has learnt from. */
  readonly attackers: readonly AuditFace[];
  /** Of the test side: nobody else has seen them. */
  readonly strangers: readonly AuditFace[];
  /**
   * Of the training side, whom no recogniser here was trained on: their classes are inverted beside those who were. They must be strangers to the generator as much, or as little, as the trained ones are: else
   * what it knows of its own people passes for what the recogniser gives away.
   */
  readonly untrained: readonly AuditFace[];
  /** The first gives the templates that are linked. None of them had a part in any training here. */
  readonly judges: readonly [Judge, ...Judge[]];
  readonly attacks: readonly ModelInversionAttack[];
  readonly generator: Generator;
  readonly effort: AttackEffort;
  /** People whose classes are inverted, and as many strangers. */
  readonly attacked: number;
  /** People whose training mixes are linked and recovered. */
  readonly linked: number;
  readonly recoverySteps: number;
  /** Of what is measured: the same for all contenders. */
  readonly seed: number;
}

/** A recogniser that was trained. */
export interface TrainedContender {
  readonly contender: Contender;
  /** Of its training. */
  readonly seed: number;
  readonly encoder: Encoder;
  readonly front: FrontSettings;
  /** What the masking was at times spread over the training, where it is learnt: a training has shown mixes of all of them. One where it stays the same. */
  readonly maskings: readonly Weights[];
}

/** People among whom judges look for a made face, of each kind. */
const GALLERY = 100;

/** The linear student alone: the network cost six times as much and was never the better one on held-out people in the trials before this (InstaHide's included); what is not linear, recovery covers. */
const STUDENTS = [ridgeStudent] as const;

/** Draws for the interval of the area, beside which rank-1 is what counts. */
const AREA_DRAWS = 100;

/** What of a result is measured here. */
export type MaskingFigures = Pick<
  MaskingResult,
  'meanCount' | 'meanCounts' | 'utility' | 'linkage' | 'recovery' | 'inversion' | 'likeness' | 'membership'
>;

/** Measures trained recognisers, one after the other, against the same people and attackers. */
export interface MaskingBench {
  /** @param store - where attacks on this recogniser are kept until it is measured. */
  measure(trained: TrainedContender, store: AuditStore): Promise<MaskingFigures>;
}

/**
 * Prepares what all contenders share: galleries of the judges, and what they say of photos whose membership is asked.
 *
 * @throws InputError where people are too few for one of the measurements.
 */
export async function openMaskingBench(options: MaskingBenchOptions): Promise<MaskingBench> {
  const { people, untrained, judges, attacked, linked, seed } = options;
  const job = jobOf(options);
  const random = new Random(seed);
  const own = random.fork('gallery').sample(people, GALLERY);
  const others = strangersAsPeople(untrained, { count: GALLERY, random: random.fork('untrained') });
  // A mean of more photos is rebuilt and recognised more easily: both kinds have as many.
  const photos = Math.min(...own.map(({ faces }) => faces.length));
  const everybody = [...own, ...others.filter(({ faces }) => faces.length >= photos)].map((person, label) => ({
    ...person,
    label,
    faces: person.faces.slice(0, photos),
  }));
  const places = {
    trained: [...everybody.keys()].slice(0, own.length).slice(0, attacked),
    strangers: [...everybody.keys()].slice(own.length).slice(0, attacked),
  };
  const galleries: Gallery[] = [];
  for (const judge of judges) galleries.push(await openGallery(judge, everybody, job));
  const asked = askedPhotos(people);
  const references: Witness[] = [];
  for (const judge of judges) references.push(await witness(judge, asked, { job }));
  const linkedPeople = random.fork('linked').sample(people, linked);
  const targets = {
    searched: linkedPeople.flatMap(({ faces }) => faces.slice(0, 1)),
    probes: linkedPeople.flatMap(({ faces }) => faces.slice(1)),
  };
  const shared = { everybody, places, galleries, asked, references, targets };
  return { measure: (trained, store) => measureContender(trained, { ...options, ...shared, store }) };
}

interface Shared extends MaskingBenchOptions {
  readonly everybody: readonly TrainingPerson[];
  readonly places: Readonly<Record<'trained' | 'strangers', readonly number[]>>;
  readonly galleries: readonly Gallery[];
  readonly asked: ReturnType<typeof askedPhotos>;
  readonly references: readonly Witness[];
  /** Of each linked person the photo that is searched for, and those that are searched with. */
  readonly targets: Readonly<Record<'searched' | 'probes', readonly AuditFace[]>>;
  readonly store: AuditStore;
}

async function measureContender(trained: TrainedContender, shared: Shared): Promise<MaskingFigures> {
  const { people, strangers, asked, references, seed } = shared;
  const job = jobOf(shared);
  const model = createJudge(trained.encoder);
  const utility = await measureUtility(model, { people, strangers }, { ...job, seed });
  const membership = membershipRows(
    asked,
    await witness(model, asked, { job }),
    references,
    new Random(seed).fork('membership'),
  );
  return {
    utility: {
      accuracy: {
        mean: utility.folds.mean,
        standardError: utility.folds.standardError,
        folds: utility.folds.folds.map(({ accuracy }) => accuracy),
      },
      eer: utility.strangers.eer,
      tarAtFar1: utility.strangers.tarAtFar1,
      tarAtFar01: utility.strangers.tarAtFar01,
      named: { ...utility.named },
      namedByChance: utility.namedByChance,
    },
    membership: membership.map(({ attack, reference, auc, tprAtFpr1 }) => ({ attack, reference, auc, tprAtFpr1 })),
    ...(await measureMixes(trained, shared)),
    ...(await measureInversion(trained, model, shared)),
  };
}

/** Linkage and recovery of what the training saw. */
async function measureMixes(
  { contender: { masking, strategy }, front, maskings, seed }: TrainedContender,
  { attackers, targets, judges: [judge], recoverySteps, seed: measured, ...context }: Shared,
): Promise<Pick<MaskingFigures, 'meanCount' | 'meanCounts' | 'linkage' | 'recovery'>> {
  const [job, session] = [jobOf(context), sessionOf(context)];
  const views = { ...session, masking, strategy, front, maskings };
  // Draws of their own on each side: an attacker does not know those of the training.
  const pairs = await maskedExamples(attackers, judge, { ...views, seed: hashOf(seed, 'attacker') }, job);
  // Apart: else a mix could hold the very photo of another that is searched through, and never its own person's.
  const masked = [
    ...(await maskedExamples(targets.searched, judge, { ...views, seed: hashOf(seed, 'searched') }, job)),
    ...(await maskedExamples(targets.probes, judge, { ...views, seed: hashOf(seed, 'training') }, job)),
  ];
  const mixes = await showExamples(masked, judge, views, job);
  const shape = shapeBehind(front);
  const linkage: MaskingFigures['linkage'] = [];
  const link = async (
    attacker: MaskingFigures['linkage'][number]['attacker'],
    pairCount: number,
    targetMixes: readonly MaskedFace[] = mixes,
  ): Promise<void> => {
    const options = { ...job, ...session, shape, seed: measured, pairCount, students: STUDENTS, draws: AREA_DRAWS };
    const row = await measureLinkage({ pairs, targets: targetMixes }, options);
    if (!row.templateToFace) throw new InputError('mixes were linked that nobody can be shown');
    linkage.push({
      attacker,
      pairs: attacker === 'recovered' ? pairs.length : pairCount,
      student: row.student ?? null,
      templateToFace: figuresOf(row.templateToFace),
      templateToTemplate: figuresOf(row.templateToTemplate),
    });
  };
  await link('shown', 0);
  for (const pairCount of PAIR_COUNTS.filter((count) => count > 0 && count < pairs.length / 2))
    await link('student', pairCount);
  await link('student', pairs.length);
  const networks = { ...job, ...session, shape, sizePx: front.sizePx, steps: recoverySteps, seed: measured };
  const recovered = await recoverMixes(pairs, mixes, judge, networks);
  await link(
    'recovered',
    0,
    mixes.map((mix, i) => ({ ...mix, ...recovered[i] })),
  );
  const qualityOf = (faces: readonly RecoveredMix[]) => {
    const { psnr, ssim, recognised } = qualityOfMixes(faces, mixes, judge, networks);
    return { psnr, ssim, recognised: recognised ?? null };
  };
  return {
    meanCount: meanCountOf(mixes),
    meanCounts: maskings.map((_, time) => meanCountOf(mixes.filter((mix) => mix.time === time))),
    linkage,
    recovery: [
      { attacker: 'shown', ...qualityOf(mixes) },
      { attacker: 'recovered', ...qualityOf(recovered) },
    ],
  };
}

const meanCountOf = (mixes: readonly MaskedExample[]): number =>
  mixes.reduce((sum, { count }) => sum + count, 0) / mixes.length;

/** A seed that is another one for each use of the same training. */
const hashOf = (seed: number, use: string): number => new Random(seed).fork(use).uint32();

const figuresOf = ({ rank1, anybody, auc, chance, found }: LinkageFigures): LinkageFiguresOf => ({
  rank1: { ...rank1 },
  anybody: { ...anybody },
  auc: { ...auc },
  chance,
  found: found.map((own) => [...own]),
});

/** Inverts trained people's classes, and strangers' in the same way. */
async function measureInversion(
  { contender, seed, encoder }: TrainedContender,
  model: Judge,
  { everybody, places, galleries, attacks, generator, effort, store, ...context }: Shared,
): Promise<Pick<MaskingFigures, 'inversion' | 'likeness'>> {
  const [job, session] = [jobOf(context), sessionOf(context)];
  const faces = everybody.flatMap((person) => person.faces);
  const labels = everybody.flatMap((person, place) => person.faces.map(() => place));
  const centres = classCentres(await directionsOf(model, faces, job), labels, everybody.length);
  const head = { kind: 'centres', centres } as const;
  const target = modelTarget(encoder, head);
  const resources = { generator, oracle: labelOracle(encoder, head), ...(target ? { target } : {}) };
  const inversion: MaskingFigures['inversion'] = [];
  const likeness: MaskingFigures['likeness'] = [];
  for (const attack of attacks) {
    const name = `${contender.name}, seed ${seed}`;
    const asked = [...places.trained, ...places.strangers];
    const { faces: made } = await invertClasses(attack, asked, resources, {
      ...{ ...job, ...session, ...effort, store, name, seeds: [seed] },
    });
    const sides = { trained: made.slice(0, places.trained.length), strangers: made.slice(places.trained.length) };
    for (const gallery of galleries) {
      const judge = gallery.judge.encoder.id;
      for (const side of ['trained', 'strangers'] as const) {
        if (places[side].length === 0) continue;
        const options = { attacked: places[side], target: name, random: new Random(context.seed).fork(side) };
        const rows = await accuracyRows({ attack: attack.name, faces: sides[side] }, gallery, options, job);
        rows.forEach(({ row, chance }, i) => {
          const { successes, trials, rate, low, high } = row;
          inversion.push({
            attack: attack.id,
            judge,
            of: side,
            places: i === 0 ? 1 : 5,
            rate: { successes, trials, rate, low, high },
            chance,
          });
        });
      }
      const options = { attacked: places.trained, random: new Random(context.seed).fork('likeness') };
      const row = await likenessOf({ attack: attack.name, faces: sides.trained }, gallery, options, job);
      if (row) {
        const { nearestTraining, frechetDistance, prdc } = row;
        likeness.push({ attack: attack.id, features: judge, nearestTraining, frechetDistance, prdc });
      }
    }
  }
  return { inversion, likeness };
}
