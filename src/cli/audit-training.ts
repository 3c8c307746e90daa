import { basename, join, resolve } from 'node:path';
import { LINKAGE_STUDENTS } from '../attack/inference/linkage/students.ts';
import { generatorModel } from '../attack/inversion/generator.ts';
import type { Generator } from '../attack/inversion/latent-optimisation.ts';
import { readModel, shippedGenerator } from '../audit/inversion/shipped.ts';
import { hexHash } from '../audit/provenance.ts';
import type { AttackEffort } from '../audit/training/context.ts';
import { MODEL_KINDS, type ModelKind } from '../audit/training/people.ts';
import { RECOVERY_STEPS } from '../audit/training/recovery.ts';
import { trainingFindings } from '../audit/training/report-findings.ts';
import { runTrainingAudit } from '../audit/training/run.ts';
import { facesHash } from '../audit/work-folder.ts';
import { type FrontSettings, parseFront } from '../defence/training/masking/front.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { openOtherEncoders } from './audit-judges.ts';
import { auditArgs, finishAudit, readBaseline, readVersion, runRecord } from './audit-output.ts';
import { openAuditWork } from './audit-work.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { MODEL_INVERSION_WORDS, modelInversionAttacks } from './model-inversion-attacks.ts';
import { durationMs, oneOf, wholeNumber } from './option-values.ts';
import { prepareOutputFolder } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printNote } from './print.ts';
import { kindOfModel, readTrainingAuditData } from './training-audit-data.ts';
import { BAD_DATA } from './training-people.ts';

const { calibration: _calibration, ...sharedArgs } = auditArgs;
const { encoder: _encoder, ...modelArgs } = encoderArgs;

