import { resolve } from 'node:path';
import { SWAP_SHAPES, type SwapShapeName } from '../attack/presentation/swap/networks.ts';
import { swapGraph } from '../attack/presentation/swap/swap.ts';
import { trainSwap } from '../attack/presentation/swap/training.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { hashOfFiles } from './files-hash.ts';
import { oneOf } from './option-values.ts';
import { prepareOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printLine, printNote } from './print.ts';
import { findSwapPhotos, loadSwapFaces, type SwapFolders } from './swap-faces.ts';
import { swapSheets } from './swap-samples.ts';
import { watchFigures } from './training-figures.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';

const SIZES = Object.keys(SWAP_SHAPES) as SwapShapeName[];

/** `faceward train swap`: DeepFake's swap of two people's faces. */
export const trainSwapCommand = command({
  name: 'train swap',
  description:
    'Trains a swap of faces, as DeepFake does (one encoder, a decoder for each person), to test a face verification with: in what it makes, the person of --onto is seen with the face of the person of --face-of. Each folder holds photos of one person, 20 at least, better 200. All pictures that are written are marked.',
  examples: [
    'faceward train swap --face-of photos/ben --onto photos/ann --out ben-upon-ann.onnx',
    'faceward train swap --face-of photos/ben --onto photos/ann --out ben-upon-ann.onnx --resume',
    'faceward train swap --face-of photos/ben --onto photos/ann --out swap.onnx --size classic --samples samples/',
  ],
  args: {
    'face-of': {
      type: 'string',
      description: 'photos of the person whose face is put on: whose face one will see',
      required: true,
      valueHint: 'folder',
    },
    onto: {
      type: 'string',
      description:
        'photos of the person it is put upon: who is in the photo or clip, and whose expression, pose, hair and surroundings stay',
      required: true,
      valueHint: 'folder',
    },
    size: {
      type: 'string',
      description: `of the networks: ${SIZES.join(', ')}; classic is DeepFake’s own, some twenty times the work`,
      default: 'slim',
      valueHint: 'size',
    },
    samples: {
      type: 'string',
      description: 'folder for a sheet of faces at each checkpoint, marked',
      valueHint: 'folder',
    },
    ...trainingArgs,
    steps: { ...trainingArgs.steps, default: '5000' },
    batch: { ...trainingArgs.batch, description: 'faces of each person in a step', default: '16' },
    'learning-rate': {
      type: 'string',
      description: `peak of the learning rate; default: ${SIZES.map((size) => `${SWAP_SHAPES[size].learningRate} for ${size}`).join(', ')}`,
      valueHint: 'x',
    },
    'checkpoint-every': { ...trainingArgs['checkpoint-every'], default: '250' },
    ...sessionArgs,
  },
  async run({ args, job }) {
    const size = oneOf(args.size, '--size', SIZES);
    const shape = SWAP_SHAPES[size];
    const { checkpointSteps, ...numbers } = trainingNumbers(
      { ...args, 'learning-rate': args['learning-rate'] ?? String(shape.learningRate) },
      { leastBatch: 1 },
    );
    const plan = { size, ...numbers };
    const [donorFolder, wearerFolder] = [resolve(args['face-of']), resolve(args.onto)];
    if (donorFolder === wearerFolder) throw new InputError('--face-of and --onto name the same folder');
    await prepareOutputFile(args.out);
    await using _lock = await lockOutput(args.out);
    const folders: SwapFolders = {
      donor: { folder: donorFolder, option: '--face-of' },
      wearer: { folder: wearerFolder, option: '--onto' },
    };
    const photos = await findSwapPhotos(folders);
    // The problem is kept in the checkpoint: folders are often named after people, and their hashes are all that it has.
    const [donor, wearer] = [await hashOfFiles(photos.donor), await hashOfFiles(photos.wearer)];
    const problem = JSON.stringify({ ...plan, donor, wearer });
    const run = await openTrainingRun(args.out, problem, { resume: args.resume === true, int8: args.int8 === true });
    if (run.finished) {
      printNote(`${args.out} is finished`);
      return;
    }
    const faces = await loadSwapFaces(photos, folders, { sizePx: shape.sizePx, args, job });
    const people = { donor: faces.donor.examples, wearer: faces.wearer.examples };
    const sheets = args.samples === undefined ? undefined : swapSheets(args.samples, people, shape);
    const watched = watchFigures(job);
    const weights = await trainSwap(people, {
      ...plan,
      shape,
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
      size,
      steps: String(plan.steps),
      batch: String(plan.batchSize),
      learningRate: String(plan.learningRate),
      seed: String(plan.seed),
      donorFaces: String(people.donor.length),
      donorHash: faces.donor.hash,
      wearerFaces: String(people.wearer.length),
      wearerHash: faces.wearer.hash,
    };
    await run.finish(swapGraph(weights, { shape, metadata }));
    printLine(args.out);
    const losses = watched.summary();
    if (losses !== undefined) printLine(losses);
  },
});
