import { basename } from 'node:path';
import { reenactorGraph } from '../attack/presentation/reenactment/reenactor.ts';
import {
  REENACTOR_SHAPES,
  type ReenactorShape,
  requireReenactorShape,
} from '../attack/presentation/reenactment/reenactor-shape.ts';
import { REENACTOR_LOSSES, trainReenactor } from '../attack/presentation/reenactment/reenactor-training.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { peopleArgs } from './face-source.ts';
import { hashOfFiles } from './files-hash.ts';
import { listOf, oneOf, wholeNumber } from './option-values.ts';
import { prepareOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printLine, printNote } from './print.ts';
import { findReenactorFiles, reenactorFaces } from './reenactor-faces.ts';
import { reenactorSheets } from './reenactor-samples.ts';
import { watchFigures } from './training-figures.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';

const SIZES = ['64', '128'] as const;

/** `faceward train reenactor`: a network that moves one photo's face as a driver moves. */
export const trainReenactorCommand = command({
  name: 'train reenactor',
  description:
    'Trains a small first-order motion model on people of the training side: from one frame of a person and the motion of another the other is made. Pairs come from clips, and from photos that are moved twice.',
  examples: [
    'faceward train reenactor --data faces/ --out reenactor.onnx',
    'faceward train reenactor --data faces/ --clips clips/ --tracks tracks/ --samples samples/ --out reenactor.onnx',
    'faceward train reenactor --data faces/ --clips clips/ --tracks tracks/ --samples samples/ --out reenactor.onnx --resume',
    'faceward train reenactor --data faces/ --size 128 --key-points 10 --out reenactor-128.onnx',
  ],
  args: {
    ...peopleArgs,
    photos: {
      type: 'string',
      description: 'the most photos that are used, drawn at random',
      default: '4000',
      valueHint: 'n',
    },
    clips: {
      type: 'string',
      description: 'folder of clips, each a folder of frames or a video of one person, who is known by its name',
      valueHint: 'folder',
    },
    'clip-share': {
      type: 'string',
      description: 'of the pairs, how many are from clips',
      default: '0.3',
      valueHint: 'share',
    },
    tracks: {
      type: 'string',
      description: 'folder of tracks of landmarks (.json) by which photos are moved, beside motions of our own',
      valueHint: 'folder',
    },
    size: {
      type: 'string',
      description: `side of the network’s pictures: ${SIZES.join(' or ')}`,
      default: '64',
      valueHint: 'px',
    },
    'motion-size': {
      type: 'string',
      description: 'side at which motion is looked for: the network’s, or that halved; default: 64',
      valueHint: 'px',
    },
    'key-points': { type: 'string', description: 'key points', default: '6', valueHint: 'n' },
    'motion-widths': {
      type: 'string',
      description: 'channels of the hourglasses, from full size on; default: 16,32,64,128',
      valueHint: 'n,n,…',
    },
    'painter-widths': {
      type: 'string',
      description: 'channels of the painter, from full size on; default: 24,48,96',
      valueHint: 'n,n,…',
    },
    samples: {
      type: 'string',
      description: 'folder for a sheet of frames of training people at each checkpoint, marked',
      valueHint: 'folder',
    },
    ...trainingArgs,
    steps: { ...trainingArgs.steps, default: '3200' },
    batch: { ...trainingArgs.batch, description: 'pairs in a step', default: '8' },
    'learning-rate': { ...trainingArgs['learning-rate'], default: '0.0006' },
    ...sessionArgs,
  },
  async run({ args, job }) {
    const shape = shapeOf(args);
    const { checkpointSteps, ...numbers } = trainingNumbers(args, { leastBatch: 2 });
    const plan = { shape, losses: REENACTOR_LOSSES, ...numbers };
    const mostPhotos = wholeNumber(args.photos, '--photos', { min: 1 });
    const clipShare = shareOf(args['clip-share'], '--clip-share');
    await prepareOutputFile(args.out);
    await using _lock = await lockOutput(args.out);
    const { data, clips, tracks } = args;
    const files = await findReenactorFiles({ photos: data, clips, tracks, mostPhotos, seed: plan.seed });
    const named = [...files.clips, ...files.tracks].map((path) => ({ id: basename(path), path }));
    const hash = await hashOfFiles([...files.photos, ...named]);
    const run = await openTrainingRun(args.out, JSON.stringify({ ...plan, data: hash, clipShare }), {
      resume: args.resume === true,
      int8: args.int8 === true,
    });
    if (run.finished) {
      printNote(`${args.out} is finished`);
      return;
    }
    const faces = { ...(await reenactorFaces(files, { sizePx: shape.sizePx, args, job })), clipShare };
    const sheets = args.samples === undefined ? undefined : reenactorSheets(args.samples, faces, shape);
    const watched = watchFigures(job);
    const weights = await trainReenactor(faces, {
      ...plan,
      ...watched.job,
      ...sessionOptions(args),
      checkpointSteps,
      onCheckpoint: async (state, why) => {
        await run.onCheckpoint(state);
        if (why === 'due') await sheets?.(state);
      },
      ...(run.resume ? { resume: run.resume } : {}),
    });
    const metadata = {
      data: [args.data, args.clips, args.tracks]
        .flatMap((path) => (path === undefined ? [] : basename(path)))
        .join(','),
      photos: String(faces.photos.length),
      people: String(faces.people),
      clips: String(faces.clips.length),
      tracks: String(faces.tracks.length),
      steps: String(plan.steps),
      batch: String(plan.batchSize),
      seed: String(plan.seed),
    };
    await run.finish(reenactorGraph(weights, { shape, metadata }));
    printLine(args.out);
    const losses = watched.summary();
    if (losses !== undefined) printLine(losses);
  },
});

/** The network's form as the command line tells it. @throws InputError where it is none. */
function shapeOf(args: {
  readonly size: string;
  readonly 'motion-size'?: string | undefined;
  readonly 'key-points': string;
  readonly 'motion-widths'?: string | undefined;
  readonly 'painter-widths'?: string | undefined;
}): ReenactorShape {
  const usual = REENACTOR_SHAPES[oneOf(args.size, '--size', SIZES)];
  const widths = (text: string | undefined, option: string): number[] | undefined =>
    text === undefined ? undefined : listOf(text).map((word) => wholeNumber(word, option, { min: 1 }));
  return requireReenactorShape({
    ...usual,
    motionPx: wholeNumber(args['motion-size'], '--motion-size', { min: 8 }) ?? usual.motionPx,
    keyPoints: wholeNumber(args['key-points'], '--key-points', { min: 1, max: 64 }) ?? usual.keyPoints,
    motionWidths: widths(args['motion-widths'], '--motion-widths') ?? usual.motionWidths,
    painterWidths: widths(args['painter-widths'], '--painter-widths') ?? usual.painterWidths,
  });
}

/** A share from 0 to 1. @throws InputError where it is none. */
function shareOf(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InputError(`${option} ${text} is no share from 0 to 1`);
}
