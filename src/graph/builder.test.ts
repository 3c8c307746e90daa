import { describe, expect, it } from 'vitest';
import { evaluate } from '../../test/fixtures/evaluate.ts';
import { GraphBuilder, type Value } from './builder.ts';
import { gradients } from './differentiate.ts';
import { ints } from './graph.ts';
import { add, mul } from './ops/arithmetic.ts';
import { reduceSum } from './ops/reduction.ts';
import { float32, int64 } from './tensor.ts';

/** y = x reshaped to two rows of one picture, plus the mean of all: right for one picture at a time alone, like an export with a batch of 1. */
function pictureByPicture() {
  const builder = new GraphBuilder('fixed');
  const x = builder.input('x', [1, 4]);
  const rows = builder.op('Reshape', [x, builder.constant(int64([1, 2, 2]))]);
  const mean = builder.op('ReduceMean', [rows], { axes: ints([0, 1, 2]) });
  const scaled = mul(rows, builder.weight(float32([3], [1])));
  builder.output('y', builder.op('Reshape', [add(scaled, mean), builder.constant(int64([1, 4]))]));
  return builder.build();
}

describe('a graph with a fixed batch', () => {
  it('goes over a greater one part by part, with its gradient', async () => {
    const graph = pictureByPicture();
    const { y, gradient, weights } = await evaluate(
      { x: float32([0, 1, 2, 3, 8, 8, 8, 8], [2, 4]) },
      ({ x }): Record<string, Value> => {
        const { y: values } = x.builder.import(graph, { inputs: { x } });
        const found = values ?? expect.fail('no output');
        const [slope] = gradients(reduceSum(mul(found, found)), [x]);
        const held = x.builder.steps
          .flatMap(({ context }) => context.inputs)
          .filter((value) => value?.name === 'weight');
        const count = x.builder.constant(float32([new Set(held).size], []));
        return { y: found, gradient: slope ?? expect.fail('no gradient'), weights: add(count, 0) };
      },
    );
    // 3 x + mean; its square's gradient is 6 y + 2 mean(y) for each picture.
    expect(y).toEqual([1.5, 4.5, 7.5, 10.5, 32, 32, 32, 32]);
    expect(gradient).toEqual([21, 39, 57, 75, 256, 256, 256, 256]);
    expect(weights).toEqual([1]);
  });

  it('is believed to have none where that is said', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [2, 4]);
    expect(() => builder.import(pictureByPicture(), { inputs: { x }, batchIsFree: true })).toThrow(/\[1,2,2\]/);
  });
});
