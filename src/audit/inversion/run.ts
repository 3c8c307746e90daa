import { type Adapter, fitAdapter } from '../../attack/inversion/adapter.ts';
import {
  type InversionAttack,
  type InversionResources,
  type Inverter,
  whiteBoxTarget,
} from '../../attack/inversion/attack.ts';
import { possibleAttacks } from '../../attack/inversion/attacks.ts';
import { invertThroughGenerator, probeEncoder } from '../../attack/inversion/generator-adapter.ts';
import { FACE_SIZE_PX } from '../../attack/inversion/inverse-dcgan.ts';
import { type InverterModel, openInverter } from '../../attack/inversion/inverter-file.ts';
import type { Generator } from '../../attack/inversion/latent-optimisation.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { judgeEncoder } from '../../encoder/knowledge.ts';
import type { Image } from '../../image/image.ts';
import { fromPlanar } from '../../image/tensor.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { CapabilityError, InputError } from '../../util/errors.ts';
import type { JobOptions } from '../../util/progress.ts';
import { Random } from '../../util/random.ts';
import { type Curve, MEASURE, type PersonLeak, type Quality, type Rate } from '../findings.ts';
import { type Decision, decideVerdict, type MeasuredControl, VERDICT_FMR } from '../verdict.ts';
import { chanceControls } from './controls.ts';
import { AUDIT_FMRS, createJudge, type Judge, measureThresholds } from './judge.ts';
import { attackRates, genuineRates, leakRegister, qualityRows, rankRates } from './measure.ts';
import { plantedStrongEncoder, plantedWeakEncoder } from './planted.ts';
import { type ReconstructionStore, reconstruct } from './reconstruct.ts';
import { type AuditFace, chooseSubjects, type Subject } from './subjects.ts';

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

/** Models that the attacker brings. */
export interface AttackModels {
  readonly inverters: readonly InverterModel[];
  readonly generator?: Generator;
  /** Opens the encoder of an inverter, so that an adapter to it can be learnt; undefined where it cannot be had. */
  readonly openHub?: (model: InverterModel) => Promise<Encoder | undefined>;
}

/** What is audited, and how. */
export interface InversionAuditOptions extends JobOptions {
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
  readonly store: ReconstructionStore;
  /** Thresholds that are shipped for an encoder; used where the faces do not suffice. */
  readonly shippedThresholds: (encoder: Encoder) => Promise<readonly Threshold[] | undefined>;
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
  const subjects = chooseSubjects(faces.attacked, { people: options.people, random });
  const judges = await Promise.all([target, ...options.judges].map((encoder) => judgeFor(encoder, options)));
  const [self] = judges as [Judge, ...Judge[]];
  const access = accessOf(options);
  const { resources, adapterPairs } = await resourcesFor(self, options, access.kind);
  const attacks = possibleAttacks(resources).filter(
    (attack) =>
      (options.variants === 'all' || STRONGEST.has(attack.name)) &&
      (access.kind === 'both' || attack.access === access.kind),
  );
  if (attacks.length === 0) {
    throw new CapabilityError(`no attack on "${target.id}" is possible in mode ${options.mode}`, {
      hint: 'white-box needs the encoder as .onnx; black-box needs an inverter or a generator',
    });
  }

  const templates = await self.embed(
    subjects.map(({ template }) => template),
    options,
  );
  const rates: Rate[] = [];
  const quality: Quality[] = [];
  let strongest: { attack: string; images: readonly Image[]; reach: number } | undefined;
  for (const attack of attacks) {
    const images = await invert(attack, self, templates, resources, options);
    const made = { attack: attack.name, target: target.id, images };
    for (const judge of judges) {
      const measured = await attackRates(made, subjects, judge);
      rates.push(...measured, ...(await rankRates(made, subjects, faces.calibration, judge)));
      if (judge === self) {
        // Type-II is the harder claim: it counts twice.
        const reach = measured
          .filter(({ fmr }) => fmr === VERDICT_FMR)
          .reduce((sum, { rate, name }) => sum + rate * (name === MEASURE.typeTwo ? 2 : 1), 0);
        if (!strongest || reach > strongest.reach) strongest = { attack: attack.name, images, reach };
      }
    }
    quality.push(...qualityRows(made, subjects));
  }
  for (const judge of judges) rates.push(...(await genuineRates(subjects, judge)));

  const strangers = faces.auxiliary.length > 0 ? faces.auxiliary : faces.calibration;
  const controls: MeasuredControl[] = [];
  for (const control of await chanceControls(subjects, templates, strangers, resources, random.fork('controls'))) {
    for (const judge of judges) {
      const rows = await attackRates(
        { attack: control.name, target: target.id, images: control.images },
        subjects,
        judge,
      );
      controls.push(...rows.map((row) => ({ ...row, expected: 'chance' as const })));
    }
  }
  controls.push(...(await plantedControls(subjects, attacks, options, random)));

