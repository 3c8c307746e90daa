import { join, resolve } from 'node:path';
import { EXPERIMENTS } from '../attack/inversion/experiments.ts';
import { inverterGraph } from '../attack/inversion/inverter.ts';
import type { InversionPairs } from '../attack/inversion/pairs.ts';
import { chooseSamples } from '../audit/choose-samples.ts';
import { readModel } from '../audit/inversion/shipped.ts';
import { createJudge, type Judge, measureThresholds } from '../audit/judge.ts';
import { loadFaces } from '../audit/load-faces.ts';
import { type AuditFace, chooseSubjects, type Subject } from '../audit/subjects.ts';
import { loadDataset } from '../data/load.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { type ExperimentResult, measureExperiment, problemText, resultTable } from './experiment-results.ts';
import { peopleArgs, pipelineSource, readPhotoSize } from './face-source.ts';
import { firstWeights, inversionPairs, runTraining } from './inverter-training.ts';
import { wholeNumber } from './option-values.ts';
import { prepareOutputFolder, writeOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printJson, printLine, printNote } from './print.ts';
import { trainingFaces } from './training-faces.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';

/** `faceward bench experiments`: the patent's five experiments on the same people. */
export const benchExperimentsCommand = command({
  name: 'bench experiments',
  description:
    'Trains the patent’s five experiments on the same training people with the same seed and steps, and measures L1, L2, SSIM and SAR on the same test people. Hours on two cores; --resume goes on where it was broken off.',
  examples: [
    'faceward bench experiments --encoder my.onnx --judge dlib --data lfw/ --steps 3000 --out experiments/',
    'faceward bench experiments --encoder my.onnx --judge dlib --data lfw/ --out experiments/ --resume --json',
  ],
  args: {
    ...peopleArgs,
    judge: { type: 'string', description: 'another encoder that judges', default: 'faceres', valueHint: 'encoder' },
    begin: {
      type: 'string',
      description: 'weights to begin with: fresh, generator or a model',
      default: 'fresh',
      valueHint: 'from',
    },
    people: { type: 'string', description: 'test people measured on, at most', default: '250', valueHint: 'n' },
    json: { type: 'boolean', description: 'print JSON' },
    ...trainingArgs,
    out: { type: 'string', description: 'folder for the five inverters', required: true, valueHint: 'folder' },
    ...encoderArgs,
  },
  async run({ args, job }) {
    const people = wholeNumber(args.people, '--people', { min: 10 });
    const { checkpointSteps, ...settings } = trainingNumbers(args, { leastBatch: 2 });
    await prepareOutputFolder(args.out);
    await using _lock = await lockOutput(join(args.out, 'experiments'));
    const encoder = await openEncoderFromArgs(args);
    const other = await openEncoderFromArgs(args, args.judge);
    try {
      const { subjects, judges } = await testSide(
        args.data,
        encoder,
        other,
        { people, seed: settings.seed },
        args,
        job,
      );
      const startFrom = await firstWeights(args.begin);
      // Read only where something is left to train.
      let pairs: InversionPairs | undefined;
      const results: ExperimentResult[] = [];
      for (const experiment of EXPERIMENTS) {
        const path = join(args.out, `inverter-${experiment.number}.onnx`);
        const problem = problemText({
          data: resolve(args.data),
          encoderHash: encoder.hash,
          experiment: experiment.number,
          begin: args.begin,
          ...settings,
        });
        const run = await openTrainingRun(path, problem, {
          resume: args.resume === true,
          optional: true,
          int8: args.int8 === true,
        });
        if (run.finished) printNote(`experiment ${experiment.number} was trained before`);
        else {
          pairs ??= await inversionPairs(encoder, await trainingFaces(args.data, args, job), job);
          const options = {
            ...job,
            ...sessionOptions(args),
            ...settings,
            startFrom,
            resume: run.resume,
            onCheckpoint: run.onCheckpoint,
            checkpointSteps,
          };
          const trained = await runTraining(pairs, experiment, options);
          await run.finish(inverterGraph(trained, { experiment, encoder }));
        }
        results.push(await measureExperiment(experiment, await readModel(path), subjects, judges));
        printNote(`experiment ${experiment.number} is done`);
      }
      const summary = {
        settings,
        begin: args.begin,
        encoder: encoder.id,
        judge: other.id,
        people: subjects.length,
        results,
      };
      await writeOutputFile(join(args.out, 'experiments.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
      if (args.json) printJson(summary);
      else printLine(resultTable(results));
    } finally {
      await Promise.all([encoder.close(), other.close()]);
    }
  },
});

async function testSide(
  folder: string,
  encoder: Encoder,
  other: Encoder,
  { people, seed }: { readonly people: number; readonly seed: number },
  args: Parameters<typeof pipelineSource>[0],
  job: JobOptions,
): Promise<{ readonly subjects: Subject[]; readonly judges: readonly [Judge, Judge] }> {
  const random = new Random(seed);
  const dataset = await loadDataset(folder, { readSize: readPhotoSize });
  const chosen = chooseSamples(dataset, { people, auxiliaryPeople: 0, random, ownModel: true });
  await using source = pipelineSource(args);
  const load = async (samples: typeof chosen.attacked): Promise<AuditFace[]> =>
    (await loadFaces(samples, { ...job, openPipeline: source.openPipeline })).faces;
  const calibration = await load(chosen.calibration);
  const subjects = chooseSubjects(await load(chosen.attacked), { people, random });
  const judgeOf = async (judging: Encoder): Promise<Judge> => {
    const judge = createJudge(judging);
    const thresholds = await measureThresholds(judge, calibration, dataset.name, job);
    if (!thresholds)
      throw new InputError(`${folder} has too few people for thresholds`, {
        hint: 'about 150 people on the calibration side and 20 on the test side are needed: some 1,000 in all',
      });
    return { ...judge, thresholds };
  };
  return { subjects, judges: [await judgeOf(encoder), await judgeOf(other)] };
}
