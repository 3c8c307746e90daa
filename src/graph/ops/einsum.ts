import { UnsupportedOpError } from '../../util/errors.ts';
import type { Value } from '../builder.ts';
import { OPSET, string } from '../graph.ts';
import type { NodeContext, Operator } from '../operator.ts';
import { mul } from './arithmetic.ts';
import { sumTo } from './reduction.ts';
import { reshape } from './shape.ts';

/** Sum of products over named axes, NumPy's einsum: `einsum('bij,bjk->bik', a, b)` is a batch of matrix products. */
export const einsum = (equation: string, ...values: readonly [Value, ...Value[]]): Value =>
  values[0].builder.op('Einsum', values, { equation: string(equation) });

export const operators = {
  Einsum: {
    infer: (node) => {
      const { result, extents } = readEquation(node);
      return [{ dtype: node.input(0).dtype, shape: [...result].map((label) => extents.get(label) ?? 1) }];
    },
    gradient: ({ node, grad, needs }) => {
      const equation = readEquation(node);
      return equation.terms.map((_, i) => (needs(i) ? gradientOf(node, i, grad, equation) : undefined));
    },
  },
} satisfies Record<string, Operator>;

/** An equation without its shorthands: one letter for each axis of each operand (`...` too), and of the result. */
interface Equation {
  readonly terms: readonly string[];
  readonly result: string;
  readonly extents: ReadonlyMap<string, number>;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const ELLIPSIS = '...';

function readEquation(node: NodeContext): Equation {
  const written = node.string('equation', '').replaceAll(/\s/g, '');
  const [left = '', right] = written.split('->');
  const wanted = left.split(',');
  if (wanted.length !== node.inputs.length) throw node.error(`"${written}" is not for ${node.inputs.length} operands`);
  const free = [...LETTERS].filter((letter) => !written.includes(letter)).join('');
  const hidden = wanted.map((term, i) =>
    term.includes(ELLIPSIS) ? node.input(i).rank - (term.length - ELLIPSIS.length) : 0,
  );
  // Axes behind an ellipsis are matched from the last on.
  const batch = free.slice(0, Math.max(0, ...hidden));
  const terms = wanted.map((term, i) => term.replace(ELLIPSIS, batch.slice(batch.length - (hidden[i] as number))));
  const extents = new Map<string, number>();
  terms.forEach((term, i) => {
    const { shape, rank } = node.input(i);
    if (term.length !== rank) throw node.error(`"${written}" names ${term.length} axes of operand ${i}`);
    [...term].forEach((label, axis) => {
      const [known = 1, extent] = [extents.get(label), shape[axis] as number];
      if (known !== 1 && extent !== 1 && known !== extent) throw node.error(`"${label}" is ${known} and ${extent}`);
      extents.set(label, Math.max(known, extent));
    });
  });
  return { terms, result: right?.replace(ELLIPSIS, batch) ?? batch + onceNamed(wanted), extents };
}

/** Without a right side the result has the labels that stand once, in alphabetical order. */
function onceNamed(terms: readonly string[]): string {
  const letters = [...terms.join('').replaceAll('.', '')];
  return letters
    .filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter))
    .sort()
    .join('');
}

/** The gradient of operand `index`: the equation with the gradient in its place. An axis that it alone has was summed over: the gradient is the same all along. */
function gradientOf(node: NodeContext, index: number, grad: Value, { terms, result }: Equation): Value {
  const [own, operand] = [terms[index] as string, node.input(index)];
  if (new Set(own).size < own.length) {
    const reason = `no gradient for an operand with a diagonal ("${node.string('equation', '')}")`;
    throw new UnsupportedOpError({ op: node.op, opset: OPSET, node: node.name, reason });
  }
  const others = terms.flatMap((term, i) => (i === index ? [] : [{ term, value: node.input(i) }]));
  // A scalar has no axis to name.
  const factors = result === '' ? others : [{ term: result, value: grad }, ...others];
  const kept = [...own].filter((label) => factors.some(({ term }) => term.includes(label))).join('');
  const [first, ...rest] = factors.map(({ value }) => value);
  const equation = `${factors.map(({ term }) => term).join(',')}->${kept}`;
  const same = factors.length === 1 && factors[0]?.term === kept;
  const product = same ? first : first && einsum(equation, first, ...rest);
  const whole = result === '' ? (product ? mul(product, grad) : grad) : (product ?? grad);
  const sizes = [...own].map((label) => (kept.includes(label) ? (whole.shape[kept.indexOf(label)] as number) : 1));
  return sumTo(reshape(whole, sizes), operand.shape);
}
