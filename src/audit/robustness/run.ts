import { EVASION_ATTACKS } from '../../attack/evasion/attacks.ts';
import { openDetectorGradient } from '../../attack/evasion/detector/gradient.ts';
import { QUERY_ATTACKS } from '../../attack/evasion/query-attacks.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { judgeEncoder } from '../../encoder/knowledge.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import type { Graph } from '../../graph/graph.ts';
import { decodeImage } from '../../image/decode.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { CapabilityError, InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { Cost, Curve, Queries, Rate, SelfTest, Smallest } from '../findings.ts';
import { genuineRates } from '../genuine-rates.ts';
import { type Judge, openJudge, type ThresholdSources } from '../judge.ts';
import type { MadeFace } from '../shown-faces.ts';
import { type AuditFace, chooseSubjects, type Subject } from '../subjects.ts';
import { VERDICT_FMR } from '../verdict.ts';
import type { AuditStore } from '../work-folder.ts';
import { perturbFaces } from './adversarial-faces.ts';
import { affordablePairs } from './budget.ts';
import { droppedRates, mainAttack, type RobustnessContext, verdictEpsilon } from './context.ts';
import { noiseControls, plantedControls } from './controls.ts';
import { decideRobustness, type RobustnessDecision, VERDICT_EPSILON } from './decide.ts';
import { measureDefence, openDefended } from './defences.ts';
import { type DetectorMeasurements, evadedDetector } from './detector.ts';
import { gradientPool } from './gradients.ts';
import { choosePairs } from './pairs.ts';
import { attackPhotos, type PhotoSource } from './photo-space.ts';
import { physicalRates } from './physical.ts';
import { breaches } from './query-breaches.ts';
import { selfTests } from './self-tests.ts';
import { smallestAgainst } from './smallest.ts';
import { againstEpsilon, epsilonCurves, transfer } from './white-box.ts';

/** The parts of a robustness audit, in the order in which they run; controls and self-tests always run. */
export const ROBUSTNESS_PARTS = [
  'epsilon',
  'transfer',
  'smallest',
  'queries',
  'defences',
  'physical',
  'photos',
  'detector',
] as const;
export type RobustnessPart = (typeof ROBUSTNESS_PARTS)[number];

/** What is audited, and how. */
export interface RobustnessAuditOptions extends ThresholdSources, SessionOptions {
  readonly target: Encoder;
  /** Encoders that an attacker has instead of the target, and further targets of transfer. */
  readonly surrogates: readonly Encoder[];
  readonly faces: ThresholdSources['faces'] & { readonly attacked: readonly AuditFace[] };
  /** Names of attacks by gradient ({@link EVASION_ATTACKS}) and of attacks that only ask ({@link QUERY_ATTACKS}). */
  readonly attacks: readonly string[];
  readonly queryAttacks: readonly string[];
  readonly parts: readonly RobustnessPart[];
  /** Budgets in levels of 255. */
  readonly epsilons: readonly number[];
  /** Pairs of each goal at most, and those of them that are attacked by queries. */
  readonly pairs: number;
  readonly queryPairs: number;
  /** False match rate whose threshold the smallest perturbations have to cross. */
  readonly smallestFmr: number;
  readonly maxQueries: number;
  /** Specs of defences, each measured by itself. */
  readonly defences: readonly string[];
  /** Pairs of each goal on which things that are worn are simulated, at most. */
  readonly physicalPairs: number;
  /** Whole photos of each goal that are attacked, at most, and what finds faces in them; without it, and where the faces are cut out already, none are. */
  readonly photos?: WholePhotos;
  readonly showFaces: boolean;
  readonly seed: number;
  /** When the audit should be done, in milliseconds as of Date.now(): fewer pairs are attacked where the time does not suffice. */
  readonly endsAt?: number;
  readonly store: AuditStore;
}

/** How whole photos are attacked. */
export interface WholePhotos {
  /** Photos of each goal, at most. */
  readonly pairs: number;
  /** Every attack and budget, or the main attack within the verdict's budget alone. */
  readonly every: boolean;
  readonly openPipeline: () => Promise<FacePipeline>;
  /** The graph of the detector that the pipeline has. */
  readonly loadDetector: () => Promise<Graph>;
}

/** What a robustness audit measured. */
export interface RobustnessMeasurements {
  readonly decision: RobustnessDecision;
  readonly rates: Rate[];
  readonly smallest: Smallest[];
  readonly queries: Queries[];
  readonly curves: Curve[];
  readonly selfTests: SelfTest[];
  readonly costs: Cost[];
  readonly thresholds: readonly Threshold[];
  readonly subjects: readonly Subject[];
  readonly access: { readonly kind: 'white-box' | 'black-box'; readonly reason: string };
  readonly queriesSent: number;
  /** Photos perturbed by the main attack within the verdict's budget. */
  readonly made: readonly MadeFace[];
}

