import { resolve } from 'node:path';
import { generatorGraph, trainGenerator } from '../attack/inversion/generator.ts';
import { command } from './command.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { peopleArgs } from './face-source.ts';
import { prepareOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printLine, printNote } from './print.ts';
import { planarFace, trainingFaces } from './training-faces.ts';
import { watchFigures } from './training-figures.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';

/** Images of one person that count, so that the few with hundreds do not rule the generator. */
const IMAGES_PER_PERSON = 20;

/** `faceward train generator`: a generator of faces for the white-box attacks. */
export const trainGeneratorCommand = command({
  name: 'train generator',
  description:
    'Trains a generator of faces on people of the training side: an auto-encoder whose decoder is the inverse DCGAN.',
  examples: [
    'faceward train generator --data faces/ --out generator.onnx --int8',
    'faceward train generator --data faces/ --out generator.onnx --resume',
  ],
  args: {
    ...peopleArgs,
    ...trainingArgs,
    ...sessionArgs,
  },
  async run({ args, job }) {
    const { steps, batchSize, learningRate, seed, checkpointSteps } = trainingNumbers(args, { leastBatch: 2 });
    await prepareOutputFile(args.out);
    await using _lock = await lockOutput(args.out);
    const run = await openTrainingRun(
      args.out,
      JSON.stringify({ data: resolve(args.data), steps, batchSize, seed, learningRate }),
      {
        resume: args.resume === true,
        int8: args.int8 === true,
      },
    );
    if (run.finished) {
      printNote(`${args.out} is finished`);
      return;
    }
    const faces = await trainingFaces(args.data, args, job);
    const chosen = [...Map.groupBy(faces, ({ person }) => person).values()].flatMap((own) =>
      own.slice(0, IMAGES_PER_PERSON),
    );
    const watched = watchFigures(job);
    const trained = await trainGenerator(
      chosen.map(({ image }) => planarFace(image)),
      {
        ...watched.job,
        ...sessionOptions(args),
        steps,
        batchSize,
        seed,
        learningRate,
        onCheckpoint: run.onCheckpoint,
        checkpointSteps,
        ...(run.resume ? { resume: run.resume } : {}),
      },
    );
    await run.finish(
      generatorGraph(trained, { steps: String(steps), seed: String(seed), faces: String(chosen.length) }),
    );
    printLine(args.out);
    const losses = watched.summary();
    if (losses !== undefined) printLine(losses);
  },
});
