import { join } from 'node:path';
import { EVASION_ATTACKS } from '../attack/evasion/attacks.ts';
import { QUERY_ATTACKS } from '../attack/evasion/query-attacks.ts';
import { robustnessFindings } from '../audit/robustness/report-findings.ts';
import { ROBUSTNESS_PARTS, type RobustnessPart, runRobustnessAudit } from '../audit/robustness/run.ts';
import { facesHash } from '../audit/work-folder.ts';
import { INPUT_DEFENCE_FORMS } from '../defence/input/input-defence.ts';
import { loadBundledModel } from '../runtime/bundled-models.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { calibrationsFor } from './audit-calibration.ts';
import { readFaces, samplesFor } from './audit-faces.ts';
import { openOtherEncoders } from './audit-judges.ts';
import { auditArgs, finishAudit, readBaseline, readVersion, runRecord } from './audit-output.ts';
import { openAuditWork } from './audit-work.ts';
import { cacheDirectory } from './cache-directory.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { durationMs, listOf, oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { prepareOutputFolder } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printNote } from './print.ts';

/** `faceward audit robustness`: how an encoder can be fooled by small changes of a photo. */
export const auditRobustnessCommand = command({
  name: 'audit robustness',
  description:
    'Measures how an encoder can be fooled by small changes of a photo: not recognised (dodging), or taken for a chosen other person (impersonation), by its own gradient, by those of other encoders, and by asking alone; and what defences are worth. Writes findings.json and report.html.',
  examples: [
    'faceward audit robustness --data faces/ --encoder my-encoder.onnx',
    'faceward audit robustness --data faces/ --encoder dlib --surrogate faceres --defence jpeg:75 --defence smooth:1',
    'faceward audit robustness --data faces/ --encoder dlib --parts epsilon,smallest --attacks FGSM,BIM,MIM,CW --pairs 100',
    'faceward audit robustness --data faces/ --encoder https://faces.example/embed --ownership "ours, ticket 4711" --queries 500',
  ],
  args: {
    data: {
      type: 'string',
      description:
        'folder with one folder of photos for each person; default: the sample photos of @vladmandic/face-api, with impersonation alone',
      valueHint: 'folder',
    },
    surrogate: {
      type: 'string',
      description:
        'an encoder that an attacker has in place of the target; may be given several times; default: the bundled encoders',
      valueHint: 'encoder',
    },
    attacks: {
      type: 'string',
      description: `attacks by gradient, of ${EVASION_ATTACKS.map(({ name }) => name).join(', ')}`,
      default: 'FGSM,BIM,MIM',
      valueHint: 'names',
    },
    'query-attacks': {
      type: 'string',
      description: `attacks that only ask, of ${QUERY_ATTACKS.map(({ name }) => name).join(', ')}`,
      default: 'Square,HopSkipJump',
      valueHint: 'names',
    },
    eps: {
      type: 'string',
      description: 'largest changes of a pixel that are tried, in levels of 255',
      default: '1,2,4,8,16',
      valueHint: 'levels',
    },
    pairs: { type: 'string', description: 'pairs of photos for each goal, at most', default: '30', valueHint: 'n' },
    'query-pairs': {
      type: 'string',
      description: 'pairs of each goal that are attacked by queries, at most',
      default: '5',
      valueHint: 'n',
    },
    space: {
      type: 'string',
      description:
        'where perturbations live: crop (the aligned face; whole photos by the main attack alone) or photo (every attack and budget on whole photos as well)',
      default: 'crop',
      valueHint: 'space',
    },
    'physical-pairs': {
      type: 'string',
      description: 'pairs of each goal on which frames, patches and make-up are simulated, at most',
      default: '3',
      valueHint: 'n',
    },
    'photo-pairs': {
      type: 'string',
      description: 'whole photos of each goal that are attacked from file to decision, at most',
      default: '10',
      valueHint: 'n',
    },
    fmr: {
      type: 'string',
      description: 'false match rate whose threshold the smallest perturbations have to cross; the verdict is at 0.001',
      default: '0.001',
      valueHint: 'rate',
    },
    queries: { type: 'string', description: 'queries for each photo, at most', default: '1000', valueHint: 'n' },
    parts: {
      type: 'string',
      description: `parts of the audit, of ${ROBUSTNESS_PARTS.join(', ')}; default: all. Controls and self-tests always run`,
      valueHint: 'names',
    },
    out: {
      type: 'string',
      description: 'folder for findings.json and report.html',
      default: 'faceward-robustness',
      valueHint: 'folder',
    },
    'fail-on': {
      type: 'string',
      description: 'fooled: exit with status 3 where the encoder is fooled',
      valueHint: 'verdict',
    },
    ...auditArgs,
    ...encoderArgs,
    encoder: { ...encoderArgs.encoder, default: 'dlib' },
    defence: {
      type: 'string',
      description: `a defence to measure in front of the encoder: ${INPUT_DEFENCE_FORMS}; may be given several times`,
      valueHint: 'defence',
    },
  },
  repeatable: ['surrogate', 'calibration', 'defence'],
  async run({ args, job }) {
    const startedAt = new Date();
    const failOn = oneOf(args['fail-on'], '--fail-on', ['fooled']);
    const seed = wholeNumber(args.seed, '--seed');
    const pairs = wholeNumber(args.pairs, '--pairs', { min: 2 });
    const settings = {
      attacks: listOf(args.attacks),
      queryAttacks: listOf(args['query-attacks']),
      parts: partsOf(args.parts),
      epsilons: levelsOf(args.eps),
      pairs,
      queryPairs: wholeNumber(args['query-pairs'], '--query-pairs', { min: 1 }),
      maxQueries: wholeNumber(args.queries, '--queries', { min: 1 }),
      physicalPairs: wholeNumber(args['physical-pairs'], '--physical-pairs', { min: 1 }),
      space: oneOf(args.space, '--space', ['crop', 'photo']),
      photoPairs: wholeNumber(args['photo-pairs'], '--photo-pairs', { min: 1 }),
      smallestFmr: fmrOf(args.fmr),
      defences: listOf(args.defence),
      seed,
    };
    const budgetMs = durationMs(args.budget, '--budget');
    const baseline = await readBaseline(args.baseline);

    await prepareOutputFolder(args.out);
    await using _lock = await lockOutput(join(args.out, 'audit'));
    // Defences are measured each by itself, beside the bare encoder.
    const bare = { ...args, defence: undefined };
    const target = await openEncoderFromArgs(bare);
    const surrogates = await openOtherEncoders(args.surrogate, '--surrogate', bare, target);
    try {
      const calibrations = await calibrationsFor(listOf(args.calibration), [target, ...surrogates]);
      const random = new Random(seed);
      const chosen = await samplesFor(args.data, { people: pairs, auxiliaryPeople: 0, random });
      printNote(chosen.description);
      const faces = await readFaces(chosen, args, job);
      const version = await readVersion();
      const plan = {
        version,
        device: args.device,
        target: target.hash,
        surrogates: surrogates.map(({ hash }) => hash),
        data: chosen.name,
        faces: [faces.attacked, faces.calibration].map((side) => facesHash(side.faces)),
        settings,
        budget: args.budget,
        calibrations: calibrations.given,
      };
      const work = await openAuditWork(plan, args);
      await using source = pipelineSource(args);
      const measured = await runRobustnessAudit({
        ...job,
        ...sessionOptions(args),
        ...settings,
        target,
        surrogates,
        faces: { name: chosen.name, attacked: faces.attacked.faces, calibration: faces.calibration.faces },
        ...(budgetMs === undefined ? {} : { endsAt: startedAt.getTime() + budgetMs }),
        photos: {
          pairs: settings.photoPairs,
          every: settings.space === 'photo',
          openPipeline: source.openPipeline,
          loadDetector: () => loadBundledModel('blazeface', { cacheDir: cacheDirectory() }),
        },
        showFaces: args['show-faces'] === true,
        store: work.store,
        shippedThresholds: calibrations.thresholdsOf,
      });
      const findings = await robustnessFindings(measured, {
        ...runRecord(args, { version, seed, startedAt }),
        target,
        judges: surrogates,
        dataset: { name: chosen.name, rejected: faces.attacked.rejected + faces.calibration.rejected },
        attacked: faces.attacked.faces,
        calibration: faces.calibration.faces,
        auxiliary: [],
        models: [],
        showFaces: args['show-faces'] === true,
      });
      return await finishAudit(findings, { out: args.out, work, baseline, failOn, json: args.json === true });
    } finally {
      await Promise.all([target, ...surrogates].map((encoder) => encoder.close()));
    }
  },
});

function partsOf(text: string | undefined): RobustnessPart[] {
  if (text === undefined) return [...ROBUSTNESS_PARTS];
  return listOf(text).flatMap((word) => oneOf(word, '--parts', ROBUSTNESS_PARTS) ?? []);
}

function fmrOf(text: string): number {
  const fmr = positiveNumber(text, '--fmr');
  if (fmr < 1) return fmr;
  throw new InputError(`--fmr ${text} is no rate below 1`);
}

function levelsOf(text: string): number[] {
  const levels = listOf(text).map(Number);
  if (levels.length > 0 && levels.every((level) => level > 0 && level <= 255)) return levels;
  throw new InputError(`--eps ${text} is no list of levels`, { hint: 'give levels of 255, such as 1,2,4,8,16' });
}
