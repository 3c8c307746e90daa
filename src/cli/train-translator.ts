import { basename, resolve } from 'node:path';
import { trainTranslator, translatorGraph } from '../attack/evasion/translation/translator.ts';
import { command } from './command.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { prepareOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printLine, printNote } from './print.ts';
import { watchFigures } from './training-figures.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';
import { translatorFaces, translatorInput } from './translator-faces.ts';

/** `faceward train translator`: a CycleGAN from one person's faces to another's. */
export const trainTranslatorCommand = command({
  name: 'train translator',
  description:
    'Trains a translator of faces, a small CycleGAN, from two folders of photos: of the person in the picture, and of the person an encoder is to see. A fifth of the photos, by a hash of their names, is held out.',
  examples: [
    'faceward train translator --from faces/ann --to faces/ben --out ann-to-ben.onnx',
    'faceward train translator --from faces/ann --to faces/ben --out ann-to-ben.onnx --resume',
  ],
  args: {
    from: { type: 'string', description: 'photos of the person in the picture', required: true, valueHint: 'folder' },
    to: { type: 'string', description: 'photos of the person to be seen', required: true, valueHint: 'folder' },
    ...trainingArgs,
    steps: { ...trainingArgs.steps, default: '5000' },
    batch: { ...trainingArgs.batch, description: 'faces of each person in a step', default: '1' },
    'learning-rate': { ...trainingArgs['learning-rate'], default: '0.0004' },
    ...sessionArgs,
  },
  async run({ args, job }) {
    const { steps, batchSize, learningRate, seed, checkpointSteps } = trainingNumbers(args, { leastBatch: 1 });
    await prepareOutputFile(args.out);
    await using _lock = await lockOutput(args.out);
    const [from, to] = [resolve(args.from), resolve(args.to)];
    const run = await openTrainingRun(args.out, JSON.stringify({ from, to, steps, batchSize, seed, learningRate }), {
      resume: args.resume === true,
      int8: args.int8 === true,
    });
    if (run.finished) {
      printNote(`${args.out} is finished`);
      return;
    }
    const [faces, targets] = [await translatorFaces(from, args, job), await translatorFaces(to, args, job)];
    const watched = watchFigures(job);
    const weights = await trainTranslator(faces.train.map(translatorInput), targets.train.map(translatorInput), {
      ...watched.job,
      ...sessionOptions(args),
      steps,
      batchSize,
      seed,
      learningRate,
      onCheckpoint: run.onCheckpoint,
      checkpointSteps,
      ...(run.resume ? { resume: run.resume } : {}),
    });
    const provenance = { from: basename(from), to: basename(to), steps: String(steps), seed: String(seed) };
    await run.finish(translatorGraph(weights, provenance));
    printLine(args.out);
    const losses = watched.summary();
    if (losses !== undefined) printLine(losses);
  },
});
