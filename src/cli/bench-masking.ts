import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ModelInversionAttack } from '../attack/inversion/model/attack.ts';
import { shippedGenerator } from '../audit/inversion/shipped.ts';
import { CONTENDER_CHANGES, parseContender } from '../audit/masking/contender.ts';
import { type MaskingResult, readMaskingResult } from '../audit/masking/result.ts';
import { type MaskingSummary, summariseMaskings } from '../audit/masking/summary.ts';
import { openWorkFolder } from '../audit/work-folder.ts';
import { lockFile } from '../data/file-lock.ts';
import { MASKING_FORMS } from '../defence/training/masking/kinds.ts';
import { BUNDLED_ENCODERS } from '../encoder/bundled.ts';
import { maskingPlot } from '../report/masking-plot.ts';
import { FacewardError, InputError, InterruptedError } from '../util/errors.ts';
import { readVersion } from './audit-output.ts';
import { cacheDirectory } from './cache-directory.ts';
import { command } from './command.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { reportError } from './error-report.ts';
import { pipelineSource } from './face-source.ts';
import {
  type MaskingBenchSettings,
  type MaskingTask,
  type OpenedMaskingBench,
  openMaskingBenchData,
  runMaskingTask,
} from './masking-bench.ts';
import { maskingTable } from './masking-table.ts';
import { MODEL_INVERSION_WORDS, modelInversionAttacks } from './model-inversion-attacks.ts';
import { listOf, positiveNumber, wholeNumber } from './option-values.ts';
import { prepareOutputFolder, writeWhole } from './output-file.ts';
import { printError, printJson, printLine, printNote, someOf } from './print.ts';
import { openTrainingRun } from './training-run.ts';

/** Checkpoints of a training. What is learnt of a masking is measured as it was at each: the number must not be the user's, or results would not be of one kind. */
const TIMES = 6;

/** Contenders where none are named: every masking, no masking in three ways, and each try to make the adaptive one win. */
const DEFAULT_CONTENDERS = [
  ...['none', 'none+plain', 'none+group', 'frequency', 'pixel-mixup', 'instahide'],
  ...['fixed:2', 'fixed:3', 'fixed:4', 'fixed:5', 'fixed:6', 'random', 'adaptive'],
  ...['noise:25', 'dct-noise', 'channels', 'dp-sgd:8'],
  ...[
    'adaptive+linkage',
    'adaptive+channels',
    'adaptive+parts',
    'adaptive+no-entropy',
    'adaptive+target:0.2',
    'adaptive+linkage+target:0.2',
  ],
].join(',');

