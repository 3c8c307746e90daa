import { describe, expect, it } from 'vitest';
import { node } from '../../test/fixtures/graph-node.ts';
import { createSession } from '../runtime/session.ts';
import { compile } from './compile.ts';
import { differentiate } from './differentiate.ts';
import { type Graph, int } from './graph.ts';
import { inSinglePrecision } from './precision.ts';
import { float32, numberToHalf, type Tensor, toNumbers } from './tensor.ts';

const half = (values: readonly number[]): Tensor => ({
  dtype: 'float16',
  shape: [values.length],
  data: Uint16Array.from(values, numberToHalf),
});

/** y = relu(x w) k in halves, with float32 outside, as converters that "keep the types of inputs and outputs" leave it. */
const mixed: Graph = {
  name: 'mixed',
  opset: 17,
  inputs: [{ name: 'x', dtype: 'float32', shape: [3] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [3] }],
  nodes: [
    node('Cast', ['x'], 'halves', { to: int(10) }),
    node('Mul', ['halves', 'w'], 'product'),
    node('Relu', ['product'], 'kept'),
    node('Constant', [], 'k', { value: { type: 'tensor', value: half([1e-6, 1e-6, 1e-6]) } }),
    node('Mul', ['kept', 'k'], 'scaled'),
    node('Cast', ['scaled'], 'y', { to: int(1) }),
  ],
  initializers: new Map([['w', half([0.5, 2, -1])]]),
  metadata: {},
};

async function gradientOf(graph: Graph): Promise<number[]> {
  const session = await createSession(differentiate(graph, { of: 'y', wrt: ['x'] }), { threads: 1 });
  const { gradient_x } = await session.run({ x: float32([1, 1, 1], [3]) });
  await session.release();
  return gradient_x ? toNumbers(gradient_x) : [];
}

describe('a network in float16', () => {
  it('compiles and is differentiated as it is, to few digits', async () => {
    const [first = 0, second = 0, third] = await gradientOf(compile(mixed));
    expect(first / 0.5e-6).toBeCloseTo(1, 0);
    expect(second / 2e-6).toBeCloseTo(1, 0);
    expect(third).toBeCloseTo(0, 12);
  });

  it('has its gradient in float32 once it is all float32', async () => {
    const single = inSinglePrecision(mixed);
    const [k = 0] = toNumbers(half([1e-6]));
    expect(await gradientOf(single)).toEqual([Math.fround(k * 0.5), Math.fround(k * 2), expect.closeTo(0, 12)]);
    expect(inSinglePrecision(single)).toBe(single);
  });
});
