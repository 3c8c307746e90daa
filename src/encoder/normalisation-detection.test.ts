import { describe, expect, it } from 'vitest';
import { GraphBuilder, type Value } from '../graph/builder.ts';
import { float, type Graph, ints } from '../graph/graph.ts';
import { add, div, mul, sub } from '../graph/ops/arithmetic.ts';
import { float32 } from '../graph/tensor.ts';
import { detectRange } from './normalisation-detection.ts';

function network(begin: (face: Value, builder: GraphBuilder) => Value): Graph {
  const builder = new GraphBuilder('network');
  const face = builder.input('data', [1, 3, 8, 8]);
  builder.output('out', builder.op('Relu', [begin(face, builder)]));
  return builder.build();
}

const perChannel = (builder: GraphBuilder, values: readonly number[]) =>
  builder.constant(float32(values, [1, 3, 1, 1]));
const vector = (builder: GraphBuilder, values: readonly number[]) => builder.constant(float32(values, [3]));

describe('detectRange', () => {
  it.each<[string, (face: Value, builder: GraphBuilder) => Value, string | undefined]>([
    ['(x - 127.5) / 128', (x) => div(sub(x, 127.5), 128), '0..255'],
    ['x / 255 alone', (x) => mul(x, 1 / 255), '0..255'],
    ['x / 127.5 - 1', (x) => sub(div(x, 127.5), 1), '0..255'],
    ['127.5 - x, negated', (x, b) => b.op('Sub', [b.constant(float32([127.5], [])), x]), '0..255'],
    ['ImageNet means of bytes', (x, b) => sub(x, perChannel(b, [123.7, 116.8, 103.9])), '0..255'],
    ['ImageNet means of 0..1', (x, b) => div(sub(x, perChannel(b, [0.485, 0.456, 0.406])), 0.225), '0..1'],
    ['2 x - 1', (x) => add(mul(x, 2), -1), '0..1'],
    ['behind a Transpose', (x, b) => sub(b.op('Transpose', [x], { perm: ints([0, 2, 3, 1]) }), 127.5), '0..255'],
    ['no normalisation', (x) => x, undefined],
    ['a shift that tells nothing', (x) => add(x, 0.01), undefined],
  ])('%s', (_name, begin, expected) => {
    expect(detectRange(network(begin), 'data')?.range).toBe(expected);
  });

  it('reads the running statistics of a BatchNormalization', () => {
    const normalise = (mean: number, variance: number) =>
      network((x, b) =>
        b.op(
          'BatchNormalization',
          [
            x,
            ...[
              [1, 1, 1],
              [0, 0, 0],
              [mean, mean, mean],
              [variance, variance, variance],
            ].map((v) => vector(b, v)),
          ],
          {
            epsilon: float(1e-5),
          },
        ),
      );
    expect(detectRange(normalise(125, 4900), 'data')?.range).toBe('0..255');
    expect(detectRange(normalise(0.48, 0.07), 'data')?.range).toBe('0..1');
    expect(detectRange(normalise(0, 0.3), 'data')).toBeUndefined();
  });
});
