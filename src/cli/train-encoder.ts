import { basename, resolve } from 'node:path';
import type { AdversarialSettings } from '../defence/training/adversarial-batch.ts';
import { AUGMENTATIONS, type Augmentation } from '../defence/training/augmentation.ts';
import { encoderGraph, trainEncoder } from '../defence/training/encoder-training.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { cardPath, encoderCard } from './encoder-card.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { peopleArgs } from './face-source.ts';
import { maskedEncoderRun } from './masked-encoder-run.ts';
import { maskingArgs, maskingSettings } from './masking-options.ts';
import { forgetNoise } from './noise-secret.ts';
import { listOf, oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { prepareOutputFile, writeOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printLine, printNote } from './print.ts';
import { watchFigures } from './training-figures.ts';
import { BAD_DATA, badDataArg, trainingPeople, usableTrainingFaces } from './training-people.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';

/** `faceward train encoder`: a MobileFaceNet, hardened where asked. */
export const trainEncoderCommand = command({
  name: 'train encoder',
  description:
    'Trains an encoder, MobileFaceNet with ArcFace’s loss, on people of the training side with several photos; with augmentation, and adversarially or on masked faces where asked. Writes the model and, beside it, a model card.',
  examples: [
    'faceward train encoder --data faces/ --out encoder.onnx --width 0.5 --steps 20000',
    'faceward train encoder --data faces/ --out hardened.onnx --width 0.5 --adversarial pgd:2:3',
    'faceward train encoder --data faces/ --out masked.onnx --width 0.5 --masking adaptive --mix-log mixes.jsonl',
    'faceward train encoder --data faces/ --out private.onnx --width 0.5 --masking dp-sgd:8',
    'faceward train encoder --data faces/ --out encoder.onnx --width 0.5 --steps 20000 --resume',
  ],
  args: {
    ...peopleArgs,
    embedding: { type: 'string', description: 'numbers of an embedding', default: '128', valueHint: 'n' },
    width: { type: 'string', description: 'factor on the paper’s channels', default: '1', valueHint: 'x' },
    size: { type: 'string', description: 'side of the face in px, a multiple of 16', default: '112', valueHint: 'px' },
    'min-photos': { type: 'string', description: 'people with fewer are left out', default: '2', valueHint: 'n' },
    'bad-data': badDataArg,
    augment: {
      type: 'string',
      description: `how faces are changed at random, of ${AUGMENTATIONS.join(', ')}; or none`,
      default: AUGMENTATIONS.join(','),
      valueHint: 'ways',
    },
    adversarial: {
      type: 'string',
      description: 'train against PGD: pgd:EPS:STEPS, the largest change in levels of 255 and the gradient steps',
      valueHint: 'pgd:2:3',
    },
    scale: { type: 'string', description: 'scale of ArcFace’s logits', default: '32', valueHint: 'x' },
    margin: { type: 'string', description: 'margin of ArcFace, in radians', default: '0.3', valueHint: 'x' },
    ...maskingArgs,
    ...trainingArgs,
    steps: { ...trainingArgs.steps, default: '20000' },
    seed: { ...trainingArgs.seed, description: 'seed of everything random; of dp-sgd, of the first weights alone' },
    ...sessionArgs,
  },
  async run({ args, job }) {
    const { checkpointSteps, ...numbers } = trainingNumbers(args, { leastBatch: 2 });
    const settings = {
      form: {
        sizePx: wholeNumber(args.size, '--size', { min: 32, max: 512 }),
        width: positiveNumber(args.width, '--width'),
        embeddingSize: wholeNumber(args.embedding, '--embedding', { min: 2 }),
      },
      ...numbers,
      scale: positiveNumber(args.scale, '--scale'),
      margin: positiveNumber(args.margin, '--margin'),
      augmentations: augmentationsOf(args.augment),
      ...adversarialOf(args.adversarial),
    };
    const leastPhotos = wholeNumber(args['min-photos'], '--min-photos', { min: 2 });
    const badData = oneOf(args['bad-data'], '--bad-data', BAD_DATA);
    const masked = maskingSettings(args);
    if (masked && settings.adversarial) throw new InputError('--masking and --adversarial do not go together');
    await prepareOutputFile(args.out);
    await using _lock = await lockOutput(args.out);
    const problem = { data: resolve(args.data), leastPhotos, ...settings, ...masked };
    const run = await openTrainingRun(args.out, JSON.stringify(problem), {
      resume: args.resume === true,
      int8: args.int8 === true,
    });
    if (run.finished) {
      // It may have been killed after its checkpoint was removed, and before its secret was.
      await forgetNoise(args.out);
      printNote(`${args.out} is finished`);
      return;
    }
    const usable = await usableTrainingFaces(args.data, args, { ...job, leastPhotos, badData });
    const people = trainingPeople(usable, leastPhotos, settings.form.sizePx);
    const leftOut = usable.peopleLeftOut;
    printNote(`${people.length} people with ${leastPhotos} photos or more; ${leftOut} with fewer are left out`);
    const watched = watchFigures(job);
    const options = {
      ...watched.job,
      ...sessionOptions(args),
      ...settings,
      onCheckpoint: run.onCheckpoint,
      checkpointSteps,
      ...(run.resume ? { resume: run.resume } : {}),
    };
    const count = people.reduce((sum, one) => sum + one.faces.length, 0);
    const side = { name: basename(resolve(args.data)), side: 'train', people: people.length, faces: count } as const;
    const data = { ...side, peopleLeftOut: leftOut };
    if (masked) {
      const { norm, noiseSeed, ...masking } = masked;
      const logs = { mixLog: args['mix-log'], figuresLog: args['figures-log'] };
      const trainingOptions = { ...options, ...masking, form: { ...settings.form, norm } };
      const { summary } = watched;
      await maskedEncoderRun(people, trainingOptions, { out: args.out, run, data, logs, summary, noiseSeed });
      return;
    }
    const weights = await trainEncoder(people, options);
    const card = encoderCard(options, data, watched.summary());
    await writeOutputFile(cardPath(args.out), `${JSON.stringify(card, undefined, 2)}\n`);
    await run.finish(encoderGraph(weights, settings.form, { card: JSON.stringify(card) }));
    printLine(args.out);
    printLine(cardPath(args.out));
    if (card.trainingFigures !== null) printLine(card.trainingFigures);
  },
});

function augmentationsOf(text: string): Augmentation[] {
  if (text === 'none') return [];
  return listOf(text).flatMap((word) => oneOf(word, '--augment', AUGMENTATIONS) ?? []);
}

/** `pgd:2:3`: within two levels of 255, by three steps. */
function adversarialOf(text: string | undefined): { readonly adversarial?: AdversarialSettings } {
  if (text === undefined) return {};
  const [, levels, steps] = /^pgd:(\d+(?:\.\d+)?):(\d+)$/.exec(text) ?? [];
  const adversarial = { epsilonLinf: Number(levels) / 255, steps: Number(steps) };
  const { epsilonLinf } = adversarial;
  if (!(epsilonLinf > 0 && epsilonLinf < 1 && adversarial.steps >= 1 && adversarial.steps <= 50)) {
    throw new InputError(`--adversarial ${text} is no setting of adversarial training`, {
      hint: 'write pgd:EPS:STEPS, such as pgd:2:3: within 2 levels of 255, by 3 steps (50 at most)',
    });
  }
  return { adversarial };
}
