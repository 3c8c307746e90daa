import { resolve } from 'node:path';
import { denoiserGraph, trainDenoiser } from '../defence/input/denoiser.ts';
import { resizeImage } from '../image/resize.ts';
import { command } from './command.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { peopleArgs } from './face-source.ts';
import { positiveNumber } from './option-values.ts';
import { prepareOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printLine, printNote } from './print.ts';
import { trainingFaces } from './training-faces.ts';
import { watchFigures } from './training-figures.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';

/** Side of the faces that it is trained on, in pixels; it takes others too. */
const SIZE_PX = 112;

/** `faceward train denoiser`: an auto-encoder that takes noise off faces before they are recognised. */
export const trainDenoiserCommand = command({
  name: 'train denoiser',
  description:
    'Trains a small denoising auto-encoder on faces of the training side with Gaussian noise on them, to put before an encoder: --defence denoise:FILE.onnx.',
  examples: [
    'faceward train denoiser --data faces/ --out denoiser.onnx',
    'faceward bench verification --encoder my.onnx --defence denoise:denoiser.onnx --data lfw/',
  ],
  args: {
    ...peopleArgs,
    noise: {
      type: 'string',
      description: 'largest deviation of the noise, of a face in 0..1',
      default: '0.1',
      valueHint: 'x',
    },
    ...trainingArgs,
    batch: { ...trainingArgs.batch, default: '16' },
    ...sessionArgs,
  },
  async run({ args, job }) {
    const { checkpointSteps, ...numbers } = trainingNumbers(args, { leastBatch: 1 });
    const settings = { ...numbers, noise: positiveNumber(args.noise, '--noise') };
    await prepareOutputFile(args.out);
    await using _lock = await lockOutput(args.out);
    const run = await openTrainingRun(args.out, JSON.stringify({ data: resolve(args.data), ...settings }), {
      resume: args.resume === true,
      int8: args.int8 === true,
    });
    if (run.finished) {
      printNote(`${args.out} is finished`);
      return;
    }
    const faces = await trainingFaces(args.data, args, job);
    const watched = watchFigures(job);
    const weights = await trainDenoiser(
      faces.map(({ image }) => resizeImage(image, SIZE_PX, SIZE_PX)),
      {
        ...watched.job,
        ...sessionOptions(args),
        ...settings,
        onCheckpoint: run.onCheckpoint,
        checkpointSteps,
        ...(run.resume ? { resume: run.resume } : {}),
      },
    );
    const { steps, seed, noise } = settings;
    await run.finish(
      denoiserGraph(weights, {
        steps: String(steps),
        seed: String(seed),
        noise: String(noise),
        faces: String(faces.length),
      }),
    );
    printLine(args.out);
    const losses = watched.summary();
    if (losses !== undefined) printLine(losses);
  },
});