  const made = strongest as NonNullable<typeof strongest>;
  const curves = await queryCurves(target.id, judges, templates, subjects, resources);
  await resources.inverter?.close();
  return {
    decision: decideVerdict({ rates, controls, people: subjects.length }),
    rates,
    curves,
    people: await leakRegister(
      { attack: made.attack, target: target.id, images: made.images },
      subjects,
      self,
      VERDICT_FMR,
    ),
    quality,
    thresholds: judges.flatMap(({ thresholds }) => thresholds),
    subjects,
    strongest: { attack: made.attack, images: made.images },
    access,
    queries: (resources.probes?.latents.length ?? 0) + adapterPairs,
    pairs: adapterPairs,
    inverter: resources.inverter?.name,
  };
}

async function judgeFor(encoder: Encoder, options: InversionAuditOptions): Promise<Judge> {
  const bare = createJudge(encoder);
  const measured = await measureThresholds(
    bare,
    options.faces.calibration,
    `${options.faces.name}, calibration people`,
    options,
  );
  const thresholds =
    measured ??
    (await options.shippedThresholds(encoder))?.filter(({ fmr }) => AUDIT_FMRS.some((wanted) => wanted === fmr));
  if (!thresholds) {
    throw new InputError(
      `there are no thresholds for "${encoder.id}": too few calibration people, and none are shipped`,
      {
        hint: 'give a data set with about 150 people or more, or make thresholds with `faceward calibrate`',
      },
    );
  }
  return { ...bare, thresholds };
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

/** Most faces that an adapter learns from: more bring little, and a program or an endpoint is slow. */
const ADAPTER_PAIRS = 1000;

async function resourcesFor(
  self: Judge,
  options: InversionAuditOptions,
  access: 'white-box' | 'black-box' | 'both',
): Promise<{ resources: InversionResources; adapterPairs: number }> {
  const { target, models, faces } = options;
  const { generator } = models;
  const random = new Random(options.seed).fork('probes');
  const base: InversionResources = {
    ...(generator ? { generator } : {}),
    // Who has the weights can ask as well: white-box attacks select their starts from the answers.
    ...(generator ? { probes: await probeEncoder(generator, target, { ...options, random }) } : {}),
    ...(access !== 'black-box' && whiteBoxTarget(target)
      ? { target: whiteBoxTarget(target) as NonNullable<ReturnType<typeof whiteBoxTarget>> }
      : {}),
  };
  const own = models.inverters.find(({ encoderHash }) => encoderHash === target.hash);
  if (own) return { resources: { ...base, inverter: await openInverter(own) }, adapterPairs: 0 };
  const found = await adapterToHub(self, faces.auxiliary.slice(0, ADAPTER_PAIRS), models, options);
  return found
    ? { resources: { ...base, inverter: found.inverter }, adapterPairs: found.adapter.pairs }
    : { resources: base, adapterPairs: 0 };
}

/** An inverter for an encoder that has none: through a map to the encoder of one that is shipped, learnt from the attacker's own faces. */
async function adapterToHub(
  self: Judge,
  auxiliary: readonly AuditFace[],
  models: AttackModels,
  job: JobOptions,
): Promise<{ inverter: Inverter; adapter: Adapter } | undefined> {
  const model = models.inverters[0];
  if (!model || auxiliary.length < 30) return undefined;
  const hub = await models.openHub?.(model);
  if (!hub) return undefined;
  const [from, to] = [await self.embed(auxiliary, job), await createJudge(hub).embed(auxiliary, job)];
  await hub.close();
  const adapter = fitAdapter(from, to);
  return { inverter: await openInverter(model, { adapter }), adapter };
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
    const judge = await judgeFor(encoder, options);
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
      const measured = await attackRates({ attack: attack.name, target: encoder.id, images }, subjects, judge);
      rows.push(...measured.map((row) => ({ ...row, expected })));
    }
    await encoder.close();
  }
  return rows;
}

/** Numbers of queries on the leakage curve. */
const CURVE_QUERIES = [30, 100, 256, 512, 1000] as const;

/** Leakage of the data-free black-box attack against the images that it may send. */
async function queryCurves(
  target: string,
  judges: readonly Judge[],
  templates: readonly Float32Array[],
  subjects: readonly Subject[],
  { generator, probes }: InversionResources,
): Promise<Curve[]> {
  if (!generator || !probes) return [];
  const curves = judges.map((judge) => ({ judge, points: [] as Curve['points'] }));
  for (const count of CURVE_QUERIES.filter((queries) => queries <= probes.latents.length)) {
    const part = { latents: probes.latents.slice(0, count), embeddings: probes.embeddings.slice(0, count) };
    const faces = await invertThroughGenerator(templates, generator, part);
    const images = faces.flatMap((face) => fromPlanar(face, { widthPx: FACE_SIZE_PX, heightPx: FACE_SIZE_PX }));
    for (const { judge, points } of curves) {
      const rows = await attackRates({ attack: 'curve', target, images }, subjects, judge);
      const row = rows.find(({ name, fmr }) => name === MEASURE.typeOne && fmr === VERDICT_FMR);
      if (row) points.push({ x: count, y: row.rate, low: row.low, high: row.high });
    }
  }
  return curves
    .filter(({ points }) => points.length > 0)
    .map(({ judge, points }) => ({
      name: `${MEASURE.typeOne} of the black-box attack through the generator, judged by ${judge.encoder.id} at FMR 0.1 %`,
      x: { label: 'images sent to the encoder', unit: 'queries', scale: 'log' as const },
      y: { label: MEASURE.typeOne },
      points,
    }));
}
