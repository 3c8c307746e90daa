import { KEPT_FREQUENCIES } from '../defence/training/masking/front.ts';
import { MASKING_FORMS, type Masking, mostMixed, normOf, parseMasking } from '../defence/training/masking/kinds.ts';
import type { MaskedTrainingOptions } from '../defence/training/masking/masked-training.ts';
import { PRICE_RATE, REWARDS, STRATEGY_CHOICES, STRATEGY_DEFAULTS } from '../defence/training/masking/strategy.ts';
import { NORMS } from '../defence/training/mobile-facenet-blocks.ts';
import { InputError } from '../util/errors.ts';
import { oneOf, positiveNumber, wholeNumber } from './option-values.ts';

/** Options of a training on masked faces. */
export const maskingArgs = {
  masking: {
    type: 'string',
    description: `train a recogniser on masked faces instead: ${MASKING_FORMS}`,
    valueHint: 'form',
  },
  frequencies: {
    type: 'string',
    description: `with --masking of frequencies: how many of a block are kept (default ${KEPT_FREQUENCIES})`,
    valueHint: 'n',
  },
  norm: { type: 'string', description: `with --masking: ${NORMS.join(' or ')} normalisation`, valueHint: 'kind' },
  strategy: {
    type: 'string',
    description: `with --masking adaptive: what is chosen, ${STRATEGY_CHOICES.join(', ')} (default ${STRATEGY_DEFAULTS.choice})`,
    valueHint: 'choice',
  },
  'strategy-every': {
    type: 'string',
    description: `with --masking adaptive: steps of the recogniser for one of the strategy network (default ${STRATEGY_DEFAULTS.every})`,
    valueHint: 'n',
  },
  'strategy-rate': {
    type: 'string',
    description: `with --masking adaptive: learning rate of the strategy network (default ${STRATEGY_DEFAULTS.learningRate})`,
    valueHint: 'x',
  },
  reward: {
    type: 'string',
    description: `with --masking adaptive: what is rewarded, the recogniser’s loss or how badly it links a mix to its face: ${REWARDS.join(' or ')} (default ${STRATEGY_DEFAULTS.reward})`,
    valueHint: 'kind',
  },
  'entropy-term': {
    type: 'string',
    description: 'with --masking adaptive: take the entropy of the parts off the reward, on or off (default on)',
    valueHint: 'on|off',
  },
  'accuracy-target': {
    type: 'string',
    description:
      'with --masking adaptive: share of held-out photos to recognise; mixing more is priced while it is missed',
    valueHint: '0.9',
  },
  'mix-log': {
    type: 'string',
    description: 'with --masking that mixes: write who was mixed with whom, for `faceward check masking`',
    valueHint: 'file.jsonl',
  },
  'noise-seed': {
    type: 'string',
    description:
      'with --masking dp-sgd: draw from this text, so that the training can be repeated, and not from a fresh secret; for experiments only, since it leaves no guarantee',
    valueHint: 'text',
  },
  'figures-log': {
    type: 'string',
    description: 'with --masking: write the figures of each step, and in the end their curves beside them, as .html',
    valueHint: 'file.jsonl',
  },
} as const;

/** Options that say something of the strategy network alone. */
const ADAPTIVE_ALONE = [
  'strategy',
  'strategy-every',
  'strategy-rate',
  'reward',
  'entropy-term',
  'accuracy-target',
] as const;

type MaskingArgs = Readonly<Partial<Record<keyof typeof maskingArgs, string | undefined>>>;

/** What the options say of the masking; undefined where there is none. @throws InputError where they do not fit. */
export function maskingSettings(args: MaskingArgs):
  | (Pick<MaskedTrainingOptions, 'masking' | 'frequencies' | 'strategy'> & {
      readonly norm: 'batch' | 'group';
      readonly noiseSeed?: string;
    })
  | undefined {
  if (args.masking === undefined) {
    for (const name of ['frequencies', 'norm', 'mix-log', 'figures-log', 'noise-seed', ...ADAPTIVE_ALONE] as const)
      if (args[name] !== undefined) throw new InputError(`--${name} needs --masking`);
    return undefined;
  }
  const masking = parseMasking(args.masking);
  requireUse(args, masking);
  const target = args['accuracy-target'];
  const accuracy = target === undefined ? undefined : positiveNumber(target, '--accuracy-target');
  if (accuracy !== undefined && accuracy >= 1) throw new InputError(`--accuracy-target ${target} is no share below 1`);
  return {
    masking,
    frequencies: wholeNumber(args.frequencies, '--frequencies', { min: 1 }) ?? KEPT_FREQUENCIES,
    norm: oneOf(args.norm, '--norm', NORMS) ?? normOf(masking),
    strategy: {
      ...STRATEGY_DEFAULTS,
      choice: oneOf(args.strategy, '--strategy', STRATEGY_CHOICES) ?? STRATEGY_DEFAULTS.choice,
      every: wholeNumber(args['strategy-every'], '--strategy-every', { min: 1 }) ?? STRATEGY_DEFAULTS.every,
      learningRate: positiveNumber(args['strategy-rate'] ?? String(STRATEGY_DEFAULTS.learningRate), '--strategy-rate'),
      reward: oneOf(args.reward, '--reward', REWARDS) ?? STRATEGY_DEFAULTS.reward,
      entropyTerm: (oneOf(args['entropy-term'], '--entropy-term', ['on', 'off']) ?? 'on') === 'on',
      ...(accuracy === undefined ? {} : { constraint: { accuracy, rate: PRICE_RATE } }),
    },
    ...(args['noise-seed'] === undefined ? {} : { noiseSeed: args['noise-seed'] }),
  };
}

/** Refuses what would be passed over in silence. */
function requireUse(args: MaskingArgs, masking: Masking): void {
  const { name, front, mix } = masking;
  for (const option of ADAPTIVE_ALONE) {
    if (args[option] !== undefined && mix.kind !== 'adaptive')
      throw new InputError(`--${option} needs --masking adaptive`);
  }
  if (args.frequencies !== undefined && front === 'pixels')
    throw new InputError(`--masking ${name} keeps pixels, and has no use for --frequencies`);
  if (args['mix-log'] !== undefined && mostMixed(masking) === 1)
    throw new InputError(`--masking ${name} mixes nobody, and has no use for --mix-log`);
  if (args['noise-seed'] !== undefined && masking.epsilon === undefined)
    throw new InputError('--noise-seed needs --masking dp-sgd');
}

/** What to tell whoever begins a training that is private by its noise; undefined where it has none. */
export function noiseNote({ epsilon }: Masking, noiseSeed: string | undefined): string | undefined {
  if (epsilon === undefined) return undefined;
  return noiseSeed === undefined
    ? 'the noise of DP-SGD is drawn from a fresh secret, which lies beside the checkpoint until the training is done: whoever gets hold of it undoes the noise. What epsilon says, and what it does not: docs/masking-linter.md'
    : 'reproducible noise: no guarantee. Epsilon is for experiments only, since whoever knows --noise-seed can draw the noise again';
}