/** `faceward bench masking`: whether a masking is worth what it costs. */
export const benchMaskingCommand = command({
  name: 'bench masking',
  description:
    'Trains a recogniser behind each masking on the same people, with the same seeds and steps, and measures what each is good for and what it gives away: verification and identification, linkage of training mixes, recovery, inversion of the model, membership. Hours on two cores; --resume goes on where it was broken off, and several runs with the same --out share the work.',
  examples: [
    'faceward bench masking --data lfw/ --out maskings/',
    'faceward bench masking --data lfw/ --out maskings/ --resume --json',
    'faceward bench masking --data lfw/ --maskings fixed:3,random,adaptive,adaptive+linkage --seeds 1,2 --steps 500 --out first-look/',
  ],
  args: {
    data: {
      type: 'string',
      description: 'folder with one folder of photos for each person, LFW or CelebA',
      required: true,
      valueHint: 'folder',
    },
    maskings: {
      type: 'string',
      description: `maskings to compare: ${MASKING_FORMS}; each may be followed by ${CONTENDER_CHANGES}`,
      default: DEFAULT_CONTENDERS,
      valueHint: 'forms',
    },
    seeds: { type: 'string', description: 'seeds of the trainings', default: '1,2,3', valueHint: '1,2' },
    steps: { type: 'string', description: 'steps of each recogniser', default: '1500', valueHint: 'n' },
    batch: { type: 'string', description: 'faces in a step', default: '32', valueHint: 'n' },
    'learning-rate': { type: 'string', description: 'peak of the learning rate', default: '0.004', valueHint: 'x' },
    size: { type: 'string', description: 'side of the face in px, a multiple of 16', default: '64', valueHint: 'px' },
    width: { type: 'string', description: 'factor on MobileFaceNet’s channels', default: '0.25', valueHint: 'x' },
    embedding: { type: 'string', description: 'numbers of an embedding', default: '128', valueHint: 'n' },
    scale: { type: 'string', description: 'scale of ArcFace’s logits', default: '32', valueHint: 'x' },
    margin: { type: 'string', description: 'margin of ArcFace, in radians', default: '0.3', valueHint: 'x' },
    judges: {
      type: 'string',
      description: 'encoders that had no part in any training here; the first gives the templates that are linked',
      default: BUNDLED_ENCODERS.join(','),
      valueHint: 'encoders',
    },
    attacks: {
      type: 'string',
      description: `inversions, of ${MODEL_INVERSION_WORDS.join(', ')}`,
      default: 'plug-and-play',
      valueHint: 'names',
    },
    people: { type: 'string', description: 'people whose classes are inverted', default: '20', valueHint: 'n' },
    linked: { type: 'string', description: 'people whose training mixes are linked', default: '150', valueHint: 'n' },
    'recovery-steps': {
      type: 'string',
      description: 'steps of the network that recovers faces',
      default: '300',
      valueHint: 'n',
    },
    out: { type: 'string', description: 'folder for models, results and table', required: true, valueHint: 'folder' },
    resume: { type: 'boolean', description: 'go on with what is in --out' },
    json: { type: 'boolean', description: 'print the summary as JSON' },
    ...sessionArgs,
  },
  async run({ args, job }) {
    // One that is named twice would count twice.
    const contenders = [...new Set(listOf(args.maskings))].map(parseContender);
    const seeds = [...new Set(listOf(args.seeds).map((text) => wholeNumber(text, '--seeds')))];
    const tasks = seeds.flatMap((seed) => contenders.map((contender) => ({ contender, seed })));
    const attacks = modelInversionAttacks(args.attacks);
    const settings = { ...settingsOf(args, attacks), faceward: await readVersion() };
    const checkpointSteps = Math.ceil(settings.steps / TIMES);
    const generator = await shippedGenerator();
    if (!generator) throw new InputError('there is no generator for the attacker: this installation is not whole');
    await prepareOutputFolder(args.out);
    await requireOwnFolder(args.out, args.resume === true);
    await using source = pipelineSource(args);
    let opened: OpenedMaskingBench | undefined;
    let failure: FacewardError | undefined;
    try {
      for (const [place, task] of tasks.entries()) {
        const path = join(args.out, `${nameOf(task)}.json`);
        // Several runs share the work: what another is at is passed over.
        const unlock = await lockFile(`${path}.lock`);
        if (!unlock) continue;
        try {
          if (await resultOf(path, settings)) continue;
          opened ??= await openMaskingBenchData(args, settings, {
            ...{ ...job, ...sessionOptions(args), source, attacks, generator },
          });
          printNote(`${place + 1} of ${tasks.length}: ${task.contender.name}, seed ${task.seed}`);
          const { name } = task.contender;
          const problem = { ...settings, contender: name, seed: task.seed };
          const run = await openTrainingRun(join(args.out, `${nameOf(task)}.onnx`), JSON.stringify(problem), {
            ...{ resume: true, optional: true, int8: false },
          });
          const keyFile = join(cacheDirectory(), 'audit.key');
          const work = await openWorkFolder(join(args.out, `${nameOf(task)}.work`), problem, { resume: true, keyFile });
          const options = { ...job, ...sessionOptions(args), settings, run, checkpointSteps, store: work.store };
          const result = await runMaskingTask(task, opened, options);
          await writeShared(path, `${JSON.stringify(result)}\n`);
          await work.remove();
        } catch (error) {
          // One masking that cannot be trained or measured says nothing of the others, which take hours.
          if (!opened || !(error instanceof FacewardError) || error instanceof InterruptedError) throw error;
          printError(error);
          failure ??= error;
        } finally {
          await unlock();
        }
      }
    } finally {
      await opened?.[Symbol.asyncDispose]();
    }
    const { summary, missing } = await summarise(tasks, settings, args.out);
    if (missing.length > 0)
      printNote(
        `not in the table yet: ${someOf(missing.map(nameOf))}; another run is at it, or was when it ended, or it failed: --resume makes what is left`,
      );
    if (args.json) printJson(summary);
    else printLine(maskingTable(summary));
    return failure ? reportError(failure).exitStatus : 0;
  },
});

