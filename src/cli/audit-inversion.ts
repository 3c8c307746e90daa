import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type InverterModel, inverterModel } from '../attack/inversion/inverter-file.ts';
import type { Findings } from '../audit/findings.ts';
import { inversionFindings } from '../audit/inversion/report-findings.ts';
import { runInversionAudit } from '../audit/inversion/run.ts';
import { readModel, shippedGenerator, shippedInverters } from '../audit/inversion/shipped.ts';
import { hexHash } from '../audit/provenance.ts';
import { facesHash } from '../audit/work-folder.ts';
import { BUNDLED_ENCODERS, openBundledEncoder } from '../encoder/bundled.ts';
import type { Encoder } from '../encoder/encoder.ts';
import type { Graph } from '../graph/graph.ts';
import { Random } from '../util/random.ts';
import { calibrationsFor } from './audit-calibration.ts';
import { readFaces, samplesFor } from './audit-faces.ts';
import { openOtherEncoders } from './audit-judges.ts';
import { auditArgs, finishAudit, readBaseline, readVersion, runRecord } from './audit-output.ts';
import { openAuditWork } from './audit-work.ts';
import { cacheDirectory } from './cache-directory.ts';
import { command } from './command.ts';
import { type EncoderArgs, encoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { durationMs, oneOf, wholeNumber } from './option-values.ts';
import { prepareOutputFolder } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printNote } from './print.ts';

/** People whom the attacker knows, one face each: what an adapter to another encoder's inverter is learnt from. */
const AUXILIARY_PEOPLE = 1000;