/**
 * Audits how an encoder can be fooled by small changes of a photo: dodging and impersonation, by its own gradient, by those of others and by asking alone; what the
 * defences are worth; beside planted encoders, noise and self-tests.
 *
 * @throws InputError for attacks, defences or budgets that do not exist, or where there is nobody to attack; CapabilityError where no attack is possible.
 */
export async function runRobustnessAudit(options: RobustnessAuditOptions): Promise<RobustnessMeasurements> {
  const attacks = named(options.attacks, EVASION_ATTACKS);
  const queryAttacks = named(options.queryAttacks, QUERY_ATTACKS);
  const epsilons = requireEpsilons(options.epsilons);
  const random = new Random(options.seed);
  const { access, reason } = judgeEncoder(options.target);
  if (access === 'black-box' && options.surrogates.length === 0 && queryAttacks.length === 0) {
    throw new CapabilityError(`"${options.target.id}" cannot be attacked: ${reason}`, {
      hint: 'name a surrogate with --surrogate, or attacks that only ask with --query-attacks',
    });
  }
  const subjects = chooseSubjects(options.faces.attacked, { people: options.pairs, random });
  if (subjects.length < 2)
    throw new InputError('robustness needs two people or more', { hint: 'give more with --data' });
  const judges: Judge[] = [];
  for (const encoder of [options.target, ...options.surrogates])
    judges.push(await openJudge(encoder, { ...options, fmrs: [options.smallestFmr] }));
  const [self, ...others] = judges as [Judge, ...Judge[]];
  const gradients = gradientPool(options);
  const context: RobustnessContext = {
    ...options,
    self,
    others,
    pairs: choosePairs(subjects),
    gradients,
    attacks,
    queryAttacks,
    epsilons,
    random,
  };
  try {
    const isWhiteBox = access === 'white-box';
    return await measure(context, subjects, { ...options, isWhiteBox, access: { kind: access, reason } });
  } finally {
    await gradients.close();
  }
}

interface MeasureOptions extends RobustnessAuditOptions {
  readonly isWhiteBox: boolean;
  readonly access: RobustnessMeasurements['access'];
}

async function measure(
  whole: RobustnessContext,
  everybody: readonly Subject[],
  options: MeasureOptions,
): Promise<RobustnessMeasurements> {
  const subjects = everybody.slice(0, await affordablePairs(whole, everybody, options));
  const context = { ...whole, pairs: choosePairs(subjects) };
  const { self, others } = context;
  const has = (part: RobustnessPart): boolean => options.parts.includes(part);

  // Before any attack, since thresholds of their own are needed: of these nobody else has any.
  const behind = has('defences') ? await openDefended(context, options) : [];
  const rates: Rate[] = [];
  const smallest: Smallest[] = [];
  const queries: Queries[] = [];
  const costs: Cost[] = [];
  const thresholds = [self, ...others].flatMap((judge) => judge.thresholds);
  for (const judge of [self, ...others])
    rates.push(...(await genuineRates(subjects, judge, context)), ...(await droppedRates(context, judge)));
  if (has('epsilon') && options.isWhiteBox) rates.push(...(await againstEpsilon(context)));
  if (has('transfer')) rates.push(...(await transfer(context, !has('epsilon'))));
  if (has('smallest') && options.isWhiteBox) {
    const gradient = await context.gradients.of([self]);
    smallest.push(...(await smallestAgainst(context, self, { gradient, norms: ['linf', 'l2'] })));
  }
  const asked = has('queries')
    ? await breaches(context, self, context.queryAttacks)
    : { rows: [], curves: [], sent: 0 };
  queries.push(...asked.rows);
  for (const defended of behind) {
    const measured = await measureDefence(defended, has('queries') ? context : { ...context, queryAttacks: [] }, {
      subjects,
      smallest: has('smallest'),
    });
    rates.push(...measured.rates);
    smallest.push(...measured.smallest);
    queries.push(...measured.queries);
    costs.push(...measured.costs);
    thresholds.push(...defended.judge.thresholds);
  }
  if (has('physical') && options.isWhiteBox) rates.push(...(await physicalRates(context, options.physicalPairs)));
  const source = await openPhotos(context, options);
  if (source && has('photos') && options.isWhiteBox)
    rates.push(...(await attackPhotos(context, source, { ...options, ...photoAttacks(context, source) })));
  if (source && has('detector')) {
    const evaded = await attackDetector(context, source, options);
    rates.push(...evaded.rates);
    smallest.push(...evaded.smallest);
  }
  const controls = [
    ...(await noiseControls(context)),
    ...(await plantedControls(context, {
      ...options,
      whiteBox: options.isWhiteBox || others.length > 0,
      queries: has('queries'),
    })),
  ];
  const target = self.encoder.id;
  const tests = selfTests(
    rates.filter((rate) => rate.target === target && rate.fmr === VERDICT_FMR),
    target,
    verdictEpsilon(context),
  );
  return {
    decision: decideRobustness({ target, rates, queries, controls, selfTests: tests, isWhiteBox: options.isWhiteBox }),
    rates,
    smallest,
    queries,
    curves: [
      ...epsilonCurves(
        rates,
        others.map(({ encoder }) => encoder.id),
      ),
      ...asked.curves,
    ],
    selfTests: tests,
    costs,
    thresholds,
    subjects,
    access: options.access,
    queriesSent: asked.sent,
    made: options.isWhiteBox && options.showFaces ? await madeFaces(context) : [],
  };
}

