import { describe, expect, test } from 'vitest';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { attributesSetBy } from './attribute-values.ts';
import { resolveHidden, withoutEdited } from './hidden-attributes.ts';
import { agreementChance, POPULATION, type Removal, removalTarget, shareOf } from './removal.ts';

const NAMES = ['Male', 'Young', 'Eyeglasses', 'Smiling', 'No_Beard', 'Mustache', 'Wearing_Lipstick', 'Heavy_Makeup'];
const at = (name: string): number => NAMES.indexOf(name);

const MAN = Float32Array.of(0.9, -0.8, 0.7, 0.5, -0.9, 0.6, -0.9, -0.9);
const WOMAN = Float32Array.of(-0.9, 0.8, -0.7, 0.5, 0.9, -0.6, 0.9, 0.9);

function draws(
  own: Float32Array,
  words: readonly string[],
  options: { keep?: string[]; removal?: Removal; shares?: Record<string, number> } = {},
) {
  const secret = new Random('draws');
  const { keep = [], removal = 'draw', shares } = options;
  const hide = resolveHidden(words, keep, NAMES);
  return Array.from({ length: 2000 }, () =>
    removalTarget(own, NAMES, hide, { removal, secret, ...(shares ? { shares } : {}) }),
  );
}
const share = (targets: readonly Float32Array[], name: string): number =>
  targets.filter((target) => (target[at(name)] ?? 0) > 0).length / targets.length;

describe('a drawn target', () => {
  test('does not depend on what the face has, and has the population’s share', () => {
    for (const own of [MAN, WOMAN]) expect(share(draws(own, ['sex']), 'Male')).toBeCloseTo(POPULATION.Male, 1);
    // The same secret numbers give the same draw whatever the truth is.
    const male = (own: Float32Array) => draws(own, ['sex']).map((target) => target[at('Male')]);
    expect(male(MAN)).toEqual(male(WOMAN));
  });

  test('moves what gives it away along, without contradiction', () => {
    for (const own of [MAN, WOMAN]) {
      const targets = draws(own, ['sex']);
      const women = targets.filter((target) => (target[at('Male')] ?? 0) < 0);
      expect(share(women, 'No_Beard')).toBeGreaterThan(0.98);
      expect(share(women, 'Wearing_Lipstick')).toBeGreaterThan(0.6);
      expect(share(women, 'Mustache')).toBe(0);
      const men = targets.filter((target) => (target[at('Male')] ?? 0) > 0);
      expect(share(men, 'Wearing_Lipstick')).toBeLessThan(0.05);
      expect(men.some((target) => (target[at('Mustache')] ?? 0) > 0 && (target[at('No_Beard')] ?? 0) > 0)).toBe(false);
    }
  });

  test('leaves the rest, and what is to be kept, as it is', () => {
    for (const target of draws(MAN, ['sex'], { keep: ['No_Beard'] })) {
      expect(target[at('No_Beard')]).toBe(MAN[at('No_Beard')]);
      expect(target[at('Eyeglasses')]).toBe(MAN[at('Eyeglasses')]);
      expect(target[at('Smiling')]).toBe(MAN[at('Smiling')]);
    }
  });

  test('changes a face even where it agrees with it, by a random magnitude', () => {
    const agreeing = draws(MAN, ['glasses']).map((target) => Math.abs(target[at('Eyeglasses')] ?? 0));
    expect(Math.min(...agreeing)).toBeGreaterThanOrEqual(0.6 - 1e-6);
    expect(new Set(agreeing).size).toBeGreaterThan(1000);
  });

  test('takes shares that are given', () => {
    expect(share(draws(MAN, ['glasses'], { shares: { Eyeglasses: 0.5 } }), 'Eyeglasses')).toBeCloseTo(0.5, 1);
  });
});