/** `faceward audit training`: what a trained model gives away of the people it was trained on. */
export const auditTrainingCommand = command({
  name: 'audit training',
  description:
    'Measures what a trained model gives away of its training photos: inverts its classes into faces, which encoders that had no part judge; tells photos that it was trained on from others; and measures what the model is good for. Writes findings.json and report.html.',
  examples: [
    'faceward audit training --model recogniser.onnx --train train/ --public others/',
    'faceward audit training --model classifier.onnx --train train/ --held-out validation/ --public others/ --fail-on leaks',
    'faceward audit training --model classifier.onnx --kind classifier --classes names.txt --train train/ --public others/ --bad-data refuse',
    'faceward audit training --model recogniser.onnx --train train/ --public others/ --attacks plug-and-play --people 8 --seeds 1',
  ],
  args: {
    model: {
      type: 'string',
      description: 'the trained model as .onnx: a classifier, or an encoder',
      required: true,
      valueHint: 'file.onnx',
    },
    train: {
      type: 'string',
      description: 'the photos that it was trained on, one folder for each person',
      required: true,
      valueHint: 'folder',
    },
    public: {
      type: 'string',
      description:
        'photos of other people, which the attacker has; an encoder’s use is measured on them, and its own people are compared with them',
      required: true,
      valueHint: 'folder',
    },
    'held-out': {
      type: 'string',
      description: 'photos of the same people that it was not trained on, in folders of the same names: for membership',
      valueHint: 'folder',
    },
    kind: {
      type: 'string',
      description: `${MODEL_KINDS.join(' or ')}; default: a classifier where it answers one number for each training folder`,
      valueHint: 'kind',
    },
    classes: {
      type: 'string',
      description:
        'names of a classifier’s classes in their order, one a line; default: the training folders by name, as ImageFolder has them',
      valueHint: 'file.txt',
    },
    judge: {
      type: 'string',
      description:
        'an encoder that had no part in the model, and judges; may be given several times; default: the bundled encoders',
      valueHint: 'encoder',
    },
    'bad-data': {
      type: 'string',
      description: `${BAD_DATA.join(' or ')} what cannot be used, such as unreadable photos, people with one, folders that are no class; it is named either way`,
      default: 'skip',
      valueHint: 'what',
    },
    attacks: {
      type: 'string',
      description: `attacks, of ${MODEL_INVERSION_WORDS.join(', ')}; default: all`,
      valueHint: 'names',
    },
    people: {
      type: 'string',
      description: 'people whose classes are inverted, at most; of fewer than 40 an audit cannot say that little leaks',
      default: '40',
      valueHint: 'n',
    },
    gallery: {
      type: 'string',
      description: 'training people among whom judges look for the faces, at most; those who are attacked are of them',
      default: '200',
      valueHint: 'n',
    },
    seeds: { type: 'string', description: 'runs of each attack', default: '3', valueHint: 'n' },
    draws: {
      type: 'string',
      description: 'random faces among which starts are sought',
      default: '2000',
      valueHint: 'n',
    },
    candidates: {
      type: 'string',
      description: 'latents that a white-box attack optimises for each class; default: its own',
      valueHint: 'n',
    },
    iterations: {
      type: 'string',
      description: 'iterations of the white-box attacks; default: their own',
      valueHint: 'n',
    },
    queries: {
      type: 'string',
      description: 'faces that the label-only attack may ask about for each class, beside those of --draws',
      default: '1000',
      valueHint: 'n',
    },
    linkage: {
      type: 'string',
      description:
        'on or off: whether faces behind the front of a recogniser that was trained here on masked faces can be linked; some minutes',
      default: 'on',
      valueHint: 'switch',
    },
    recovery: {
      type: 'string',
      description:
        'on or off: how well such faces can be made visible again, by a network that learns it here; one to two minutes',
      default: 'on',
      valueHint: 'switch',
    },
    generator: {
      type: 'string',
      description: 'the attacker’s generator, as `faceward train generator` writes it; default: the one shipped',
      valueHint: 'file.onnx',
    },
    out: {
      type: 'string',
      description: 'folder for findings.json and report.html',
      default: 'faceward-training',
      valueHint: 'folder',
    },
    'fail-on': {
      type: 'string',
      description: 'leaks: exit with status 3 where training photos are given away',
      valueHint: 'verdict',
    },
    ...sharedArgs,
    ...modelArgs,
  },
  repeatable: ['judge'],
  async run({ args, job }) {
    const startedAt = new Date();
    const failOn = oneOf(args['fail-on'], '--fail-on', ['leaks']);
    const badData = oneOf(args['bad-data'], '--bad-data', BAD_DATA);
    const asked = oneOf(args.kind, '--kind', MODEL_KINDS);
    const attacks = modelInversionAttacks(args.attacks);
    const seed = wholeNumber(args.seed, '--seed');
    const seeds = wholeNumber(args.seeds, '--seeds', { min: 1 });
    const attacked = wholeNumber(args.people, '--people', { min: 1 });
    const gallery = wholeNumber(args.gallery, '--gallery', { min: 2 });
    const effort = effortOf(args);
    const students = oneOf(args.linkage, '--linkage', SWITCH) === 'off' ? [] : LINKAGE_STUDENTS;
    const recoverySteps = oneOf(args.recovery, '--recovery', SWITCH) === 'off' ? 0 : RECOVERY_STEPS;
    const budgetMs = durationMs(args.budget, '--budget');
    const baseline = await readBaseline(args.baseline);
    const generator = await generatorOf(args.generator);

    await prepareOutputFolder(args.out);
    await using _lock = await lockOutput(join(args.out, 'audit'));
    const own = { ...args, encoder: args.model };
    const model = await openEncoderFromArgs(own);
    const judges = await openOtherEncoders(args.judge, '--judge', own, model);
    try {
      const kind: ModelKind = asked ?? (await kindOfModel(args.train, model.embeddingSize, args.classes));
      if (!asked) printNote(`${model.id} answers ${model.embeddingSize} numbers: taken for ${AS_KIND[kind]} (--kind)`);
      const data = await readTrainingAuditData(
        {
          ...{ train: args.train, public: args.public, heldOut: args['held-out'], classes: args.classes },
          ...{ kind, outputs: model.embeddingSize, people: gallery, badData, random: new Random(seed) },
        },
        args,
        job,
      );
      const front = frontOf(await metadataOf(args.model));
      const version = await readVersion();
      const plan = {
        ...{ version, device: args.device, model: model.hash, kind, judges: judges.map(({ hash }) => hash) },
        faces: facesHash(data.people.flatMap(({ faces, heldOut }) => [...faces, ...heldOut])),
        labels: data.people.map(({ label }) => label),
        strangers: facesHash(data.strangers),
        generator: generator.graph.metadata.sha256,
        ...{ front, students: students.map(({ name }) => name), recoverySteps },
        ...{ attacks: attacks.map(({ name }) => name), attacked, seeds, seed, effort, budget: args.budget },
      };
      const work = await openAuditWork(plan, args);
      const [first, ...others] = judges;
      if (!first) throw new InputError('an audit needs a judge', { hint: 'name one with --judge' });
      const audited = { ...data, model, kind, judges: [first, ...others] as const };
      const measured = await runTrainingAudit({
        ...job,
        ...sessionOptions(args),
        ...audited,
        ...(front ? { front } : {}),
        ...(budgetMs === undefined ? {} : { endsAt: startedAt.getTime() + budgetMs }),
        ...{ students, recoverySteps, attacked, seeds, seed, attacks, generator, effort, store: work.store },
      });
      if (measured.attackedPeople.length < Math.min(attacked, data.people.length))
        printNote(`the budget of ${args.budget} allowed ${measured.attackedPeople.length} people`);
      for (const left of measured.notMeasured) printNote(`not measured: ${left}`);
      const findings = await trainingFindings(measured, {
        ...runRecord(args, { version, seed, startedAt }),
        ...{ audited, leftOut: data.leftOut, publicNotes: data.publicNotes },
        names: {
          training: basename(resolve(args.train)),
          public: basename(resolve(args.public)),
          ...(args['held-out'] === undefined ? {} : { heldOut: basename(resolve(args['held-out'])) }),
        },
        models: [
          { role: 'generator', id: 'generator', sha256: hexHash(generator.graph.metadata.sha256 ?? 'generator') },
        ],
        showFaces: args['show-faces'] === true,
      });
      return await finishAudit(findings, { out: args.out, work, baseline, failOn, json: args.json === true });
    } finally {
      await Promise.all([model, ...judges].map((encoder) => encoder.close()));
    }
  },
});

