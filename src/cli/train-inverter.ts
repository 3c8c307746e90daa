import { resolve } from 'node:path';
import { EXPERIMENTS } from '../attack/inversion/experiments.ts';
import { inverterGraph } from '../attack/inversion/inverter.ts';
import type { Surrogate } from '../attack/inversion/surrogate.ts';
import { createJudge } from '../audit/judge.ts';
import type { AuditFace } from '../audit/subjects.ts';
import { CapabilityError, InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { command } from './command.ts';
import { type EncoderArgs, encoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { peopleArgs } from './face-source.ts';
import { firstWeights, inversionPairs, runTraining } from './inverter-training.ts';
import { positiveNumber, wholeNumber } from './option-values.ts';
import { prepareOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printLine, printNote } from './print.ts';
import { trainingFaces } from './training-faces.ts';
import { watchFigures } from './training-figures.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';

/** `faceward train inverter`: the black-box inverter of an encoder. */
export const trainInverterCommand = command({
  name: 'train inverter',
  description:
    'Trains an inverter: a network from an encoder’s embeddings back to faces, learnt through its interface alone, on people of the training side. The audit takes it with --inverter.',
  examples: [
    'faceward train inverter --encoder my.onnx --data faces/ --out my-inverter.onnx',
    'faceward train inverter --encoder my.onnx --data faces/ --experiment 5 --begin fresh --steps 3000 --out inverter-5.onnx',
    'faceward train inverter --encoder my.onnx --data faces/ --surrogate dlib --out my-inverter.onnx --resume',
  ],
  args: {
    ...peopleArgs,
    experiment: { type: 'string', description: 'row of the patent’s table, 1 to 5', default: '3', valueHint: 'n' },
    begin: {
      type: 'string',
      description: 'weights to begin with: generator (the shipped one’s), fresh, or a model',
      default: 'generator',
      valueHint: 'from',
    },
    surrogate: {
      type: 'string',
      description: 'white-box encoder through which identity is held; neither target nor judge',
      valueHint: 'encoder',
    },
    'identity-weight': {
      type: 'string',
      description: 'weight of the identity loss against the pixel loss',
      default: '0.1',
      valueHint: 'x',
    },
    bottleneck: {
      type: 'string',
      description: 'numbers that a long embedding is first brought down to, for a smaller model',
      valueHint: 'n',
    },
    ...trainingArgs,
    ...encoderArgs,
  },
  async run({ args, job }) {
    const experiment = EXPERIMENTS.find(({ number }) => number === wholeNumber(args.experiment, '--experiment'));
    if (!experiment)
      throw new InputError(`there is no experiment ${args.experiment}`, { hint: 'the patent has 1 to 5' });
    const { steps, batchSize, learningRate, seed, checkpointSteps } = trainingNumbers(args, { leastBatch: 2 });
    const weight = positiveNumber(args['identity-weight'], '--identity-weight');
    const bottleneck = wholeNumber(args.bottleneck, '--bottleneck', { min: 8 });
    await prepareOutputFile(args.out);
    await using _lock = await lockOutput(args.out);
    const encoder = await openEncoderFromArgs(args);
    try {
      const problem = JSON.stringify({
        encoder: encoder.hash,
        data: resolve(args.data),
        experiment: experiment.number,
        steps,
        batchSize,
        seed,
        learningRate,
        begin: args.begin,
        surrogate: args.surrogate,
        weight,
        bottleneck,
      });
      const run = await openTrainingRun(args.out, problem, { resume: args.resume === true, int8: args.int8 === true });
      if (run.finished) {
        printNote(`${args.out} is finished`);
        return;
      }
      const faces = await trainingFaces(args.data, args, job);
      const pairs = await inversionPairs(encoder, faces, job);
      const watched = watchFigures(job);
      const trained = await runTraining(pairs, experiment, {
        ...watched.job,
        ...sessionOptions(args),
        steps,
        batchSize,
        seed,
        learningRate,
        bottleneck,
        onCheckpoint: run.onCheckpoint,
        checkpointSteps,
        surrogate:
          args.surrogate === undefined ? undefined : await surrogateOf(args, args.surrogate, faces, weight, job),
        startFrom: await firstWeights(args.begin),
        resume: run.resume,
      });
      await run.finish(
        inverterGraph(trained, {
          experiment,
          bottleneck,
          encoder,
          metadata: { steps: String(steps), seed: String(seed), people: String(pairs.meanFaces.length) },
        }),
      );
      printLine(args.out);
      const losses = watched.summary();
      if (losses !== undefined) printLine(losses);
    } finally {
      await encoder.close();
    }
  },
});

async function surrogateOf(
  args: EncoderArgs,
  spec: string,
  faces: readonly AuditFace[],
  weight: number,
  job: JobOptions,
): Promise<Surrogate> {
  const encoder = await openEncoderFromArgs(args, spec);
  const { graph, view } = encoder;
  if (!graph)
    throw new CapabilityError(`"${spec}" cannot be a surrogate: its weights are not at hand`, {
      hint: 'name a bundled encoder or an .onnx file',
    });
  const embeddings = await createJudge(encoder).embed(faces, job);
  await encoder.close();
  return { graph, view, embeddings, weight };
}
