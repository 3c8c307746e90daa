import { attributeNamed } from '../defence/photo/attribute/hidden-attributes.ts';
import { FACE_OPERATIONS } from '../defence/photo/attribute/operations/operations.ts';
import { EDIT_PRESETS, type EditStep, stepsFor } from '../defence/photo/attribute/presets.ts';
import { InputError } from '../util/errors.ts';

/** Stands before the name of an image operation: some presets are called as the operation that they begin with. */
const DRAWN = 'drawn:';

/**
 * The steps of what `--edit` names: a preset by its name alone, an image operation with its amount, such as drawn:beard=0.5, or an attribute with its value, such as smiling=1;
 * -1 is absent, 1 present, 0 the undecidable middle.
 *
 * @throws InputError for a word that is none of them, or a value out of range; CapabilityError for a preset that the editor cannot do.
 */
export function editSteps(words: readonly string[], editorAttributes: readonly string[]): EditStep[] {
  return words.flatMap((word): EditStep[] => {
    const [name = '', text] = word.split('=');
    const preset = EDIT_PRESETS.find((one) => one.name === name);
    if (preset && text === undefined) return stepsFor(preset, editorAttributes);
    const operation = FACE_OPERATIONS.find((one) => DRAWN + one.name === name)?.name;
    if (operation !== undefined)
      return [{ kind: 'operation', name: operation, amount: amountOf(word, text ?? '1', 0) }];
    if (preset || text === undefined || isOperation(name)) throw unknownEdit(word, name);
    return [{ kind: 'learnt', target: { [attributeNamed(name, editorAttributes)]: amountOf(word, text, -1) } }];
  });
}

const isOperation = (name: string): boolean => FACE_OPERATIONS.some((one) => one.name === name);

function amountOf(word: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= 1) return value;
  throw new InputError(`--edit ${word}: the value is no number from ${least} to 1`);
}

function unknownEdit(word: string, name: string): InputError {
  const listed = (named: readonly { readonly name: string }[]): string => named.map((one) => one.name).join(', ');
  return new InputError(`--edit ${word} is unknown`, {
    hint: isOperation(name)
      ? `the image operation is ${DRAWN}${name}=0.5; a preset takes no value`
      : `it takes attribute=value with -1..1; a preset: ${listed(EDIT_PRESETS)}; or an image operation such as ${DRAWN}beard=0.5: ${listed(FACE_OPERATIONS)}`,
  });
}
