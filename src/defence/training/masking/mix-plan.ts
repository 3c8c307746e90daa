import { CapabilityError } from '../../../util/errors.ts';
import type { RandomNumbers } from '../../../util/random.ts';
import type { Masking } from './kinds.ts';
import type { MixOrder } from './masked-mixes.ts';
import { drawParts, FEWEST_MIXED, MOST_MIXED } from './mix.ts';
import type { MixAction } from './strategy.ts';
import { drawAction, type MixPolicy } from './strategy-model.ts';

/** One mix of a masked data set: its images are each of another person. */
export interface PlannedMix extends MixOrder {
  readonly weights: readonly number[];
}

/** What {@link planMixes} draws by. */
export interface MixPlanOptions {
  readonly masking: Masking;
  /** How often every image is mixed, each time with others. */
  readonly rounds: number;
  readonly random: RandomNumbers;
  /** Where the masking is adaptive, and has to be given then: what the strategy network says of each image. */
  readonly policy?: MixPolicy | undefined;
}

/**
 * Draws the mixes of a masked data set. In each round the images are dealt out into mixes, so that each is in one; a training mixes each image in turn instead, which gives
 * as many mixes as images, and these can be solved for all of them. With one round nothing can be solved for: each mix has images of its own.
 *
 * Images that are left when no mix can be filled any more, for want of other people, are in no mix of that round. An adaptive mix is what the strategy network says of its first image.
 *
 * @param people - whose each image is.
 * @throws CapabilityError where the masking needs what there is not.
 */
export function planMixes(people: readonly number[], options: MixPlanOptions): PlannedMix[] {
  const { masking, rounds, random } = options;
  requireMixable(masking, options.policy !== undefined);
  return Array.from({ length: rounds }, (_, round) => dealOut(people, options, random.fork(`round ${round}`))).flat();
}

/** Refuses a masking that is a way to train, or needs a strategy network and has none. @throws CapabilityError */
export function requireMixable({ name, mix, epsilon }: Masking, hasStrategy: boolean): void {
  if (epsilon !== undefined)
    throw new CapabilityError(`a data set cannot be masked by "${name}": it protects by how a model is trained`, {
      hint: 'give the model away instead: `faceward train encoder --masking dp-sgd:EPSILON`',
    });
  if (mix.kind === 'adaptive' && !hasStrategy)
    throw new CapabilityError(`a data set masked by "${name}" needs the strategy network of a training`, {
      hint: 'add --strategy FILE.strategy.onnx, which `faceward train encoder --masking adaptive` writes beside the model',
    });
}

/** A mix that is being filled. */
interface OpenMix {
  readonly action: MixAction;
  readonly images: number[];
  readonly people: Set<number>;
}

function dealOut(people: readonly number[], options: MixPlanOptions, random: RandomNumbers): PlannedMix[] {
  const [actions, parts] = [random.fork('actions'), random.fork('parts')];
  const open = new Set<OpenMix>();
  const full: OpenMix[] = [];
  for (const image of random.fork('order').shuffle(people.map((_, i) => i))) {
    const person = people[image] as number;
    const first = [...open].find((one) => !one.people.has(person));
    const into = first ?? { action: actionFor(image, options, actions), images: [], people: new Set() };
    into.images.push(image);
    into.people.add(person);
    open.add(into);
    if (into.images.length < into.action.count) continue;
    open.delete(into);
    full.push(into);
  }
  return full.map(({ images, action: { power, channels } }) => ({
    images,
    weights: drawParts(images.length, parts, { power }),
    ...(channels === 'all' ? {} : { channels }),
  }));
}

/** What to do with an image that begins a mix. */
function actionFor(image: number, { masking: { mix }, policy }: MixPlanOptions, random: RandomNumbers): MixAction {
  if (policy) return drawAction(policy, image, random);
  const count = mix.kind === 'fixed' ? mix.count : FEWEST_MIXED + random.integer(MOST_MIXED - FEWEST_MIXED + 1);
  return { count, power: 1, channels: 'all' };
}
