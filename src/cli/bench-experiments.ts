import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EXPERIMENTS, type Experiment } from '../attack/inversion/experiments.ts';
import { inverterGraph } from '../attack/inversion/inverter.ts';
import { inverterModel, openInverter } from '../attack/inversion/inverter-file.ts';
import type { Rate } from '../audit/findings.ts';
import { chooseSamples } from '../audit/inversion/choose-samples.ts';
import { createJudge, type Judge, measureThresholds } from '../audit/inversion/judge.ts';
import { loadFaces } from '../audit/inversion/load-faces.ts';
import { attackRates, qualityRows } from '../audit/inversion/measure.ts';
import { readModel } from '../audit/inversion/shipped.ts';
import { type AuditFace, chooseSubjects, type Subject } from '../audit/inversion/subjects.ts';
import { loadDataset } from '../data/load.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { fromPlanar } from '../image/tensor.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { firstWeights, inversionPairs, runTraining } from './inverter-training.ts';
import { wholeNumber } from './option-values.ts';
import { percent, printJson, printLine, printNote, table } from './print.ts';
import { trainingFaces } from './training-faces.ts';
import { openTrainingRun, positiveNumber, trainingArgs } from './training-run.ts';

/** What one experiment reached on the test people. */
interface ExperimentResult {
  readonly experiment: Experiment;
  readonly quality: Readonly<Record<string, number>>;
  readonly rates: readonly Rate[];
}

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
    data: {
      type: 'string',
      description: 'folder with one folder of photos for each person',
      required: true,
      valueHint: 'folder',
    },
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
    const people = wholeNumber(args.people, '--people', { min: 10 }) ?? 250;
    const settings = {
      steps: wholeNumber(args.steps, '--steps', { min: 1 }) ?? 3000,
      batchSize: wholeNumber(args.batch, '--batch', { min: 2 }) ?? 32,
      seed: wholeNumber(args.seed, '--seed') ?? 1,
      learningRate: positiveNumber(args['learning-rate'], '--learning-rate'),
    };
    const checkpointSteps = wholeNumber(args['checkpoint-every'], '--checkpoint-every', { min: 1 }) ?? 100;
    await mkdir(args.out, { recursive: true });
    const encoder = await openEncoderFromArgs(args);
    const other = await openEncoderFromArgs(args, args.judge);
    try {
      const faces = await trainingFaces(args.data, args, job);
      const pairs = await inversionPairs(encoder, faces, job);
      const { subjects, judges } = await testSide(
        args.data,
        [encoder, other],
        { people, seed: settings.seed },
        args,
        job,
      );
      const startFrom = await firstWeights(args.begin);
      const results: ExperimentResult[] = [];
      for (const experiment of EXPERIMENTS) {
        const path = join(args.out, `inverter-${experiment.number}.onnx`);
        const problem = JSON.stringify({
          data: resolve(args.data),
          encoder: encoder.hash,
          experiment: experiment.number,
          begin: args.begin,
          ...settings,
        });
        const run = await openTrainingRun(path, problem, {
          resume: args.resume === true,
          optional: true,
          int8: args.int8 === true,
        });
        if (!run.finished) {
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
        results.push(await measure(experiment, path, subjects, judges));
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
      await writeFile(join(args.out, 'experiments.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
      if (args.json) printJson(summary);
      else printLine(resultTable(results));
    } finally {
      await Promise.all([encoder.close(), other.close()]);
    }
  },
});

async function testSide(
  folder: string,
  encoders: readonly Encoder[],
  { people, seed }: { readonly people: number; readonly seed: number },
  args: Parameters<typeof pipelineSource>[0],
  job: JobOptions,
): Promise<{ subjects: Subject[]; judges: Judge[] }> {
  const random = new Random(seed);
  const dataset = await loadDataset(folder, { readSize: readPhotoSize });
  const chosen = chooseSamples(dataset, { people, auxiliaryPeople: 0, random });
  await using source = pipelineSource(args);
  const load = async (samples: typeof chosen.attacked): Promise<AuditFace[]> =>
    (await loadFaces(samples, { ...job, openPipeline: source.openPipeline })).faces;
  const calibration = await load(chosen.calibration);
  const subjects = chooseSubjects(await load(chosen.attacked), { people, random });
  const judges = await Promise.all(
    encoders.map(async (encoder) => {
      const judge = createJudge(encoder);
      const thresholds = await measureThresholds(judge, calibration, dataset.name, job);
      if (!thresholds)
        throw new InputError(`${folder} has too few people for thresholds`, {
          hint: 'about 150 people on the calibration side are needed',
        });
      return { ...judge, thresholds };
    }),
  );
  return { subjects, judges };
}

async function measure(
  experiment: Experiment,
  path: string,
  subjects: readonly Subject[],
  judges: readonly Judge[],
): Promise<ExperimentResult> {
  const [self] = judges as [Judge, ...Judge[]];
  const inverter = await openInverter(inverterModel(await readModel(path)));
  const planar = await inverter.invert(await self.embed(subjects.map(({ template }) => template)));
  await inverter.close();
  const images = planar.flatMap((face) => fromPlanar(face, { widthPx: 128, heightPx: 128 }));
  const made = { attack: `experiment ${experiment.number}`, target: self.encoder.id, images };
  const rates = (await Promise.all(judges.map((judge) => attackRates(made, subjects, judge)))).flat();
  return {
    experiment,
    rates,
    quality: Object.fromEntries(qualityRows(made, subjects).map(({ measure: name, mean }) => [name, mean])),
  };
}

function resultTable(results: readonly ExperimentResult[]): string {
  const columns = results[0]?.rates.map(({ name, judge, fmr }) => `${name} ${judge} ${fmr}`) ?? [];
  return table([
    ['experiment', ...Object.keys(results[0]?.quality ?? {}), ...columns],
    ...results.map(({ experiment, quality, rates }) => [
      String(experiment.number),
      ...Object.values(quality).map((value) => value.toFixed(4)),
      ...rates.map(({ rate }) => percent(rate, 1)),
    ]),
  ]);
}
