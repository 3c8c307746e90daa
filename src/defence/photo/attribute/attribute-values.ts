import { InputError } from '../../../util/errors.ts';
import type { Random } from '../../../util/random.ts';

/** What the shipped editor changes, by CelebA's names. */
export const EDITED_ATTRIBUTES = [
  'Male',
  'Young',
  'Eyeglasses',
  'Smiling',
  'No_Beard',
  'Mustache',
  'Bangs',
  'Black_Hair',
  'Blond_Hair',
  'Brown_Hair',
  'Gray_Hair',
  'Pale_Skin',
  'Heavy_Makeup',
  'Wearing_Lipstick',
  'Bags_Under_Eyes',
] as const;

/** Of each group a face has at most one: two at once make a face that the critic has never seen. Source: the authors' code of AttGAN, and the hair colours among themselves. */
const EXCLUSIVE: readonly (readonly string[])[] = [
  ['Black_Hair', 'Blond_Hair', 'Brown_Hair', 'Gray_Hair', 'Bald'],
  ['Bangs', 'Bald'],
  ['Bangs', 'Receding_Hairline'],
  ['Straight_Hair', 'Wavy_Hair'],
  ['No_Beard', 'Mustache'],
  ['No_Beard', 'Goatee'],
];

/** Values of a face's attributes, in the order of their names: -1 absent, 1 present, 0 the undecidable middle. */
export type AttributeValues = Float32Array;

/**
 * Values with one of them set, and those that go with no face of that kind set absent.
 *
 * @throws InputError where there is no such attribute among the names.
 */
export function withAttribute(
  values: AttributeValues,
  names: readonly string[],
  change: { readonly name: string; readonly value: number },
): AttributeValues {
  const at = names.indexOf(change.name);
  if (at < 0) {
    throw new InputError(`"${change.name}" is no attribute of this editor`, { hint: `it knows ${names.join(', ')}` });
  }
  const changed = values.slice();
  changed[at] = change.value;
  if (change.value <= 0) return changed;
  for (const group of EXCLUSIVE.filter((names) => names.includes(change.name))) {
    for (const other of group) {
      const place = names.indexOf(other);
      if (other !== change.name && place >= 0) changed[place] = Math.min(changed[place] as number, -change.value);
    }
  }
  return changed;
}

/** The attributes that {@link withAttribute} sets with this one where its value is above 0: itself, and those that go with no face of that kind. */
export const attributesSetBy = (name: string, value: number): string[] =>
  value > 0 ? [...new Set([name, ...EXCLUSIVE.filter((group) => group.includes(name)).flat()])] : [name];

/** In how many of four faces of a training the target is what. */
const DRAWS = ['of another face', 'of another face', 'one flipped', 'one in the middle'] as const;

/**
 * The target values of one face in training. Of four faces two are to become like another face of the data, as published; one has one or two attributes flipped, each as likely as the
 * others, so that rare ones are learnt; in one an attribute goes to the undecidable middle, so that an editor learns to remove it.
 */
export function drawTarget(
  own: AttributeValues,
  other: AttributeValues,
  names: readonly string[],
  random: Random,
): AttributeValues {
  const draw = DRAWS[random.integer(DRAWS.length)];
  if (draw === 'of another face') return other.slice();
  let target: AttributeValues = own.slice();
  const count = 1 + random.integer(2);
  for (let k = 0; k < count; k++) {
    const at = random.integer(names.length);
    const value = draw === 'one in the middle' ? 0 : -(own[at] as number);
    target = withAttribute(target, names, { name: names[at] as string, value });
  }
  return target;
}