/** Writes the summary, the table and the plot of the results that are there, and says which are not. */
async function summarise(
  tasks: readonly MaskingTask[],
  settings: MaskingBenchSettings,
  out: string,
): Promise<{ readonly summary: MaskingSummary; readonly missing: readonly MaskingTask[] }> {
  const known = new Map<MaskingTask, MaskingResult>();
  const readNew = async (): Promise<boolean> => {
    const before = known.size;
    for (const task of tasks) {
      const result = known.has(task) ? undefined : await resultOf(join(out, `${nameOf(task)}.json`), settings);
      if (result) known.set(task, result);
    }
    return known.size > before;
  };
  let summary = summariseMaskings([]);
  // Again where another run ended meanwhile: its summary, of all, may be what this one has just written over.
  while (await readNew()) {
    summary = summariseMaskings(tasks.flatMap((task) => known.get(task) ?? []));
    await writeShared(join(out, 'masking.summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
    await writeShared(join(out, 'masking.md'), `${maskingTable(summary)}\n`);
    await writeShared(join(out, 'masking.svg'), maskingPlot(summary));
  }
  return { summary, missing: tasks.filter((task) => !known.has(task)) };
}

/** Another run may write the same file. */
const writeShared = (path: string, text: string): Promise<void> =>
  writeWhole(path, text, { part: `${path}.${process.pid}.part` });

/** Name of a task's files: `adaptive+target-0.5.seed1`. */
const nameOf = ({ contender, seed }: MaskingTask): string => `${contender.name.replaceAll(':', '-')}.seed${seed}`;

function settingsOf(
  args: Readonly<
    Record<
      'data' | 'steps' | 'batch' | 'learning-rate' | 'size' | 'width' | 'embedding' | 'scale' | 'margin' | 'judges',
      string
    > &
      Record<'people' | 'linked' | 'recovery-steps', string>
  >,
  attacks: readonly ModelInversionAttack[],
): Omit<MaskingBenchSettings, 'faceward'> {
  return {
    data: resolve(args.data),
    steps: wholeNumber(args.steps, '--steps', { min: 1 }),
    batchSize: wholeNumber(args.batch, '--batch', { min: 6 }),
    learningRate: positiveNumber(args['learning-rate'], '--learning-rate'),
    scale: positiveNumber(args.scale, '--scale'),
    margin: positiveNumber(args.margin, '--margin'),
    sizePx: wholeNumber(args.size, '--size', { min: 32, max: 512 }),
    width: positiveNumber(args.width, '--width'),
    embeddingSize: wholeNumber(args.embedding, '--embedding', { min: 2 }),
    judges: listOf(args.judges),
    attacks: attacks.map(({ id }) => id),
    attacked: wholeNumber(args.people, '--people', { min: 2 }),
    linked: wholeNumber(args.linked, '--linked', { min: 4 }),
    recoverySteps: wholeNumber(args['recovery-steps'], '--recovery-steps', { min: 1 }),
  };
}

/** @throws InputError where the folder holds results that nobody asked to go on with. */
async function requireOwnFolder(out: string, resume: boolean): Promise<void> {
  if (resume) return;
  const before = (await readdir(out)).find((name) => /\.seed\d+\.(json|onnx|onnx\.checkpoint)$/.test(name));
  if (before === undefined) return;
  throw new InputError(`${out} holds ${before}`, {
    hint: 'add --resume to go on with it, or choose another folder with --out',
  });
}

/** A result of these settings; undefined where there is none. @throws InputError where it is of others. */
async function resultOf(path: string, settings: MaskingBenchSettings): Promise<MaskingResult | undefined> {
  const result = await readMaskingResult(path);
  if (!result || JSON.stringify(result.settings) === JSON.stringify(settings)) return result;
  const odd = Object.entries(settings).find(
    ([name, value]) => JSON.stringify(result.settings[name]) !== JSON.stringify(value),
  );
  throw new InputError(
    `${path} is of other settings${odd ? `: ${odd[0]} was ${JSON.stringify(result.settings[odd[0]])}` : ''}`,
    {
      hint: 'give the same options again, or choose another folder with --out',
    },
  );
}
