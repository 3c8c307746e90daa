import { expect, test } from 'vitest';
import { createSession } from '../../runtime/session.ts';
import { ShapeError } from '../../util/errors.ts';
import { GraphBuilder } from '../builder.ts';
import { gradients } from '../differentiate.ts';
import { float32, int64, toNumbers } from '../tensor.ts';
import { add, mul } from './arithmetic.ts';
import { gather } from './indexing.ts';
import { loop } from './loop.ts';
import { reduceSum } from './reduction.ts';

/** Adds row `turn` of `rows`, times the weight. */
function turn(): ReturnType<GraphBuilder['build']> {
  const body = new GraphBuilder('turn');
  const [index, sum] = [body.input('index', [], 'int64'), body.input('sum', [2])];
  const [rows, weight] = [body.input('rows', [3, 2]), body.input('weight', [2])];
  body.output('next', add(sum, mul(gather(rows, index, 0), weight)));
  return body.build();
}

test.each([
  { turns: 0, last: [20, -20] },
  { turns: 2, last: [28, -26] },
  { turns: 3, last: [38, -32] },
])(
  'a loop of $turns turns carries its state, reads the inputs around it, and stops gradients',
  async ({ turns, last }) => {
    const builder = new GraphBuilder('around');
    const count = builder.input('turns', [], 'int64');
    // Both graphs have a Mul of their own: their names must not meet.
    const [start, weight] = [builder.input('start', [2]), builder.input('weight', [2])];
    builder.input('rows', [3, 2]);
    const captured = new Set(['rows', 'weight']);
    const [sum] = loop({ turns: count, state: [mul(start, weight)], body: turn(), captured });
    if (!sum) throw new ShapeError('a loop has a state');
    builder.output('sum', sum);
    const [gradient] = gradients(reduceSum(mul(sum, weight)), [weight]);
    builder.output('gradient', gradient ?? sum);
    const session = await createSession(builder.build(), { threads: 1 });
    const found = await session.run({
      turns: int64([turns], []),
      rows: float32([1, 2, 3, 4, 5, 6], [3, 2]),
      start: float32([10, 20], [2]),
      weight: float32([2, -1], [2]),
    });
    await session.release();
    const numbers = (name: string): number[] => (found[name] ? toNumbers(found[name]) : []);
    expect(numbers('sum')).toEqual(last);
    // Of sum * weight, where the sum counts as data: the sum itself.
    expect(numbers('gradient')).toEqual(last);
  },
);

test('a body that gives another state than it takes is refused', () => {
  const builder = new GraphBuilder('around');
  const [count, start] = [builder.input('turns', [], 'int64'), builder.input('start', [3])];
  builder.input('rows', [3, 2]);
  builder.input('weight', [2]);
  const wrong = () => loop({ turns: count, state: [start], body: turn(), captured: new Set(['rows', 'weight']) });
  expect(wrong).toThrow(ShapeError);
});
