import { basename, resolve } from 'node:path';
import { refuseTestPeople } from '../data/splits.ts';
import { EDITED_ATTRIBUTES } from '../defence/photo/attribute/attribute-values.ts';
import { editorGraph } from '../defence/photo/attribute/editor.ts';
import {
  ADVERSARIES,
  ATTGAN_LOSSES,
  type EditorExample,
  type EditorLosses,
  SLIM_LOSSES,
  trainEditor,
} from '../defence/photo/attribute/editor-training.ts';
import { EDITOR_SHAPES, type EditorShapeName } from '../defence/photo/attribute/networks.ts';
import type { Encoder, EncoderView } from '../encoder/encoder.ts';
import { openEncoder } from '../encoder/open-encoder.ts';
import { portraitView } from '../face/portrait.ts';
import type { Graph } from '../graph/graph.ts';
import { readGraph } from '../graph/onnx-file.ts';
import { dequantiseWeights } from '../graph/quantisation.ts';
import { toPlanarBytes } from '../image/tensor.ts';
import { readModelFile } from '../runtime/model-file.ts';
import { CapabilityError, InputError, ModelFileError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { shippedModel } from './attribute-models.ts';
import { cacheDirectory } from './cache-directory.ts';
import { command } from './command.ts';
import { sampleSheets } from './editor-samples.ts';
import { type SessionArgs, sessionArgs, sessionOptions } from './encoder-options.ts';
import { listOf, oneOf, wholeNumber } from './option-values.ts';
import { prepareOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printLine, printNote } from './print.ts';
import { readerFaces } from './reader-faces.ts';
import { watchFigures } from './training-figures.ts';
import { openTrainingRun, trainingArgs, trainingNumbers } from './training-run.ts';

const SHAPES = Object.keys(EDITOR_SHAPES) as EditorShapeName[];

/** `faceward train editor`: a network that changes or removes attributes of a face. */
export const trainEditorCommand = command({
  name: 'train editor',
  description:
    'Trains an editor of attributes (AttGAN, and a slim form of it with a loss of identity) on people of the training side of a data set with attributes, such as CelebA.',
  examples: [
    'faceward train editor --data celeba/ --out editor.onnx --samples samples/',
    'faceward train editor --data celeba/ --out editor.onnx --resume',
    'faceward train editor --data celeba/ --shape attgan-128 --adversary wgan-gp --critic-steps 5 --identity "" --losses attgan --out attgan.onnx',
  ],
  args: {
    data: { type: 'string', description: 'data set with attributes', required: true, valueHint: 'folder' },
    attributes: {
      type: 'string',
      description: `attributes to edit, by the data set’s names; default: ${EDITED_ATTRIBUTES.join(',')}`,
      valueHint: 'names',
    },
    shape: {
      type: 'string',
      description: `form of the networks: ${SHAPES.join(', ')}`,
      default: 'slim-64',
      valueHint: 'shape',
    },
    adversary: {
      type: 'string',
      description: `how the critic learns: ${ADVERSARIES.join(', ')}`,
      default: 'lsgan',
      valueHint: 'name',
    },
    'critic-steps': {
      type: 'string',
      description: 'steps of the critic alone before each of the editor; 0: both at once',
      default: '2',
      valueHint: 'n',
    },
    losses: {
      type: 'string',
      description: `weights of the losses: slim, attgan, or some of slim’s changed, such as identity=10,change=2 (${Object.keys(SLIM_LOSSES).join(', ')})`,
      default: 'slim',
      valueHint: 'weights',
    },
    hardening: {
      type: 'string',
      description:
        'largest change of the photos that the critic’s classifier learns from, in levels of 255, so that it is not deceived by patterns; 0: none, as published',
      default: '4',
      valueHint: 'levels',
    },
    identity: {
      type: 'string',
      description: 'encoders that must go on recognising the faces, by commas; "" for none; default: faceres',
      valueHint: 'encoders',
    },
    'identity-faces': {
      type: 'string',
      description: 'faces of a step that these encoders look at',
      default: '4',
      valueHint: 'n',
    },
    readers: {
      type: 'string',
      description:
        'readers of attributes (faceward train attributes) that the edited faces are also shown, by commas; "" for none; default: the shipped one',
      valueHint: 'files',
    },
    samples: {
      type: 'string',
      description: 'folder for a sheet of edited faces of training people at each checkpoint, marked',
      valueHint: 'folder',
    },
    ...trainingArgs,
    steps: { ...trainingArgs.steps, description: 'training steps, those of the critic alone too', default: '24000' },
    batch: { ...trainingArgs.batch, default: '16' },
    'learning-rate': { ...trainingArgs['learning-rate'], default: '0.0003' },
    ...sessionArgs,
  },
  async run({ args, job }) {
    const shape = EDITOR_SHAPES[oneOf(args.shape, '--shape', SHAPES)];
    const attributes = args.attributes === undefined ? [...EDITED_ATTRIBUTES] : listOf(args.attributes);
    const { checkpointSteps, ...numbers } = trainingNumbers(args, { leastBatch: 4 });
    const { batchSize } = numbers;
    const plan = {
      shape,
      attributes,
      losses: lossesOf(args.losses),
      adversary: oneOf(args.adversary, '--adversary', ADVERSARIES),
      criticSteps: wholeNumber(args['critic-steps'], '--critic-steps'),
      hardening: wholeNumber(args.hardening, '--hardening', { max: 64 }) / 255,
      ...numbers,
      reconstructed: shape.gives === 'face' ? batchSize : Math.ceil(batchSize / 4),
      identified: wholeNumber(args['identity-faces'], '--identity-faces', { min: 1, max: batchSize }),
    };
    const identity = args.identity === undefined ? ['faceres'] : listOf(args.identity);
    const readers = readersOf(args.readers, { attributes, sizePx: shape.sizePx });
    await prepareOutputFile(args.out);
    await using _lock = await lockOutput(args.out);
    await using encoders = await openIdentityEncoders(identity, args);
    const problem = JSON.stringify({
      ...plan,
      data: resolve(args.data),
      identity: encoders.all.map(({ hash }) => hash),
      readers: readers.map(({ hash }) => hash),
    });
    const run = await openTrainingRun(args.out, problem, { resume: args.resume === true, int8: args.int8 === true });
    if (run.finished) {
      printNote(`${args.out} is finished`);
      return;
    }
    const examples = await trainingExamples(args, { attributes, sizePx: shape.sizePx }, job);
    const sheets = args.samples === undefined ? undefined : sampleSheets(args.samples, examples, { shape, attributes });
    const watched = watchFigures(job);
    const weights = await trainEditor(examples, {
      ...plan,
      ...watched.job,
      ...sessionOptions(args),
      identityEncoders: encoders.all,
      frozenReaders: readers,
      checkpointSteps,
      onCheckpoint: async (state, why) => {
        await run.onCheckpoint(state);
        if (why === 'due') await sheets?.(state);
      },
      ...(run.resume ? { resume: run.resume } : {}),
    });
    const metadata = {
      shape: args.shape,
      steps: String(plan.steps),
      seed: String(plan.seed),
      faces: String(examples.length),
      identity: identity.map((spec) => basename(spec)).join(','),
      readers: readers.map(({ hash }) => hash).join(','),
    };
    await run.finish(editorGraph(weights, { shape, attributes, metadata }));
    printLine(args.out);
    const losses = watched.summary();
    if (losses !== undefined) printLine(losses);
  },
});

/** Weights of the losses as the command line tells them. @throws InputError for a loss that does not exist. */
function lossesOf(text: string): EditorLosses {
  if (text === 'slim') return SLIM_LOSSES;
  if (text === 'attgan') return ATTGAN_LOSSES;
  const changes = listOf(text).map((part) => {
    const [name = '', value = ''] = part.split('=');
    const weight = Number(value);
    if (!(name in SLIM_LOSSES) || value.trim() === '' || !(weight >= 0)) {
      throw new InputError(`--losses ${part} is no loss with a weight`, {
        hint: `it takes slim, attgan, or some of ${Object.keys(SLIM_LOSSES).join(', ')}, such as identity=10`,
      });
    }
    return [name, weight] as const;
  });
  return { ...SLIM_LOSSES, ...Object.fromEntries(changes) };
}

/** The encoders of the identity loss: their graphs are needed. @throws CapabilityError for an encoder that is a black box. */
async function openIdentityEncoders(
  specs: readonly string[],
  args: SessionArgs,
): Promise<AsyncDisposable & { readonly all: readonly { graph: Graph; view: EncoderView; hash: string }[] }> {
  const opened: Encoder[] = [];
  const close = async (): Promise<void> => {
    for (const encoder of opened) await encoder.close();
  };
  try {
    for (const spec of specs) {
      opened.push(await openEncoder(spec, { ...sessionOptions(args), cacheDir: cacheDirectory(), onLog: printNote }));
    }
    const all = opened.map(({ id, graph, view, hash }) => {
      if (graph) return { graph, view, hash };
      throw new CapabilityError(`the weights of "${id}" are not at hand: no loss can be had through it`, {
        hint: 'name bundled encoders or .onnx files with --identity',
      });
    });
    return { all, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A reader that the edited faces are shown. */
interface FrozenReader {
  readonly graph: Graph;
  readonly hash: string;
  /** Which of its numbers are the editor's attributes. */
  readonly columns: readonly number[];
}

/** The readers that were asked for, or the shipped one where it can read these faces. @throws ModelFileError where a file is no reader, or cannot. */
function readersOf(
  given: string | undefined,
  editor: { readonly attributes: readonly string[]; readonly sizePx: number },
): FrozenReader[] {
  if (given !== undefined) return listOf(given).map((path) => frozenReader(path, editor));
  try {
    return [frozenReader(shippedModel('attribute-reader.onnx'), editor)];
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    printNote(`the edited faces are shown to no reader: ${error.message}`);
    return [];
  }
}

function frozenReader(
  path: string,
  { attributes, sizePx }: { readonly attributes: readonly string[]; readonly sizePx: number },
): FrozenReader {
  const { bytes, hash } = readModelFile(path);
  const graph = dequantiseWeights(readGraph(bytes));
  const known = graph.metadata.attributes?.split(',');
  if (graph.metadata.kind !== 'attribute-reader' || !known) {
    throw new ModelFileError(`${path} is no reader of attributes`, {
      hint: 'train one with `faceward train attributes`',
    });
  }
  const side = graph.inputs[0]?.shape?.[3];
  const columns = attributes.map((name) => known.indexOf(name));
  if (side !== sizePx || columns.every((column) => column < 0)) {
    throw new ModelFileError(
      `${path} reads ${known.length} attributes of portraits of ${side} px, this editor’s are of ${sizePx} px`,
      { hint: 'a reader helps that knows some of the editor’s attributes, on portraits of its size' },
    );
  }
  return { graph, hash, columns };
}

/** Portraits of the training side; nobody else is read. @throws InputError where a label is missing. */
async function trainingExamples(
  args: SessionArgs & { readonly data: string },
  { attributes, sizePx }: { readonly attributes: readonly string[]; readonly sizePx: number },
  job: JobOptions,
): Promise<EditorExample[]> {
  const { faces, attributes: labelled } = await readerFaces(args.data, ['train'], {
    args,
    job,
    view: portraitView(sizePx),
  });
  refuseTestPeople(faces.train, 'training an editor');
  const missing = attributes.filter((name) => !labelled.includes(name));
  if (missing.length > 0) {
    throw new InputError(`${args.data} has no labels for ${missing.join(', ')}`, {
      hint: `choose with --attributes among ${labelled.join(', ')}`,
    });
  }
  return faces.train.map((face) => ({
    portrait: toPlanarBytes(face.portrait),
    own: Float32Array.from(attributes, (name) => (face.attributes[name] ? 1 : -1)),
  }));
}
