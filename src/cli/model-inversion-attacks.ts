import type { ModelInversionAttack } from '../attack/inversion/model/attack.ts';
import { MODEL_INVERSION_ATTACKS } from '../attack/inversion/model/attacks.ts';
import { InputError } from '../util/errors.ts';
import { listOf, oneOf } from './option-values.ts';

/** Words of the attacks that `--attacks` takes. */
export const MODEL_INVERSION_WORDS = MODEL_INVERSION_ATTACKS.map(({ id }) => id);

/** The attacks that `--attacks` names, all where it was not given. @throws InputError where it names none. */
export function modelInversionAttacks(text: string | undefined): readonly ModelInversionAttack[] {
  if (text === undefined) return MODEL_INVERSION_ATTACKS;
  const asked = new Set(listOf(text).map((word) => oneOf(word, '--attacks', MODEL_INVERSION_WORDS)));
  const attacks = MODEL_INVERSION_ATTACKS.filter(({ id }) => asked.has(id));
  if (attacks.length === 0)
    throw new InputError('--attacks names none', { hint: `there is: ${MODEL_INVERSION_WORDS.join(', ')}` });
  return attacks;
}
