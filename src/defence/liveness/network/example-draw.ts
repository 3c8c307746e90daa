import type { Image } from '../../../image/image.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import type { PresentationExample } from './presentation-batch.ts';

/** Crops of one kind of presentation of one person. */
export interface PersonCrops {
  readonly person: string;
  readonly crops: readonly Image[];
}

/** A kind of presentation, and the class that it is learnt as; the bona fide one is class 0. */
export interface PresentationKind {
  readonly label: number;
  readonly people: readonly PersonCrops[];
}

/**
 * What draws a training's examples: bona fide or an attack as often, each species as often as another, each of its people as often as another, so that nothing is learnt from how many photos there are.
 *
 * @throws InputError where there is no bona fide face, or no attack.
 */
export function exampleDraw(
  kinds: readonly PresentationKind[],
  options: { readonly batchSize: number; readonly seed: number },
): (step: number) => PresentationExample[] {
  const filled = kinds
    .map(({ label, people }) => ({ label, people: people.filter(({ crops }) => crops.length > 0) }))
    .filter(({ people }) => people.length > 0);
  const sides = [filled.filter(({ label }) => label === 0), filled.filter(({ label }) => label !== 0)];
  if (sides.some(({ length }) => length === 0))
    throw new InputError('a presentation-attack network is trained on bona fide faces and attacks', {
      hint: 'bring both, of people of the training side',
    });
  return (step) => {
    const random = new Random(options.seed).fork(`examples ${step}`);
    const oneOf = <T>(items: readonly T[]): T => items[random.integer(items.length)] as T;
    return Array.from({ length: options.batchSize }, () => {
      const kind = oneOf(oneOf(sides));
      return { crop: oneOf(oneOf(kind.people).crops), label: kind.label };
    });
  };
}
