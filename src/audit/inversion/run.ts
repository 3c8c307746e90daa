import { type InversionAttack, type InversionResources, whiteBoxTarget } from '../../attack/inversion/attack.ts';
import { possibleAttacks } from '../../attack/inversion/attacks.ts';
import { probeEncoder } from '../../attack/inversion/generator-adapter.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { judgeEncoder } from '../../encoder/knowledge.ts';
import type { Image } from '../../image/image.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { CapabilityError } from '../../util/errors.ts';
import type { JobOptions } from '../../util/progress.ts';
import { Random } from '../../util/random.ts';
import { type Curve, MEASURE, type PersonLeak, type Quality, type Rate } from '../findings.ts';
import { genuineRates } from '../genuine-rates.ts';
import { type Judge, openJudge, type ThresholdSources } from '../judge.ts';
import { type AuditFace, chooseSubjects, type Subject } from '../subjects.ts';
import { type Decision, decideVerdict, type MeasuredControl, VERDICT_FMR } from '../verdict.ts';
import type { AuditStore } from '../work-folder.ts';
import { affordablePeople } from './budget.ts';
import { chanceControls } from './controls.ts';
import { leakageCurves } from './curves.ts';
import { attackRates, leakRegister, qualityRows, rankRates } from './measure.ts';
import { plantedStrongEncoder, plantedWeakEncoder } from './planted.ts';
import { reconstruct } from './reconstruct.ts';
import { type AttackModels, attackSide } from './resources.ts';

/** The faces of an audit; nobody may be in two of these. */
export interface AuditFaces {
  readonly name: string;
  /** People who may be attacked. */
  readonly attacked: readonly AuditFace[];
  /** People whose faces fix the thresholds. */
  readonly calibration: readonly AuditFace[];
  /** People whose faces the attacker has. */
  readonly auxiliary: readonly AuditFace[];
}

/** What is audited, and how. */
export interface InversionAuditOptions extends JobOptions, SessionOptions, ThresholdSources {
  readonly target: Encoder;
  readonly judges: readonly Encoder[];
  readonly faces: AuditFaces;
  readonly models: AttackModels;
  readonly mode: 'auto' | 'black-box' | 'white-box' | 'both';
  /** People attacked at most. */
  readonly people: number;
  readonly iterations: number;
  readonly queries: number;
  /** Every variant of the attacks, or the strongest ones alone. */
  readonly variants: 'strongest' | 'all';
  readonly seed: number;
  /** When the audit should be done, in milliseconds as of Date.now(): fewer people are attacked where the time does not suffice. Default: it takes what it takes. */
  readonly endsAt?: number;
  readonly store: AuditStore;
}

/** What an audit measured. */
export interface InversionMeasurements {
  readonly decision: Decision;
  readonly rates: Rate[];
  readonly curves: Curve[];
  readonly people: PersonLeak[];
  readonly quality: Quality[];
  readonly thresholds: readonly Threshold[];
  readonly subjects: readonly Subject[];
  /** Reconstructions of the strongest attack, in the subjects' order. */
  readonly strongest: { readonly attack: string; readonly images: readonly Image[] };
  readonly access: { readonly kind: 'white-box' | 'black-box' | 'both'; readonly reason: string };
  readonly queries: number;
  readonly pairs: number;
  readonly inverter: string | undefined;
}

/** Variants that the audit runs unless told to run all: the strongest of each kind of access. */
const STRONGEST = new Set([
  'black-box inverter',
  'black-box, adapter to the generator',
  'white-box, selected start, augmented, prior',
  'white-box from black-box',
]);

/**
 * Audits how much of a face an encoder's templates give away: chooses the people, attacks their templates, and lets the attacked encoder and the others judge,
 * beside controls and planted encoders.
 *
 * @throws InputError where there are no thresholds for an encoder; CapabilityError where no attack is possible.
 */
