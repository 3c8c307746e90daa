import { readModel } from '../audit/inversion/shipped.ts';
import { readNoise } from '../defence/training/masking/channel-noise.ts';
import { type FrontSettings, parseFront } from '../defence/training/masking/front.ts';
import { type Masking, parseMasking } from '../defence/training/masking/kinds.ts';
import { readStrategy, type StrategyModel } from '../defence/training/masking/strategy-model.ts';
import type { Weights } from '../nn/parameters.ts';
import { InputError } from '../util/errors.ts';
import { printNote } from './print.ts';

/** What a training left that a data set is masked by: its front, and what it learnt. */
export interface TrainedMasking {
  readonly front: FrontSettings;
  readonly strategy?: StrategyModel;
  readonly noise?: Weights;
}

/** Options that name models of a training. */
export const trainedMaskingArgs = {
  strategy: {
    type: 'string',
    description:
      'with --masking adaptive: the strategy network, which `train encoder` wrote beside the model; its front is used, and its --size and --frequencies',
    valueHint: 'file.strategy.onnx',
  },
  'noise-from': {
    type: 'string',
    description:
      'with --masking dct-noise: a recogniser that was trained so, whose front and deviations are used; default: equal deviations',
    valueHint: 'file.onnx',
  },
} as const;

type TrainedMaskingArgs = Readonly<
  Partial<Record<keyof typeof trainedMaskingArgs | 'size' | 'frequencies', string | undefined>>
>;

/** Reads the model that a masking is to be taken from; undefined where none is named. @throws InputError where it does not fit the other options; ModelFileError where it is none. */
export async function readTrainedMasking(
  args: TrainedMaskingArgs,
  masking: Masking,
): Promise<TrainedMasking | undefined> {
  const learnsNoise = masking.noise?.on === 'channels';
  if (args.strategy !== undefined && masking.mix.kind !== 'adaptive')
    throw new InputError('--strategy needs --masking adaptive');
  if (args['noise-from'] !== undefined && !learnsNoise) throw new InputError('--noise-from needs --masking dct-noise');
  const path = args.strategy ?? args['noise-from'];
  if (path === undefined) {
    if (learnsNoise) printNote('all channels have the same noise: --noise-from takes what a training learnt');
    return undefined;
  }
  const trained = args.strategy === undefined ? await readNoisyModel(path, masking) : await readStrategyFile(path);
  const { sizePx, channels } = trained.front;
  if (args.size !== undefined && Number(args.size) !== sizePx)
    throw new InputError(`--size ${args.size}: ${path} was trained on faces of ${sizePx} px`, { hint: 'leave it out' });
  if (args.frequencies !== undefined && Number(args.frequencies) !== channels.length)
    throw new InputError(`--frequencies ${args.frequencies}: ${path} keeps ${channels.length}`, {
      hint: 'leave it out',
    });
  printNote(`the front is that of ${path}: whoever has that model can undo it`);
  return trained;
}

async function readStrategyFile(path: string): Promise<TrainedMasking> {
  const strategy = readStrategy(await readModel(path));
  return { front: strategy.front, strategy };
}

async function readNoisyModel(path: string, asked: Masking): Promise<TrainedMasking> {
  const { metadata } = await readModel(path);
  const noise = readNoise(metadata);
  if (!noise || metadata.front === undefined || metadata.masking === undefined) {
    throw new InputError(`${path} has no noise that was learnt`, {
      hint: 'take a model of `faceward train encoder --masking dct-noise`; one of an older version has to be trained again',
    });
  }
  // The model has how its noise is divided; how much there is of it stands in the masking's name.
  if (parseMasking(metadata.masking).noise?.deviation !== asked.noise?.deviation) {
    throw new InputError(`${path} was trained with --masking ${metadata.masking}, not ${asked.name}`, {
      hint: `give --masking ${metadata.masking}, or leave out --noise-from`,
    });
  }
  return { front: parseFront(metadata.front), noise };
}
