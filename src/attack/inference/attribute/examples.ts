import { InputError, ShapeError } from '../../../util/errors.ts';
import type { AttributeExamples } from './attack.ts';

/**
 * Makes sure that every example has an input of one length and a label for each attribute.
 *
 * @param size - what that length must be; default: the first input's.
 * @returns the number of attributes.
 * @throws InputError where there is no example; ShapeError where lengths differ.
 */
export function requireExamples({ inputs, labels }: AttributeExamples, size = inputs[0]?.length): number {
  const attributes = labels[0]?.length;
  if (size === undefined || !attributes) throw new InputError('there is no example to learn attributes from');
  if (labels.length !== inputs.length) throw new ShapeError(`${inputs.length} inputs have ${labels.length} labels`);
  inputs.forEach((input, i) => {
    if (input.length !== size) throw new ShapeError(`input ${i} has ${input.length} numbers, not ${size}`);
    if (labels[i]?.length !== attributes) {
      throw new ShapeError(`input ${i} has ${labels[i]?.length} labels, not ${attributes}`);
    }
  });
  return attributes;
}