export async function runInversionAudit(options: InversionAuditOptions): Promise<InversionMeasurements> {
  const { target, faces, seed } = options;
  const random = new Random(seed);
  const candidates = chooseSubjects(faces.attacked, { people: options.people, random });
  const judges = await Promise.all([target, ...options.judges].map((encoder) => openJudge(encoder, options)));
  const [self] = judges as [Judge, ...Judge[]];
  const access = accessOf(options);
  const side = await attackSide(self, options.models, faces.auxiliary, { ...options, access: access.kind });
  try {
    const attacks = attacksToRun(side.resources, access.kind, options);
    const stolen = await self.embed(
      candidates.map(({ template }) => template),
      options,
    );
    const people = await peopleWithin(attacks, stolen, side.resources, options);
    const attacked = { subjects: candidates.slice(0, people), templates: stolen.slice(0, people) };
    const { subjects, templates } = attacked;

    const { rates, quality, strongest } = await attackAll(attacks, attacked, judges, side.resources, options);
    for (const judge of judges) rates.push(...(await genuineRates(subjects, judge, options)));
    const controls = [
      ...(await measuredChance(attacked, judges, side.resources, options)),
      ...(await plantedControls(subjects, attacks, options, random)),
    ];
    const made = { ...strongest, target: target.id };
    return {
      decision: decideVerdict({ rates, controls, people: subjects.length }),
      rates,
      curves: await leakageCurves(target.id, judges, templates, subjects, side, options),
      people: await leakRegister(made, subjects, self, VERDICT_FMR, options),
      quality,
      thresholds: judges.flatMap(({ thresholds }) => thresholds),
      subjects,
      strongest,
      access,
      queries: (side.resources.probes?.latents.length ?? 0) + (side.hub?.from.length ?? 0),
      pairs: side.adapterPairs,
      inverter: side.resources.inverter?.name,
    };
  } finally {
    await side.close();
  }
}

function attacksToRun(
  resources: InversionResources,
  access: InversionMeasurements['access']['kind'],
  { target, mode, variants }: InversionAuditOptions,
): InversionAttack[] {
  const attacks = possibleAttacks(resources).filter(
    (attack) => (variants === 'all' || STRONGEST.has(attack.name)) && (access === 'both' || attack.access === access),
  );
  if (attacks.length > 0) return attacks;
  throw new CapabilityError(`no attack on "${target.id}" is possible in mode ${mode}`, {
    hint: 'white-box needs the encoder as .onnx; black-box needs an inverter or a generator',
  });
}

/** Name under which the store keeps how many people the budget allowed: a resumed audit attacks as many, however much time it has. */
const PEOPLE_WITHIN_BUDGET = 'people-within-budget';

async function peopleWithin(
  attacks: readonly InversionAttack[],
  templates: readonly Float32Array[],
  resources: InversionResources,
  options: InversionAuditOptions,
): Promise<number> {
  const { endsAt, store } = options;
  if (endsAt === undefined) return templates.length;
  const known = await store.read(PEOPLE_WITHIN_BUDGET);
  if (known) return Number(Buffer.from(known).toString());
  const people = await affordablePeople(attacks, templates, resources, {
    ...options,
    random: new Random(options.seed).fork('trial'),
    millisecondsLeft: () => endsAt - Date.now(),
  });
  await store.write(PEOPLE_WITHIN_BUDGET, Buffer.from(String(people)));
  return people;
}

/** Subjects with their stolen templates, in one order. */
interface Attacked {
  readonly subjects: readonly Subject[];
  readonly templates: readonly Float32Array[];
}

/** Runs the attacks, and lets every judge say what became of them. The first judge is the attacked encoder. */
async function attackAll(
  attacks: readonly InversionAttack[],
  { subjects, templates }: Attacked,
  judges: readonly Judge[],
  resources: InversionResources,
  options: InversionAuditOptions,
): Promise<Pick<InversionMeasurements, 'rates' | 'quality' | 'strongest'>> {
  const [self] = judges as [Judge, ...Judge[]];
  const rates: Rate[] = [];
  const quality: Quality[] = [];
  const tried: { readonly attack: string; readonly images: readonly Image[]; readonly reach: number }[] = [];
  for (const attack of attacks) {
    const images = await invert(attack, self, templates, resources, options);
    const made = { attack: attack.name, target: self.encoder.id, images };
    for (const judge of judges) {
      const measured = await attackRates(made, subjects, judge, options);
      rates.push(...measured, ...(await rankRates(made, subjects, options.faces.calibration, judge, options)));
      if (judge === self) tried.push({ attack: attack.name, images, reach: reachOf(measured) });
    }
    quality.push(...qualityRows(made, subjects));
  }
  const [first, ...others] = tried as [(typeof tried)[number], ...typeof tried];
  const { attack, images } = others.reduce((best, one) => (one.reach > best.reach ? one : best), first);
  return { rates, quality, strongest: { attack, images } };
}

