import { CapabilityError } from '../../../util/errors.ts';
import type { Random } from '../../../util/random.ts';
import type { Masking } from './kinds.ts';
import { drawParts, FEWEST_MIXED, MOST_MIXED } from './mix.ts';

/** One mix of a masked data set. */
export interface PlannedMix {
  /** Numbers of the images, each of another person. */
  readonly images: readonly number[];
  /** Their parts, together 1. */
  readonly weights: readonly number[];
}

/** What {@link planMixes} draws by. */
export interface MixPlanOptions {
  readonly masking: Masking;
  /** How often every image is mixed, each time with others. */
  readonly rounds: number;
  readonly random: Random;
}

/**
 * Draws the mixes of a masked data set. In each round the images are dealt out into mixes, so that each is in one; a training mixes each image in turn instead, which gives
 * as many mixes as images, and these can be solved for all of them. With one round nothing can be solved for: each mix has images of its own.
 *
 * Images that are left when no mix can be filled any more, for want of other people, are in no mix of that round.
 *
 * @param people - whose each image is.
 * @throws CapabilityError where the masking mixes by what a training learns.
 */
export function planMixes(people: readonly number[], { masking, rounds, random }: MixPlanOptions): PlannedMix[] {
  requireMixable(masking);
  return Array.from({ length: rounds }, (_, round) => dealOut(people, masking, random.fork(`round ${round}`))).flat();
}

/** Refuses a masking that needs what a training learns, or draws anew for every step. @throws CapabilityError */
export function requireMixable({ name, mix, noise, channelsDrawn, epsilon }: Masking): void {
  const isOfTraining =
    mix.kind === 'adaptive' || noise !== undefined || channelsDrawn !== undefined || epsilon !== undefined;
  if (!isOfTraining) return;
  throw new CapabilityError(`a data set cannot be masked by "${name}": it needs a training`, {
    hint: 'take one of: fixed:K, random, pixel-mixup, instahide; or none and frequency, which mix nothing',
  });
}

/** A mix that is being filled. */
interface OpenMix {
  readonly size: number;
  readonly images: number[];
  readonly people: Set<number>;
}

function dealOut(people: readonly number[], { mix }: Masking, random: Random): PlannedMix[] {
  const [sizes, parts] = [random.fork('sizes'), random.fork('parts')];
  const sizeOf = (): number =>
    mix.kind === 'fixed' ? mix.count : FEWEST_MIXED + sizes.integer(MOST_MIXED - FEWEST_MIXED + 1);
  const open = new Set<OpenMix>();
  const full: OpenMix[] = [];
  for (const image of random.fork('order').shuffle(people.map((_, i) => i))) {
    const person = people[image] as number;
    const first = [...open].find((one) => !one.people.has(person));
    const into = first ?? { size: sizeOf(), images: [], people: new Set() };
    into.images.push(image);
    into.people.add(person);
    open.add(into);
    if (into.images.length < into.size) continue;
    open.delete(into);
    full.push(into);
  }
  return full.map(({ images }) => ({ images, weights: drawParts(images.length, parts) }));
}
