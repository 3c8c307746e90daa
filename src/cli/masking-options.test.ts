import { expect, test } from 'vitest';
import { parseMasking } from '../defence/training/masking/kinds.ts';
import { STRATEGY_DEFAULTS } from '../defence/training/masking/strategy.ts';
import { maskingArgs, maskingSettings, noiseNote } from './masking-options.ts';

test('without a masking there are no settings, and no option of one is passed over', () => {
  expect(maskingSettings({})).toBeUndefined();
  for (const name of Object.keys(maskingArgs).filter((one) => one !== 'masking'))
    expect(() => maskingSettings({ [name]: '1' })).toThrow(`--${name} needs --masking`);
});

test('what is not said is as the help has it', () => {
  expect(maskingSettings({ masking: 'adaptive' })).toEqual({
    masking: parseMasking('adaptive'),
    frequencies: 36,
    norm: 'batch',
    strategy: STRATEGY_DEFAULTS,
  });
  expect(maskingSettings({ masking: 'dp-sgd:8' })?.norm).toBe('group');
});

test.each([
  ['random', 'reward', 'linkage', '--reward needs --masking adaptive'],
  ['fixed:4', 'strategy-every', '2', '--strategy-every needs --masking adaptive'],
  ['random', 'entropy-term', 'off', '--entropy-term needs --masking adaptive'],
  ['noise:8', 'mix-log', 'm.jsonl', '--masking noise:8 mixes nobody'],
  ['frequency', 'mix-log', 'm.jsonl', '--masking frequency mixes nobody'],
  ['instahide', 'frequencies', '20', '--masking instahide keeps pixels'],
])('--masking %s has no use for --%s %s, and says so', (masking, name, value, message) => {
  expect(() => maskingSettings({ masking, [name]: value })).toThrow(message);
});

test('options that a masking uses are taken', () => {
  const { strategy, frequencies } =
    maskingSettings({ masking: 'adaptive', frequencies: '20', reward: 'linkage', 'mix-log': 'm.jsonl' }) ?? {};
  expect({ reward: strategy?.reward, frequencies }).toEqual({ reward: 'linkage', frequencies: 20 });
  expect(() => maskingSettings({ masking: 'fixed:2', 'mix-log': 'm.jsonl' })).not.toThrow();
});

test('noise is drawn again for DP-SGD alone, and from nothing that is not said', () => {
  expect(maskingSettings({ masking: 'dp-sgd:8', 'noise-seed': 'a' })).toMatchObject({ noiseSeed: 'a' });
  expect(maskingSettings({ masking: 'dp-sgd:8' })).not.toHaveProperty('noiseSeed');
  expect(() => maskingSettings({ masking: 'noise:8', 'noise-seed': 'a' })).toThrow(
    '--noise-seed needs --masking dp-sgd',
  );
});

test('whoever trains by DP-SGD is told what its promise hangs on', () => {
  expect(noiseNote(parseMasking('dp-sgd:8'), undefined)).toContain('a fresh secret, which lies beside the checkpoint');
  expect(noiseNote(parseMasking('dp-sgd:8'), 'a')).toContain('no guarantee');
  expect(noiseNote(parseMasking('adaptive'), undefined)).toBeUndefined();
});