/** What an attack reaches at the verdict's FMR; type-II is the harder claim and counts twice. */
function reachOf(measured: readonly Rate[]): number {
  return measured
    .filter(({ fmr }) => fmr === VERDICT_FMR)
    .reduce((sum, { rate, name }) => sum + rate * (name === MEASURE.typeTwo ? 2 : 1), 0);
}

async function measuredChance(
  { subjects, templates }: Attacked,
  judges: readonly Judge[],
  resources: InversionResources,
  options: InversionAuditOptions,
): Promise<MeasuredControl[]> {
  const { auxiliary, calibration } = options.faces;
  const strangers = auxiliary.length > 0 ? auxiliary : calibration;
  const random = new Random(options.seed).fork('controls');
  const rows: MeasuredControl[] = [];
  for (const { name, images } of await chanceControls(subjects, templates, strangers, resources, random)) {
    const made = { attack: name, target: options.target.id, images };
    for (const judge of judges) {
      const measured = await attackRates(made, subjects, judge, options);
      rows.push(...measured.map((row) => ({ ...row, expected: 'chance' as const })));
    }
  }
  return rows;
}

function accessOf({ target, mode }: InversionAuditOptions): InversionMeasurements['access'] {
  const { access, reason } = judgeEncoder(target);
  if (mode === 'black-box') return { kind: 'black-box', reason: 'black-box was asked for' };
  if (access === 'black-box') {
    if (mode === 'auto') return { kind: 'black-box', reason };
    throw new CapabilityError(`"${target.id}" cannot be attacked white-box: ${reason}`, {
      hint: 'use --mode black-box',
    });
  }
  return { kind: mode === 'white-box' ? 'white-box' : 'both', reason };
}

function invert(
  attack: InversionAttack,
  judge: Judge,
  templates: readonly Float32Array[],
  resources: InversionResources,
  options: InversionAuditOptions,
): Promise<Image[]> {
  return reconstruct(attack, templates, resources, {
    ...options,
    name: `${slug(judge.encoder.id)}-${slug(attack.name)}`,
    random: new Random(options.seed).fork(`${judge.encoder.id} ${attack.name}`),
  });
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60);

/** Planted encoders through the same attacks, each judged by itself: every attack must find the weak one leaking, and none the strong one. An attack that stops after one step is found out here. */
async function plantedControls(
  subjects: readonly Subject[],
  attacks: readonly InversionAttack[],
  options: InversionAuditOptions,
  random: Random,
): Promise<MeasuredControl[]> {
  const { generator } = options.models;
  if (!generator) return [];
  const rows: MeasuredControl[] = [];
  for (const [encoder, expected] of [
    [await plantedWeakEncoder(), 'leaks'],
    [plantedStrongEncoder(), 'no-leak'],
  ] as const) {
    try {
      const judge = await openJudge(encoder, options);
      const target = whiteBoxTarget(encoder);
      const probes = await probeEncoder(generator, encoder, { ...options, random: random.fork('probes') });
      const resources: InversionResources = { generator, probes, ...(target ? { target } : {}) };
      const templates = await judge.embed(
        subjects.map(({ template }) => template),
        options,
      );
      const possible = possibleAttacks(resources);
      const same = possible.filter(({ name }) => attacks.some((other) => other.name === name));
      // The planted strong encoder has no weights and neither an inverter: where no attack of the audit's own mode is possible, others stand in.
      for (const attack of same.length > 0 ? same : possible.filter(({ name }) => STRONGEST.has(name))) {
        const images = await invert(attack, judge, templates, resources, {
          ...options,
          seed: random.fork(encoder.id).uint32(),
        });
        const measured = await attackRates(
          { attack: attack.name, target: encoder.id, images },
          subjects,
          judge,
          options,
        );
        rows.push(...measured.map((row) => ({ ...row, expected })));
      }
    } finally {
      await encoder.close();
    }
  }
  return rows;
}
