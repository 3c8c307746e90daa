import { type AttributeValues, attributesSetBy, withAttribute } from './attribute-values.ts';
import type { HiddenAttributes } from './hidden-attributes.ts';

/** How an attribute is removed: a value drawn from the population, whatever the face has; or the middle, where nobody can tell. */
export const REMOVALS = ['draw', 'middle'] as const;

export type Removal = (typeof REMOVALS)[number];

/** A stream of secret numbers in [0, 1). */
export interface UniformSource {
  uniform(): number;
}

/** Shares of the population in which an attribute is present: of young men, older men, young women, older women. */
type Shares = readonly [youngMen: number, olderMen: number, youngWomen: number, olderWomen: number];

/** Share of men; and of young people among men, and among women. Source: all 202,599 rows of CelebA's attributes. */
export const POPULATION = { Male: 0.417, Young: { Male: 0.633, Female: 0.874 } } as const;

/** Shares of the rest, by sex and age: drawn alone, a beard would contradict a drawn woman, and tell that she was drawn. Source: as {@link POPULATION}. */
const SHARES: Readonly<Record<string, Shares>> = {
  Eyeglasses: [0.071, 0.216, 0.017, 0.067],
  Smiling: [0.383, 0.43, 0.52, 0.685],
  No_Beard: [0.588, 0.637, 0.999, 0.997],
  Mustache: [0.078, 0.136, 0, 0],
  Goatee: [0.143, 0.163, 0, 0],
  '5_o_Clock_Shadow': [0.333, 0.152, 0, 0],
  Sideburns: [0.133, 0.14, 0, 0],
  Bangs: [0.112, 0.031, 0.177, 0.366],
  Black_Hair: [0.377, 0.161, 0.21, 0.107],
  Blond_Hair: [0.022, 0.019, 0.229, 0.31],
  Brown_Hair: [0.188, 0.088, 0.248, 0.212],
  Gray_Hair: [0.004, 0.226, 0.001, 0.075],
  Receding_Hairline: [0.049, 0.236, 0.053, 0.051],
  Pale_Skin: [0.029, 0.016, 0.057, 0.05],
  Heavy_Makeup: [0.004, 0.001, 0.682, 0.516],
  Wearing_Lipstick: [0.009, 0.001, 0.815, 0.738],
  Rosy_Cheeks: [0.002, 0.005, 0.107, 0.133],
  Arched_Eyebrows: [0.064, 0.035, 0.425, 0.381],
  Bushy_Eyebrows: [0.316, 0.121, 0.077, 0.017],
  Bags_Under_Eyes: [0.279, 0.467, 0.089, 0.189],
  Double_Chin: [0.027, 0.223, 0.003, 0.053],
};

/** The least by which a drawn value lies away from the middle. */
const LEAST_MAGNITUDE = 0.6;

/** Shares of the population that draws use, by attribute; in place of these for the attributes that are given. */
export type ShareOverrides = Readonly<Record<string, number>>;

/**
 * The target values of a face of which attributes are hidden: the rest as it has them.
 *
 * `draw` takes them from the population, independently of what the face has, sex first, then age given sex, then the rest given both; what is not hidden counts as it
 * is. Of attributes that exclude each other, such as colours of hair, at most one is drawn, each as often as in the population. So even a perfect reader of the result learns nothing,
 * and an edit that is held back by its budget is blurred by the draw. Each value has a random magnitude from 0.6 to 1, so that a face whose draw agrees with it is changed a little
 * too; yet an attacker who can tell how much was edited learns whether the draw agreed. `middle` leaves the order of faces as it was wherever the edit falls short, which an attacker who
 * trains on protected photos reads.
 *
 * @param own - of the attributes `names`, -1..1.
 * @param secret - what no reader of the photo can compute; used by `draw` alone.
 */
