import { expect, test } from 'vitest';
import { editSteps } from './edit-steps.ts';

const NAMES = ['Young', 'Smiling', 'No_Beard'];

test('presets, operations and attributes become steps, in their order', () => {
  expect(editSteps(['smiling=1', 'drawn:beard=0.5', 'wrinkles', 'no_beard=-0.5'], NAMES)).toEqual([
    { kind: 'learnt', target: { Smiling: 1 } },
    { kind: 'operation', name: 'beard', amount: 0.5 },
    { kind: 'learnt', target: { Young: -0.5 } },
    { kind: 'operation', name: 'wrinkles', amount: 0.8 },
    { kind: 'operation', name: 'bags-under-eyes', amount: 0.5 },
    { kind: 'learnt', target: { No_Beard: -0.5 } },
  ]);
});

test.each([
  ['smiling', /--edit smiling is unknown/],
  ['smiling=2', /no number from -1 to 1/],
  ['smiling=', /no number from -1 to 1/],
  ['drawn:beard=-1', /no number from 0 to 1/],
  ['drawn:halo=1', /nothing that this editor changes/],
  ['pale-lips-with-beard=0.5', /unknown/],
  ['hat=1', /nothing that this editor changes/],
])('%s is refused', (word, message) => {
  expect(() => editSteps([word], NAMES)).toThrow(message);
});

test('a name that preset and operation share means the preset, and the operation is asked for by its own word', () => {
  expect(editSteps(['wrinkles'], NAMES)).toHaveLength(3);
  expect(editSteps(['drawn:wrinkles=0.4'], NAMES)).toEqual([{ kind: 'operation', name: 'wrinkles', amount: 0.4 }]);
  // Neither a preset of less strength nor the operation alone: it would be read as either.
  for (const word of ['wrinkles=0.4', 'beard=0.5', 'beard']) {
    expect(() => editSteps([word], NAMES)).toThrow(
      expect.objectContaining({ code: 'input', hint: expect.stringContaining(`drawn:${word.split('=')[0]}=0.5`) }),
    );
  }
});