/** `faceward audit inversion`, and `faceward audit` without arguments: how much of a face templates give away. */
export const auditInversionCommand = command({
  name: 'audit inversion',
  description:
    'Measures how much of a face an encoder’s templates give away: rebuilds faces from templates, and counts how often they pass for the person. Writes findings.json and report.html.',
  examples: [
    'faceward audit',
    'faceward audit inversion --encoder my-encoder.onnx --data faces/ --judge dlib --judge faceres',
    'faceward audit inversion --encoder https://faces.example/embed --ownership "ours, ticket 4711" --data faces/ --mode black-box',
    'faceward audit inversion --encoder dlib --data faces/ --fail-on leaks --baseline earlier/findings.json',
  ],
  args: {
    data: {
      type: 'string',
      description:
        'folder with one folder of photos for each person; default: the sample photos of @vladmandic/face-api',
      valueHint: 'folder',
    },
    judge: {
      type: 'string',
      description: 'another encoder that judges; may be given several times; default: the bundled encoders',
      valueHint: 'encoder',
    },
    mode: { type: 'string', description: 'auto, black-box, white-box or both', default: 'auto', valueHint: 'mode' },
    people: { type: 'string', description: 'people attacked at most', default: '50', valueHint: 'n' },
    iterations: { type: 'string', description: 'iterations of the white-box attacks', default: '60', valueHint: 'n' },
    queries: {
      type: 'string',
      description: 'generated faces that the black-box attack may send to the encoder',
      default: '512',
      valueHint: 'n',
    },
    variants: {
      type: 'string',
      description: 'strongest or all: which variants of the attacks run',
      default: 'strongest',
      valueHint: 'which',
    },
    inverter: {
      type: 'string',
      description: 'an inverter of this encoder, as `faceward train inverter` writes it',
      valueHint: 'file.onnx',
    },
    out: {
      type: 'string',
      description: 'folder for findings.json and report.html',
      default: 'faceward-audit',
      valueHint: 'folder',
    },
    'fail-on': {
      type: 'string',
      description: 'leaks: exit with status 3 where the encoder leaks',
      valueHint: 'verdict',
    },
    ...auditArgs,
    ...encoderArgs,
    encoder: { ...encoderArgs.encoder, default: 'dlib' },
  },
  repeatable: ['judge', 'calibration'],
  async run({ args, job }) {
    const startedAt = new Date();
    const failOn = oneOf(args['fail-on'], '--fail-on', ['leaks']);
    const mode = oneOf(args.mode, '--mode', ['auto', 'black-box', 'white-box', 'both']);
    const variants = oneOf(args.variants, '--variants', ['strongest', 'all']);
    const seed = wholeNumber(args.seed, '--seed');
    const people = wholeNumber(args.people, '--people', { min: 1 });
    const iterations = wholeNumber(args.iterations, '--iterations', { min: 1 });
    const queries = wholeNumber(args.queries, '--queries', { min: 30 });
    const budgetMs = durationMs(args.budget, '--budget');
    const baseline = await readBaseline(args.baseline);

    await prepareOutputFolder(args.out);
    await using _lock = await lockOutput(join(args.out, 'audit'));
    const target = await openEncoderFromArgs(args);
    const judges = await openOtherEncoders(args.judge, '--judge', args, target);
    try {
      const calibrations = await calibrationsFor(args.calibration?.split(',') ?? [], [target, ...judges]);
      const inverters = await invertersFor(args.inverter);
      const generator = await shippedGenerator();
      const random = new Random(seed);
      const chosen = await samplesFor(args.data, {
        people,
        auxiliaryPeople: AUXILIARY_PEOPLE,
        random,
        ownModel: args.inverter !== undefined,
      });
      printNote(chosen.description);
      const faces = await readFaces(chosen, args, job);
      const version = await readVersion();
      const plan = {
        version,
        device: args.device,
        target: target.hash,
        judges: judges.map(({ hash }) => hash),
        data: chosen.name,
        faces: [faces.attacked, faces.calibration, faces.auxiliary].map((side) => facesHash(side.faces)),
        inverter:
          args.inverter &&
          createHash('sha256')
            .update(await readFile(args.inverter))
            .digest('hex'),
        mode,
        people,
        iterations,
        queries,
        variants,
        seed,
        budget: args.budget,
        calibrations: calibrations.given,
      };
      const work = await openAuditWork(plan, args);
      const measured = await runInversionAudit({
        ...job,
        ...sessionOptions(args),
        target,
        judges,
        faces: {
          name: chosen.name,
          attacked: faces.attacked.faces,
          calibration: faces.calibration.faces,
          auxiliary: faces.auxiliary.faces,
        },
        models: {
          inverters,
          ...(generator ? { generator } : {}),
          openHub: async (model) => bundledOf(model, args),
        },
        mode,
        people,
        iterations,
        queries,
        variants,
        seed,
        ...(budgetMs === undefined ? {} : { endsAt: startedAt.getTime() + budgetMs }),
        store: work.store,
        shippedThresholds: calibrations.thresholdsOf,
      });
      if (measured.subjects.length < Math.min(people, new Set(faces.attacked.faces.map(({ person }) => person)).size))
        printNote(`the budget of ${args.budget} allowed ${measured.subjects.length} people`);
      const findings = await inversionFindings(measured, {
        ...runRecord(args, { version, seed, startedAt }),
        target,
        judges,
        dataset: {
          name: chosen.name,
          rejected: faces.attacked.rejected + faces.calibration.rejected + faces.auxiliary.rejected,
        },
        attacked: faces.attacked.faces,
        calibration: faces.calibration.faces,
        auxiliary: faces.auxiliary.faces,
        models: [
          ...(generator ? [modelRow('generator', 'generator', generator.graph)] : []),
          ...inverters
            .filter(({ encoderId }) => measured.inverter?.startsWith(`inverter of ${encoderId}`))
            .map(({ encoderId, graph }) => modelRow('inverter', `inverter of ${encoderId}`, graph)),
        ],
        showFaces: args['show-faces'] === true,
      });
      return await finishAudit(findings, { out: args.out, work, baseline, failOn, json: args.json === true });
    } finally {
      await Promise.all([target, ...judges].map((encoder) => encoder.close()));
    }
  },
});

/** A model of ours as the provenance names it. */
function modelRow(role: string, id: string, graph: Graph): Findings['provenance']['models'][number] {
  return { role, id, sha256: hexHash(graph.metadata.sha256 ?? id) };
}

async function invertersFor(path: string | undefined): Promise<InverterModel[]> {
  const shipped = await shippedInverters();
  return path === undefined ? shipped : [inverterModel(await readModel(path)), ...shipped];
}

async function bundledOf({ encoderId, encoderHash }: InverterModel, args: EncoderArgs): Promise<Encoder | undefined> {
  const name = BUNDLED_ENCODERS.find((candidate) => candidate === encoderId);
  if (!name) return undefined;
  const encoder = await openBundledEncoder(name, { ...sessionOptions(args), cacheDir: cacheDirectory() });
  if (encoder.hash === encoderHash) return encoder;
  await encoder.close();
  return undefined;
}
