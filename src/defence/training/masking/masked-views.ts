import type { Weights } from '../../../nn/parameters.ts';
import type { SessionOptions } from '../../../runtime/session.ts';
import { InputError } from '../../../util/errors.ts';
import type { JobOptions } from '../../../util/progress.ts';
import { Random } from '../../../util/random.ts';
import type { FrontSettings } from './front.ts';
import { type Masking, mostMixed } from './kinds.ts';
import type { MaskedPerson } from './masked-batch.ts';
import { maskMixes } from './masked-mixes.ts';
import { actionsOf, type StrategyLearning } from './strategy.ts';

/** A face as a training sees it. */
export interface MaskedView {
  /** Its place among all faces of the people, in order. */
  readonly face: number;
  /** [C,S/8,S/8]. */
  readonly masked: Float32Array;
  /** What of the mix is the face's own, and each partner's, together 1. */
  readonly parts: readonly number[];
  /** Places of those whom it was mixed with, each another person's. */
  readonly partners: readonly number[];
}

/** How {@link maskedViews} works. */
export interface MaskedViewsOptions extends JobOptions, SessionOptions {
  readonly masking: Masking;
  readonly front: FrontSettings;
  /** Its choice alone is heeded, and where the masking is adaptive. */
  readonly strategy: Pick<StrategyLearning, 'choice'>;
  /** Those of the training: what lies under `strategy.` is read where the masking is adaptive, under `noise.` where its noise was learnt; none else. */
  readonly weights: Weights;
  /** Faces that are shown at a time; default 32. */
  readonly batchSize?: number;
  /**
   * Whether the parts of each mix fall, so that the face itself has the largest and an attacker can be asked for the face that leads. Parts are exchangeable, so that this only says anew which of the
   * faces a mix is of; but a mix that is adaptive was then chosen for the face that leads it, where in training it was chosen for any of its faces. Default false.
   */
  readonly leading?: boolean;
  readonly seed: number;
}

const BATCH = 32;

/**
 * What a training sees of faces, as data: every face once, in order, masked and mixed in the training's own graph, without augmentation. Those that it is mixed with are drawn for it: of other people, each
 * person as likely and no one twice, and any of that person's faces. Held-out faces are not seen.
 *
 * The same people, options and seed give the same views. Cost: a front for each face of each mix; all views are kept, C S^2 / 16 bytes each.
 *
 * @param people - their faces square, of the front's size.
 * @throws InputError where there are fewer people than a mix takes; ModelFileError where weights are missing.
 */
export async function maskedViews(people: readonly MaskedPerson[], options: MaskedViewsOptions): Promise<MaskedView[]> {
  const { masking, strategy, seed, batchSize = BATCH, ...rest } = options;
  const random = new Random(seed).fork('views');
  const orders = drawOrders(people, mostMixed(masking), random.fork('partners'));
  const images = people.flatMap(({ faces }) => faces);
  const actions = masking.mix.kind === 'adaptive' ? actionsOf(strategy.choice) : [];
  const views: MaskedView[] = [];
  for await (const { masked, parts } of maskMixes(images, orders, { ...rest, masking, actions, batchSize, random })) {
    const face = views.length;
    views.push({ face, masked, parts, partners: orders[face]?.images.slice(1, parts.length) ?? [] });
  }
  return views;
}

/** For each face its own place and those of `slots - 1` faces of others. */
function drawOrders(
  people: readonly MaskedPerson[],
  slots: number,
  random: Random,
): { readonly images: readonly number[] }[] {
  let place = 0;
  const places = people.flatMap(({ faces }) => (faces.length > 0 ? [faces.map(() => place++)] : []));
  if (places.length < slots) {
    throw new InputError(`${places.length} people are too few for mixes of ${slots}`, {
      hint: 'a face is mixed with those of other people: bring more',
    });
  }
  return places.flatMap((own, person) =>
    own.map((face) => {
      const mixed = new Set([person]);
      while (mixed.size < slots) mixed.add(random.integer(places.length));
      const [, ...others] = [...mixed].map((other) => places[other] as readonly number[]);
      return { images: [face, ...others.map((faces) => faces[random.integer(faces.length)] as number)] };
    }),
  );
}
