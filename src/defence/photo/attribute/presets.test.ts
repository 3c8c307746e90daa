import { expect, test } from 'vitest';
import { CapabilityError, InputError } from '../../../util/errors.ts';
import { describeStep, EDIT_PRESETS, findOperation, findPreset, stepsFor } from './presets.ts';

test('the edits of the source are there', () => {
  expect(EDIT_PRESETS.map(({ name }) => name)).toEqual([
    'wrinkles',
    'lighter-skin',
    'darker-skin',
    'longer-lashes',
    'pale-lips-with-beard',
  ]);
});

test.for(EDIT_PRESETS.map(({ name }) => name))('%s can be done without an editor, by operations that exist', (name) => {
  const steps = stepsFor(findPreset(name), []);
  expect(steps.length).toBeGreaterThan(0);
  for (const step of steps) {
    if (step.kind !== 'operation') throw new TypeError('a learnt step without an editor');
    expect(findOperation(step.name).name).toBe(step.name);
    expect(step.amount).toBeGreaterThan(0);
    expect(step.amount).toBeLessThanOrEqual(1);
  }
});

test('an editor that has learnt a part of the attributes takes that part', () => {
  const [learnt] = stepsFor(findPreset('pale-lips-with-beard'), ['No_Beard', 'Male']);
  expect(learnt).toEqual({ kind: 'learnt', target: { No_Beard: -1 } });
});

test('a receipt says which of the two serves', () => {
  expect(describeStep({ kind: 'learnt', target: { Young: -0.5, Smiling: 1 } })).toBe('learnt: Young -0.5, Smiling +1');
  expect(describeStep({ kind: 'operation', name: 'beard', amount: 0.6 })).toMatch(/^drawn: beard 0\.6 \(draws stubble/);
});

test('unknown names are refused, and an edit that only an unlearnt attribute would make', () => {
  expect(() => findPreset('halo')).toThrow(InputError);
  expect(() => findOperation('halo')).toThrow(InputError);
  const learnt = { name: 'x', description: '', steps: [{ kind: 'learnt', target: { Bald: 1 } }] } as const;
  expect(() => stepsFor(learnt, ['Male'])).toThrow(CapabilityError);
});
