import { CapabilityError, InputError } from '../../../util/errors.ts';
import type { FaceOperation } from './operations/operation.ts';
import { FACE_OPERATIONS } from './operations/operations.ts';

/** One step of an edit: learnt, by the editor's network, or drawn along the mesh. */
export type EditStep =
  /** Target values of attributes, by CelebA's names, -1..1; all others stay. */
  | { readonly kind: 'learnt'; readonly target: Readonly<Record<string, number>> }
  | { readonly kind: 'operation'; readonly name: string; readonly amount: number };

/** A named edit. */
export interface EditPreset {
  readonly name: string;
  readonly description: string;
  /** In the order in which they are applied. */
  readonly steps: readonly EditStep[];
}

/**
 * The edits that the source of the framework shows. Wrinkles and lashes are not among CelebA's attributes, and skin's tone is there as pallor alone: those are drawn, on top of the
 * nearest attributes where these help.
 */
export const EDIT_PRESETS: readonly EditPreset[] = [
  {
    name: 'wrinkles',
    description: 'more wrinkles',
    steps: [
      { kind: 'learnt', target: { Young: -0.5 } },
      { kind: 'operation', name: 'wrinkles', amount: 0.8 },
      { kind: 'operation', name: 'bags-under-eyes', amount: 0.5 },
    ],
  },
  {
    name: 'lighter-skin',
    description: 'lighter skin',
    steps: [{ kind: 'operation', name: 'lighter-skin', amount: 0.8 }],
  },
  {
    name: 'darker-skin',
    description: 'darker skin',
    steps: [{ kind: 'operation', name: 'darker-skin', amount: 0.8 }],
  },
  {
    name: 'longer-lashes',
    description: 'longer lashes',
    steps: [{ kind: 'operation', name: 'longer-lashes', amount: 0.8 }],
  },
  {
    name: 'pale-lips-with-beard',
    description: 'pale lips and a beard',
    steps: [
      { kind: 'learnt', target: { No_Beard: -1, Wearing_Lipstick: -1 } },
      { kind: 'operation', name: 'pale-lips', amount: 0.8 },
      { kind: 'operation', name: 'beard', amount: 0.6 },
    ],
  },
];

/** The preset of this name. @throws InputError where there is none. */
export function findPreset(name: string): EditPreset {
  const preset = EDIT_PRESETS.find((one) => one.name === name);
  if (!preset)
    throw new InputError(`no edit is called "${name}"`, {
      hint: `there are ${EDIT_PRESETS.map((one) => one.name).join(', ')}`,
    });
  return preset;
}

/** The operation of this name. @throws InputError where there is none. */
export function findOperation(name: string): FaceOperation {
  const operation = FACE_OPERATIONS.find((one) => one.name === name);
  if (!operation)
    throw new InputError(`no operation is called "${name}"`, {
      hint: `there are ${FACE_OPERATIONS.map((one) => one.name).join(', ')}`,
    });
  return operation;
}

/** What a step does and which of the two serves, for a receipt: "learnt: Young -0.5", "drawn: wrinkles 0.8 (draws …)". @throws InputError for an unknown operation. */
export function describeStep(step: EditStep): string {
  if (step.kind === 'operation') return `drawn: ${step.name} ${step.amount} (${findOperation(step.name).description})`;
  const targets = Object.entries(step.target).map(
    ([attribute, value]) => `${attribute} ${value > 0 ? '+' : ''}${value}`,
  );
  return `learnt: ${targets.join(', ')}`;
}

/**
 * The steps that can be done with an editor of these attributes: a learnt step loses the attributes that the editor lacks, and is left out where none remains.
 *
 * @param attributes - the editor's; empty where there is no editor.
 * @throws CapabilityError where no step remains.
 */
export function stepsFor(preset: EditPreset, attributes: readonly string[]): EditStep[] {
  const steps = preset.steps.flatMap((step): EditStep[] => {
    if (step.kind === 'operation') return [step];
    const target = Object.fromEntries(Object.entries(step.target).filter(([name]) => attributes.includes(name)));
    return Object.keys(target).length > 0 ? [{ ...step, target }] : [];
  });
  if (steps.length === 0)
    throw new CapabilityError(`"${preset.name}" needs an editor that has learnt its attributes`, {
      hint: 'give an editor with --editor',
    });
  return steps;
}