export function removalTarget(
  own: AttributeValues,
  names: readonly string[],
  hide: HiddenAttributes,
  options: { readonly removal: Removal; readonly secret: UniformSource; readonly shares?: ShareOverrides },
): AttributeValues {
  const moved = movedBy(hide, names);
  let target: AttributeValues = own.slice();
  for (const name of moved) {
    if (options.removal === 'middle') target[names.indexOf(name)] = 0;
    else target = withAttribute(target, names, { name, value: drawValue(name, moved, target, names, options) });
  }
  // What excludes a drawn attribute was set absent; what is to be kept is kept all the same.
  for (const name of hide.kept) target[names.indexOf(name)] = own[names.indexOf(name)] as number;
  return target;
}

/** The share of the population in which an attribute is present, given a face's sex and age; a half where nothing is known of it. */
export function shareOf(name: string, isMale: boolean, isYoung: boolean): number {
  if (name === 'Male') return POPULATION.Male;
  if (name === 'Young') return POPULATION.Young[isMale ? 'Male' : 'Female'];
  return SHARES[name]?.[(isMale ? 0 : 2) + (isYoung ? 0 : 1)] ?? 0.5;
}

/** The chance that a draw agrees with what a face has, given the sex and age that were drawn: what an attacker who reads the result gets right by luck. */
export function agreementChance(
  name: string,
  own: AttributeValues,
  target: AttributeValues,
  names: readonly string[],
  { hide, shares = {} }: { readonly hide: HiddenAttributes; readonly shares?: ShareOverrides },
): number {
  const { present } = presenceOf(name, movedBy(hide, names), (one) => shareGiven(one, target, names, shares));
  return (own[names.indexOf(name)] ?? 0) > 0 ? present : 1 - present;
}

/** What is drawn, in the order in which it is. */
const movedBy = ({ hidden, along }: HiddenAttributes, names: readonly string[]): string[] =>
  [...hidden, ...along].filter((name) => names.includes(name)).sort(inOrder);

function drawValue(
  name: string,
  moved: readonly string[],
  target: AttributeValues,
  names: readonly string[],
  { secret, shares = {} }: { readonly secret: UniformSource; readonly shares?: ShareOverrides },
): number {
  const { present, room } = presenceOf(name, moved, (one) => shareGiven(one, target, names, shares));
  const isExcluded = drawnBefore(name, moved).some((other) => (target[names.indexOf(other)] ?? 0) > 0);
  // Drawn even where it decides nothing: the stream goes on alike whatever came before.
  const isPresent = secret.uniform() * room < present && !isExcluded;
  return (isPresent ? 1 : -1) * (LEAST_MAGNITUDE + (1 - LEAST_MAGNITUDE) * secret.uniform());
}

/**
 * In which share of the draws an attribute comes out present, and how much room those leave that exclude it and are drawn before: so much of its own share as the room allows.
 *
 * Of those drawn before, each excludes the others, so that their shares add up.
 */
function presenceOf(
  name: string,
  moved: readonly string[],
  share: (name: string) => number,
): { readonly present: number; readonly room: number } {
  const taken = drawnBefore(name, moved).map((other) => presenceOf(other, moved, share).present);
  const room = Math.max(0, 1 - taken.reduce((sum, one) => sum + one, 0));
  return { present: Math.min(share(name), room), room };
}

/** What excludes an attribute and is drawn before it. */
function drawnBefore(name: string, moved: readonly string[]): string[] {
  const excluded = attributesSetBy(name, 1);
  return moved.slice(0, moved.indexOf(name)).filter((other) => excluded.includes(other));
}

function shareGiven(name: string, target: AttributeValues, names: readonly string[], shares: ShareOverrides): number {
  const isPresent = (attribute: string): boolean => (target[names.indexOf(attribute)] ?? 0) > 0;
  return shares[name] ?? shareOf(name, isPresent('Male'), isPresent('Young'));
}

/** The rest is drawn given sex and age; and what kind of beard, given that there is one. */
const FIRST = ['Male', 'Young', 'No_Beard'];

const placeOf = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

const inOrder = (a: string, b: string): number => placeOf(a) - placeOf(b) || (a < b ? -1 : 1);
