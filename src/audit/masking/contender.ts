import { AUGMENTATIONS, type Augmentation } from '../../defence/training/augmentation.ts';
import { type Masking, normOf, parseMasking } from '../../defence/training/masking/kinds.ts';
import { PRICE_RATE, STRATEGY_DEFAULTS, type StrategyLearning } from '../../defence/training/masking/strategy.ts';
import type { Norm } from '../../defence/training/mobile-facenet-blocks.ts';
import { InputError } from '../../util/errors.ts';

/** A masking that is compared with others, and what its training does otherwise than theirs. */
export interface Contender {
  /** As it was written, such as `adaptive+linkage`. */
  readonly name: string;
  readonly masking: Masking;
  readonly augmentations: readonly Augmentation[];
  readonly norm: Norm;
  readonly strategy: StrategyLearning;
}

type Change = (contender: Contender, value: number | undefined) => Contender | undefined;

const strategyChange =
  (change: (value: number | undefined) => Partial<StrategyLearning> | undefined): Change =>
  (contender, value) => {
    const changed = contender.masking.mix.kind === 'adaptive' ? change(value) : undefined;
    return changed && { ...contender, strategy: { ...contender.strategy, ...changed } };
  };

/** What can stand behind a masking's `+`. */
const CHANGES: Readonly<Record<string, Change>> = {
  plain: (contender) => ({ ...contender, augmentations: [] }),
  group: (contender) => ({ ...contender, norm: 'group' }),
  linkage: strategyChange(() => ({ reward: 'linkage' })),
  channels: strategyChange(() => ({ choice: 'count-and-channels' })),
  parts: strategyChange(() => ({ choice: 'count-and-parts' })),
  'no-entropy': strategyChange(() => ({ entropyTerm: false })),
  target: strategyChange((accuracy) =>
    accuracy !== undefined && accuracy > 0 && accuracy < 1 ? { constraint: { accuracy, rate: PRICE_RATE } } : undefined,
  ),
};

/** What {@link parseContender} takes after the masking, for help texts. */
export const CONTENDER_CHANGES =
  '+plain (faces are not augmented), +group (group normalisation), and of adaptive +linkage (rewarded by it), +channels, +parts (chosen too), +no-entropy, +target:SHARE (accuracy that is held)';

/**
 * The contender that text such as `fixed:3`, `none+plain` or `adaptive+linkage+target:0.5` names.
 *
 * @throws InputError where it names none.
 */
export function parseContender(text: string): Contender {
  const [form = '', ...changes] = text.split('+');
  const masking = parseMasking(form);
  let contender: Contender = {
    name: text,
    masking,
    augmentations: AUGMENTATIONS,
    norm: normOf(masking),
    strategy: STRATEGY_DEFAULTS,
  };
  for (const change of changes) {
    const [, word = '', number] = /^([a-z-]+)(?::(\d+(?:\.\d+)?))?$/.exec(change) ?? [];
    const changed = Object.hasOwn(CHANGES, word)
      ? CHANGES[word]?.(contender, number === undefined ? undefined : Number(number))
      : undefined;
    if (!changed)
      throw new InputError(`"+${change}" changes nothing of ${form}`, { hint: `there are ${CONTENDER_CHANGES}` });
    contender = changed;
  }
  return contender;
}
