import { expect, test } from 'vitest';
import { editSteps } from './edit-steps.ts';

const NAMES = ['Young', 'Smiling', 'No_Beard'];

test('presets, operations and attributes become steps, in their order', () => {
  expect(editSteps(['smiling=1', 'beard=0.5', 'wrinkles', 'no_beard=-0.5'], NAMES)).toEqual([
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
  ['beard=-1', /no number from 0 to 1/],
  ['hat=1', /nothing that this editor changes/],
])('%s is refused', (word, message) => {
  expect(() => editSteps([word], NAMES)).toThrow(message);
});
