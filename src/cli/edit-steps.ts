import { attributeNamed } from '../defence/photo/attribute/hidden-attributes.ts';
import { FACE_OPERATIONS } from '../defence/photo/attribute/operations/operations.ts';
import { EDIT_PRESETS, type EditStep, stepsFor } from '../defence/photo/attribute/presets.ts';
import { InputError } from '../util/errors.ts';

/**
 * The steps of what `--edit` names: a preset, an image operation with its amount, such as beard=0.5, or an attribute with its value, such as smiling=1; -1 is absent, 1 present, 0
 * the undecidable middle.
 *
 * @throws InputError for a word that is none of them, or a value out of range; CapabilityError for a preset that the editor cannot do.
 */
export function editSteps(words: readonly string[], editorAttributes: readonly string[]): EditStep[] {
  return words.flatMap((word): EditStep[] => {
    const [name = '', text] = word.split('=');
    const preset = EDIT_PRESETS.find((one) => one.name === name);
    if (preset && text === undefined) return stepsFor(preset, editorAttributes);
    if (FACE_OPERATIONS.some((one) => one.name === name)) {
      return [{ kind: 'operation', name, amount: amountOf(word, text ?? '1', 0) }];
    }
    if (text === undefined) throw unknownEdit(word);
    return [{ kind: 'learnt', target: { [attributeNamed(name, editorAttributes)]: amountOf(word, text, -1) } }];
  });
}

function amountOf(word: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= 1) return value;
  throw new InputError(`--edit ${word}: the value is no number from ${least} to 1`);
}

function unknownEdit(word: string): InputError {
  const known = new Set([...EDIT_PRESETS, ...FACE_OPERATIONS].map(({ name }) => name));
  return new InputError(`--edit ${word} is unknown`, {
    hint: `it takes attribute=value with -1..1, or one of: ${[...known].join(', ')}`,
  });
}