describe('attributes that exclude each other', () => {
  const HAIR = ['Male', 'Young', 'No_Beard', 'Mustache', 'Black_Hair', 'Blond_Hair', 'Brown_Hair', 'Gray_Hair'];
  /** A young man with black hair and a moustache. */
  const FACE = Float32Array.of(0.9, 0.9, -0.9, 0.9, 0.9, -0.9, -0.9, -0.9);
  const COUNT = 6000;
  const drawn = (words: readonly string[], shares: Record<string, number> = {}) => {
    const secret = new Random('exclusive');
    const hide = resolveHidden(words, [], HAIR);
    const options = { removal: 'draw', secret, shares } as const;
    return { hide, targets: Array.from({ length: COUNT }, () => removalTarget(FACE, HAIR, hide, options)) };
  };
  const isPresent = (values: Float32Array, name: string): boolean => (values[HAIR.indexOf(name)] ?? 0) > 0;
  const colours = HAIR.slice(4);

  test('are drawn one at a time, each as often as in the population', () => {
    const { targets } = drawn(['hair', 'beard']);
    for (const target of targets) {
      expect(colours.filter((name) => isPresent(target, name)).length).toBeLessThanOrEqual(1);
      expect(isPresent(target, 'No_Beard') && isPresent(target, 'Mustache')).toBe(false);
    }
    for (const name of HAIR.slice(2)) {
      const rate = targets.filter((target) => isPresent(target, name)).length / COUNT;
      // Within four deviations.
      expect(Math.abs(rate - shareOf(name, true, true))).toBeLessThan(4 * Math.sqrt(0.25 / COUNT));
    }
  });

  test.each([
    ['shares of the population', {}],
    [
      'shares of which one leaves the others no room',
      { Black_Hair: 0.7, Brown_Hair: 0.6, No_Beard: 0.9, Mustache: 0.5 },
    ],
  ])('agree with the truth as often as is said, by %s', (_, shares) => {
    const { hide, targets } = drawn(['sex', 'hair', 'beard'], shares);
    for (const name of hide.hidden) {
      const agreed = targets.filter((target) => isPresent(target, name) === isPresent(FACE, name)).length / COUNT;
      const said = targets.map((target) => agreementChance(name, FACE, target, HAIR, { hide, shares }));
      const mean = said.reduce((sum, one) => sum + one, 0) / COUNT;
      expect(Math.abs(agreed - mean)).toBeLessThan(4 * Math.sqrt(0.25 / COUNT));
    }
  });
});

test('the middle is the middle for all that is hidden or goes along', () => {
  const [target] = draws(WOMAN, ['sex'], { removal: 'middle' });
  for (const name of ['Male', 'No_Beard', 'Wearing_Lipstick']) expect(target?.[at(name)]).toBe(0);
  expect(target?.[at('Smiling')]).toBe(WOMAN[at('Smiling')]);
});

describe('words', () => {
  test('stand for attributes of the editor, in any case', () => {
    expect(resolveHidden(['sex', 'smiling'], [], NAMES)).toEqual({
      hidden: ['Male', 'Smiling'],
      along: ['No_Beard', 'Mustache', 'Heavy_Makeup', 'Wearing_Lipstick'],
      kept: [],
    });
    expect(resolveHidden(['wearing lipstick'], [], NAMES).hidden).toEqual(['Wearing_Lipstick']);
  });

  test('with a fixed value are refused, and sent to --edit', () => {
    const refused = () => resolveHidden(['male=0'], [], NAMES);
    expect(refused).toThrow(InputError);
    expect(refused).toThrow(/hides nothing/);
    expect(hintOf(refused)).toContain('--edit male=0');
  });

  test.each([
    [['shoes'], [], /nothing that this editor changes/],
    [['skin'], [], /cannot hide skin/],
    [['sex'], ['male'], /cannot be hidden and kept/],
    [['constructor'], [], /nothing that this editor changes/],
  ])('%j with %j kept are refused', (hide, keep, message) => {
    expect(() => resolveHidden(hide, keep, NAMES)).toThrow(message);
  });
});

function hintOf(fails: () => unknown): string {
  try {
    fails();
  } catch (error) {
    if (error instanceof InputError) return error.hint ?? '';
  }
  return '';
}

describe('an edit beside what is hidden', () => {
  const hidden = resolveHidden(['sex'], ['smile'], NAMES);

  test('is refused where it would fix what is drawn or kept', () => {
    expect(() => withoutEdited(hidden, ['Male'])).toThrow(/Male cannot be hidden and set to a fixed value/);
    expect(() => withoutEdited(hidden, ['Smiling'])).toThrow(/Smiling cannot be kept/);
  });

  test('decides of what only goes along', () => {
    expect(hidden.along).toContain('No_Beard');
    expect(withoutEdited(hidden, ['No_Beard', 'Young']).along).not.toContain('No_Beard');
    expect(withoutEdited(hidden, [])).toEqual(hidden);
  });

  test('sets with an attribute what goes with no face of that kind', () => {
    expect(attributesSetBy('No_Beard', 1)).toEqual(['No_Beard', 'Mustache', 'Goatee']);
    expect(attributesSetBy('No_Beard', -1)).toEqual(['No_Beard']);
  });
});
