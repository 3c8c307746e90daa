import { describe, expect, test } from 'vitest';
import { AUGMENTATIONS } from '../../defence/training/augmentation.ts';
import { STRATEGY_DEFAULTS } from '../../defence/training/masking/strategy.ts';
import { InputError } from '../../util/errors.ts';
import { parseContender } from './contender.ts';

describe('parseContender', () => {
  test('a masking alone is trained as `train encoder` would by default', () => {
    const contender = parseContender('fixed:3');
    expect(contender).toMatchObject({ name: 'fixed:3', norm: 'batch', augmentations: AUGMENTATIONS });
    expect(contender.masking.mix).toEqual({ kind: 'fixed', count: 3 });
  });

  test('changes add up, in any order', () => {
    const wanted = { ...STRATEGY_DEFAULTS, reward: 'linkage', constraint: { accuracy: 0.5, rate: 0.05 } };
    expect(parseContender('adaptive+linkage+target:0.5').strategy).toEqual(wanted);
    expect(parseContender('adaptive+target:0.5+linkage').strategy).toEqual(wanted);
    expect(parseContender('adaptive+channels').strategy.choice).toBe('count-and-channels');
    expect(parseContender('none+plain+group')).toMatchObject({ norm: 'group', augmentations: [] });
  });

  test('private training has group normalisation, since a norm over the batch would mix its examples', () => {
    expect(parseContender('dp-sgd:8').norm).toBe('group');
  });

  test.each([
    'random+linkage', // Nothing is rewarded there.
    'adaptive+target',
    'adaptive+target:1.5',
    'adaptive+',
    'none+toString',
    'fixed:9',
  ])('%s is refused, with what there is', (text) => {
    expect(() => parseContender(text)).toThrow(InputError);
  });
});
