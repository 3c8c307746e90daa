import { describe, expect, test } from 'vitest';
import { createSession } from '../../runtime/session.ts';
import { GraphBuilder, type Value } from '../builder.ts';
import { int64, type Tensor, toNumbers } from '../tensor.ts';
import { concat, flip, gather, slice, split } from './indexing.ts';

const counting = int64(
  Array.from({ length: 24 }, (_, i) => i),
  [2, 3, 4],
);
const axisAt = (x: Value, values: readonly number[], shape: readonly number[]): Value =>
  x.builder.constant(int64(values, shape));

const FOLDED: readonly (readonly [name: string, build: (x: Value) => Value])[] = [
  ['Slice', (x) => slice(x, { starts: [1, -3], ends: [3, 4], axes: [1, 2] })],
  ['Slice with steps', (x) => slice(x, { starts: [0, 3], ends: [3, -9], axes: [1, 2], steps: [2, -2] })],
  ['Slice past the end', (x) => slice(x, { starts: [-99], ends: [2 ** 31], axes: [1] })],
  ['flip', (x) => flip(x, 0)],
  ['Concat, first axis', (x) => concat([x, x], 0)],
  ['Concat, last axis', (x) => concat([x, flip(x, 2)], -1)],
  ['Split', (x) => split(x, [1, 2], 1)[1] as Value],
  ['Gather', (x) => gather(x, [2, -1, 0], 1)],
  ['Gather by a table', (x) => gather(x, axisAt(x, [3, 0, -2, 1], [2, 2]), -1)],
  ['Gather one place', (x) => gather(x, axisAt(x, [-1], []), 0)],
];

describe('what is folded when compiling equals what ONNX Runtime computes', () => {
  test.for(FOLDED)('%s', async ([, build]) => {
    const constants = new GraphBuilder();
    const folded = build(constants.constant(counting));
    const builder = new GraphBuilder();
    builder.output('y', build(builder.input('x', counting.shape, 'int64')));
    const session = await createSession(builder.build());
    const { y } = (await session.run({ x: counting })) as { y: Tensor };
    expect(folded.numbers).toEqual(toNumbers(y));
    expect(folded.shape).toEqual(y.shape);
  });
});
