import { resolve } from 'node:path';
import { PORTRAIT_NETWORKS } from '../attack/inference/attribute/portrait-networks.ts';
import { trainPortraitNetwork } from '../attack/inference/attribute/portrait-training.ts';
import { readerGraph } from '../attack/inference/attribute/reader.ts';
import type { LabelledPortrait } from '../audit/load-portraits.ts';
import { type ReaderFigure, readerFigures, readerScores } from '../audit/reader-figures.ts';
import { openAttributeReader } from '../face/open-attribute-reader.ts';
import type { Graph } from '../graph/graph.ts';
import { quantiseWeights } from '../graph/quantisation.ts';
import { toPlanar } from '../image/tensor.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { listOf, oneOf } from './option-values.ts';
import { prepareOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printJson, printLine, printNote } from './print.ts';
import { readerFaces } from './reader-faces.ts';
import { readerTable } from './reader-table.ts';
import { watchFigures } from './training-figures.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';

/** Share of the last features that each step leaves out. */
const DROPOUT = 0.3;

/** `faceward train attributes`: a reader of attributes, to judge edits and to measure what photos give away. */
export const trainAttributesCommand = command({
  name: 'train attributes',
  description:
    'Trains a network that reads attributes off portraits, on people of the training side, and reports how well it reads those of the calibration side.',
  examples: [
    'faceward train attributes --data celeba/ --out reader.onnx --int8',
    'faceward train attributes --data celeba/ --attributes Male,Young,Eyeglasses --network residual --seed 2 --out judge.onnx',
  ],
  args: {
    data: {
      type: 'string',
      description: 'faces with attributes: CelebA, or a folder made like it',
      required: true,
      valueHint: 'folder',
    },
    attributes: {
      type: 'string',
      description: 'what is to be read, in CelebA’s words; default: all that the data set labels',
      valueHint: 'A,B,...',
    },
    network: {
      type: 'string',
      description: `form of the network: ${PORTRAIT_NETWORKS.join(' or ')}`,
      default: 'cnn',
      valueHint: 'form',
    },
    ...trainingArgs,
    steps: { ...trainingArgs.steps, default: '5000' },
    batch: { ...trainingArgs.batch, default: '48' },
    'learning-rate': { ...trainingArgs['learning-rate'], default: '0.002' },
    ...sessionArgs,
    json: { type: 'boolean', description: 'print the figures as JSON' },
  },
  async run({ args, job }) {
    const network = oneOf(args.network, '--network', PORTRAIT_NETWORKS);
    const wanted = listOf(args.attributes);
    const { checkpointSteps, ...numbers } = trainingNumbers(args, { leastBatch: 2 });
    const settings = {
      network,
      ...numbers,
      dropout: DROPOUT,
    };
    await prepareOutputFile(args.out);
    await using _lock = await lockOutput(args.out);
    const run = await openTrainingRun(args.out, JSON.stringify({ data: resolve(args.data), wanted, ...settings }), {
      resume: args.resume === true,
      int8: args.int8 === true,
    });
    if (run.finished) {
      printNote(`${args.out} is finished`);
      return;
    }
    const { dataset, attributes: known, faces } = await readerFaces(args.data, ['train', 'calibration'], { args, job });
    const attributes = learnable(wanted.length > 0 ? wanted : known, known, faces.train);
    const watched = watchFigures(job);
    const weights = await trainPortraitNetwork(
      {
        inputs: faces.train.map(({ portrait }) => toPlanar([portrait])),
        labels: faces.train.map((face) => attributes.map((name) => face.attributes[name] === true)),
      },
      {
        ...watched.job,
        ...sessionOptions(args),
        ...settings,
        onCheckpoint: run.onCheckpoint,
        checkpointSteps,
        ...(run.resume ? { resume: run.resume } : {}),
      },
    );
    const metadata = {
      data: dataset,
      side: 'train',
      faces: String(faces.train.length),
      steps: String(settings.steps),
      batch: String(settings.batchSize),
      seed: String(settings.seed),
    };
    const graph = readerGraph(weights, { network, attributes, metadata });
    const figures = await measure(args.int8 ? quantiseWeights(graph) : graph, faces.calibration, sessionOptions(args));
    await run.finish({ ...graph, metadata: { ...graph.metadata, ...meansOf(figures) } });
    if (args.json) return printJson({ out: args.out, side: 'calibration', figures });
    printLine(args.out);
    printLine(readerTable(figures));
    printLine('calibration side, present above log-odds of 0, in %, with 95 % intervals');
    const losses = watched.summary();
    if (losses !== undefined) printLine(losses);
  },
});

/** The attributes to learn. @throws InputError for one that the data set does not know, or that all training people have, or none. */
function learnable(wanted: readonly string[], known: readonly string[], faces: readonly LabelledPortrait[]): string[] {
  return wanted.map((name) => {
    if (!known.includes(name)) {
      throw new InputError(`the data set knows no attribute "${name}"`, { hint: `it knows ${known.join(', ')}` });
    }
    const present = faces.filter(({ attributes }) => attributes[name]).length;
    if (present === 0 || present === faces.length) {
      throw new InputError(
        `${present} of ${faces.length} training faces have ${name}: there is nothing to learn it from`,
        {
          hint: 'leave it out of --attributes',
        },
      );
    }
    return name;
  });
}

async function measure(
  graph: Graph,
  faces: readonly LabelledPortrait[],
  options: SessionOptions,
): Promise<ReaderFigure[]> {
  const reader = await openAttributeReader(graph, options);
  try {
    return readerFigures(await readerScores(reader, faces));
  } finally {
    await reader.close();
  }
}

/** Means over the attributes, as the file keeps them. */
function meansOf(figures: readonly ReaderFigure[]): Record<string, string> {
  const mean = (of: (figure: ReaderFigure) => number): string =>
    (figures.reduce((sum, figure) => sum + of(figure), 0) / figures.length).toFixed(4);
  return {
    calibration_accuracy: mean(({ accuracy }) => accuracy.rate),
    calibration_auc: mean(({ auc }) => auc.value),
  };
}
