import { resolve } from 'node:path';
import { exampleDraw } from '../defence/liveness/network/example-draw.ts';
import { openPresentationNetwork } from '../defence/liveness/network/open-presentation-network.ts';
import { presentationGraph, trainPresentationNetwork } from '../defence/liveness/network/presentation-training.ts';
import type { Graph } from '../graph/graph.ts';
import { quantiseWeights } from '../graph/quantisation.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { command } from './command.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { prepareOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { describeKind, type KindOfFaces, presentationFaces } from './presentation-faces.ts';
import { type SpeciesFigure, speciesFigures, speciesTable } from './presentation-figures.ts';
import { printJson, printLine, printNote } from './print.ts';
import { watchFigures } from './training-figures.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';

/** Side of the crop that the network sees, in pixels: that of MiniFASNet. */
const SIZE_PX = 80;

/** Each species a class of its own, or all attacks together one. */
const CLASSES = ['species', 'two'] as const;

/** `faceward train liveness`: a network that tells faces before the camera from prints and screens. */
export const trainLivenessCommand = command({
  name: 'train liveness',
  description: `Trains a presentation-attack network (MiniFASNet with the Fourier head) on people of the training side, and reports for each species of attack how well it tells those of the calibration side.

The folder is laid out as
  DIR/bona-fide/PERSON/*.jpg    photos, or folders of frames, of people before the camera
  DIR/SPECIES/PERSON/*.jpg      attacks that show PERSON: one folder for each species, such as print or screen
One name is one person in all of the folders. With --simulate a folder of people (DIR/PERSON/*.jpg) is enough: prints and screens are then made of the photos, in memory alone. Frames that bear our own mark are left out.`,
  examples: [
    'faceward train liveness --data presentations/ --out liveness.onnx',
    'faceward train liveness --data people/ --simulate --out liveness.onnx --seed 2',
    'faceward train liveness --data presentations/ --fourier-head false --out ablation.onnx',
  ],
  args: {
    data: { type: 'string', description: 'presentations, laid out as above', required: true, valueHint: 'folder' },
    simulate: {
      type: 'boolean',
      description: 'make prints and screens of the bona fide photos; other folders are not read',
    },
    classes: {
      type: 'string',
      description: 'what is told apart: species, each a class beside bona fide; or two, bona fide and attack',
      default: 'species',
      valueHint: CLASSES.join('|'),
    },
    'fourier-head': {
      type: 'string',
      description: 'whether training predicts the picture’s spectrum as well; false is for comparison',
      default: 'true',
      valueHint: 'true|false',
    },
    crop: {
      type: 'string',
      description: 'how much larger than the face’s box the crop is',
      default: '2.7',
      valueHint: 'x',
    },
    photos: {
      type: 'string',
      description: 'photos of a person and species that are read, at most',
      default: '20',
      valueHint: 'n',
    },
    ...trainingArgs,
    ...sessionArgs,
    json: { type: 'boolean', description: 'print the figures as JSON' },
  },
  async run({ args, job }) {
    const { checkpointSteps, ...numbers } = trainingNumbers(args, { leastBatch: 2 });
    const settings = {
      simulate: args.simulate === true,
      classes: oneOf(args.classes, '--classes', CLASSES),
      fourierHead: oneOf(args['fourier-head'], '--fourier-head', ['true', 'false']) === 'true',
      cropFactor: cropFactorOf(args.crop),
      photos: wholeNumber(args.photos, '--photos', { min: 1 }),
      ...numbers,
    };
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
    const { simulate, cropFactor, photos, seed } = settings;
    const faces = await presentationFaces(args.data, {
      ...job,
      args,
      simulate,
      cropFactor,
      photos,
      seed,
      sizePx: SIZE_PX,
    });
    const classes = settings.classes === 'two' ? ['bona-fide', 'attack'] : classNames(faces.train);
    const kinds = faces.train.map(({ people }, i) => ({ label: Math.min(i, classes.length - 1), people }));
    const watched = watchFigures(job);
    const weights = await trainPresentationNetwork(exampleDraw(kinds, settings), {
      ...watched.job,
      ...sessionOptions(args),
      ...settings,
      classes: classes.length,
      sizePx: SIZE_PX,
      onCheckpoint: run.onCheckpoint,
      checkpointSteps,
      ...(run.resume ? { resume: run.resume } : {}),
    });
    const graph = presentationGraph(weights, {
      classes,
      sizePx: SIZE_PX,
      cropFactor,
      metadata: {
        data: faces.dataset,
        side: 'train',
        attacks: simulate ? 'simulated' : 'of the data set',
        faces: faces.train.map((kind) => `${kind.name}: ${describeKind(kind)}`).join('; '),
        fourier_head: String(settings.fourierHead),
        steps: String(settings.steps),
        batch: String(settings.batchSize),
        seed: String(seed),
      },
    });
    const figures = await measure(args.int8 ? quantiseWeights(graph) : graph, faces.calibration, {
      ...sessionOptions(args),
      seed,
    });
    await run.finish({ ...graph, metadata: { ...graph.metadata, ...figuresText(figures) } });
    if (args.json) return printJson({ out: args.out, side: 'calibration', figures });
    printLine(args.out);
    if (figures.length === 0) printNote('there is nobody on the calibration side to measure it on');
    else {
      printLine(speciesTable(figures));
      printLine('calibration side, with 95 % intervals: these attacks and cameras alone');
    }
    const losses = watched.summary();
    if (losses !== undefined) printLine(losses);
  },
});

function cropFactorOf(text: string): number {
  const factor = positiveNumber(text, '--crop');
  if (factor < 1) throw new InputError(`--crop ${text} leaves out a part of the face`, { hint: 'give 1 or more' });
  return factor;
}

/** Names of the kinds, as the file keeps them. @throws InputError where one holds a comma. */
function classNames(kinds: readonly KindOfFaces[]): string[] {
  const wrong = kinds.find(({ name }) => name.includes(','));
  if (wrong)
    throw new InputError(`a species cannot be called "${wrong.name}"`, { hint: 'name its folder without a comma' });
  return kinds.map(({ name }) => name);
}

async function measure(
  graph: Graph,
  kinds: readonly KindOfFaces[],
  options: SessionOptions & { readonly seed: number },
): Promise<SpeciesFigure[]> {
  const network = await openPresentationNetwork(graph, options);
  try {
    return await speciesFigures(network, kinds, { random: new Random(options.seed).fork('figures') });
  } finally {
    await network.close();
  }
}

/** The figures as the file keeps them. */
function figuresText(figures: readonly SpeciesFigure[]): Record<string, string> {
  if (figures.length === 0) return {};
  return { calibration_auc: figures.map(({ species, auc }) => `${species}: ${auc.value.toFixed(4)}`).join('; ') };
}