/** Perturbed photos to show. They are those of the curves and of transfer, which the store holds. */
async function madeFaces(context: RobustnessContext): Promise<MadeFace[]> {
  const attack = mainAttack(context);
  if (!attack) return [];
  const goal = context.pairs.dodge.length > 0 ? 'dodge' : 'impersonate';
  const { images, pairs } = await perturbFaces(attack, context.pairs[goal], {
    ...context,
    norm: 'linf',
    epsilon: verdictEpsilon(context),
    madeWith: [context.self],
    resources: { gradient: await context.gradients.of([context.self]) },
  });
  return images.map((image, i) => ({ person: pairs[i]?.person ?? '', attack: `${attack.name}, ${goal}`, image }));
}

/** The whole photos behind the pairs; undefined where the faces were cut out before. */
async function openPhotos(
  context: RobustnessContext,
  { photos }: MeasureOptions,
): Promise<(PhotoSource & WholePhotos) | undefined> {
  const hasPhotos = context.pairs.impersonate.some(({ probeFace }) => probeFace.photo !== undefined);
  if (!photos || !hasPhotos) return undefined;
  return {
    ...photos,
    pipeline: await photos.openPipeline(),
    photoOf: async ({ probeFace: { photo } }) =>
      photo && { image: (await decodeImage(photo.path)).image, box: photo.box },
  };
}

/** On whole photos every attack and budget runs only where that is asked for: they go through the network one by one. */
function photoAttacks(
  context: RobustnessContext,
  { pairs, every }: WholePhotos,
): Pick<RobustnessContext, 'attacks' | 'epsilons'> & { readonly pairs: number } {
  const main = mainAttack(context);
  return every
    ? { pairs, attacks: context.attacks, epsilons: context.epsilons }
    : { pairs, attacks: main ? [main] : [], epsilons: [verdictEpsilon(context)] };
}

async function attackDetector(
  context: RobustnessContext,
  { pipeline, photoOf, loadDetector, pairs }: PhotoSource & WholePhotos,
  options: SessionOptions,
): Promise<DetectorMeasurements> {
  const images = await Promise.all(context.pairs.impersonate.slice(0, pairs).map(photoOf));
  const gradient = await openDetectorGradient(await loadDetector(), options);
  try {
    const photos = images.flatMap((photo) => (photo ? [photo.image] : []));
    return await evadedDetector(context, photos, { pipeline, gradient });
  } finally {
    await gradient.close();
  }
}

/** The members of a family by their names, in the family's order. */
function named<T extends { readonly name: string }>(names: readonly string[], family: readonly T[]): T[] {
  const unknown = names.find((name) => !family.some((one) => one.name.toLowerCase() === name.toLowerCase()));
  if (unknown !== undefined) {
    throw new InputError(`there is no attack "${unknown}"`, {
      hint: `attacks are: ${family.map(({ name }) => name).join(', ')}`,
    });
  }
  return family.filter((one) => names.some((name) => name.toLowerCase() === one.name.toLowerCase()));
}

function requireEpsilons(epsilons: readonly number[]): number[] {
  if (epsilons.length === 0 || epsilons.some((epsilon) => !(epsilon > 0 && epsilon <= 255)))
    throw new InputError(`budgets of ${epsilons.join(', ')} levels`, { hint: 'give levels above 0 and up to 255' });
  if (!epsilons.some((epsilon) => epsilon <= VERDICT_EPSILON))
    throw new InputError(`budgets of ${epsilons.join(', ')} levels alone`, {
      hint: `the verdict is about changes of at most ${VERDICT_EPSILON}: give one that is no larger`,
    });
  return [...new Set(epsilons)].sort((a, b) => a - b);
}