const SWITCH = ['on', 'off'] as const;

const AS_KIND = { classifier: 'a classifier', encoder: 'an encoder' } as const satisfies Record<ModelKind, string>;

/** What the options say of the attacks' cost. */
function effortOf(args: Readonly<Record<'draws' | 'queries', string>> & EffortArgs): AttackEffort {
  const candidates = wholeNumber(args.candidates, '--candidates', { min: 1 });
  const iterations = wholeNumber(args.iterations, '--iterations', { min: 1 });
  return {
    draws: wholeNumber(args.draws, '--draws', { min: 1 }),
    maxQueries: wholeNumber(args.queries, '--queries', { min: 33 }),
    ...(candidates === undefined ? {} : { candidates }),
    ...(iterations === undefined ? {} : { iterations }),
  };
}

interface EffortArgs {
  readonly candidates?: string | undefined;
  readonly iterations?: string | undefined;
}

async function generatorOf(path: string | undefined): Promise<Generator> {
  const generator = path === undefined ? await shippedGenerator() : generatorModel(await readModel(path));
  if (generator) return generator;
  throw new InputError('there is no generator for the attacker', { hint: 'give one with --generator' });
}

type Metadata = Readonly<Record<string, string>>;

/** What a model file says of itself; nothing where it is none. */
const metadataOf = async (model: string): Promise<Metadata> =>
  /\.onnx$/i.test(model) ? (await readModel(model)).metadata : {};

/** The front of a recogniser that was trained here on masked faces; undefined of any other model. Behind InstaHide's stands a pattern of signs too, which no metadata tell: it is not measured. */
const frontOf = ({ front, masking }: Metadata): FrontSettings | undefined =>
  front === undefined || masking === 'instahide' ? undefined : parseFront(front);
