import type { Operator } from '../operator.ts';
import { operators as activation } from './activation.ts';
import { operators as arithmetic } from './arithmetic.ts';
import { operators as constant } from './constant.ts';
import { operators as convolution } from './convolution.ts';
import { operators as einsum } from './einsum.ts';
import { operators as gridSampling } from './grid-sampling.ts';
import { operators as indexing } from './indexing.ts';
import { operators as loop } from './loop.ts';
import { operators as matrix } from './matrix.ts';
import { operators as normalisation } from './normalisation.ts';
import { operators as padding } from './padding.ts';
import { operators as pooling } from './pooling.ts';
import { operators as reduction } from './reduction.ts';
import { operators as resampling } from './resampling.ts';
import { operators as selection } from './selection.ts';
import { operators as shape } from './shape.ts';

/** Every known operator, under its ONNX name. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  ...arithmetic,
  ...activation,
  ...reduction,
  ...shape,
  ...indexing,
  ...padding,
  ...selection,
  ...matrix,
  ...einsum,
  ...convolution,
  ...normalisation,
  ...pooling,
  ...resampling,
  ...gridSampling,
  ...constant,
  ...loop,
};

export function findOperator(op: string): Operator | undefined {
  return Object.hasOwn(OPERATORS, op) ? OPERATORS[op] : undefined;
}

/** The names of all known operators, and whether each has a gradient. */
export function listOperators(): { readonly op: string; readonly differentiable: boolean }[] {
  return Object.entries(OPERATORS).map(([op, rules]) => ({ op, differentiable: rules.gradient !== undefined }));
}
