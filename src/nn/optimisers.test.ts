import { describe, expect, test } from 'vitest';
import { evaluate, largestDifference, wave } from '../../test/fixtures/evaluate.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { float32, scalar, type Tensor, toNumbers } from '../graph/tensor.ts';
import { createSession } from '../runtime/session.ts';
import { adam, clipByGlobalNorm, freshState, type Optimiser, scalarInputs, sgd } from './optimisers.ts';

/** Weights after each of five steps of learning rate 0.1 from wave([4], 0); the gradient of step s (from 0) is 10^(s-2) wave([4], s + 1). */
async function fiveSteps(optimiser: Optimiser): Promise<number[][]> {
  const builder = new GraphBuilder('steps');
  const weight = builder.input('weight', [4]);
  const gradient = builder.input('gradient', [4]);
  const slots = optimiser.slots.map((slot) => builder.input(slot, [4]));
  const update = optimiser.apply(weight, gradient, slots, scalarInputs(builder, optimiser));
  builder.output('next/weight', update.weight);
  update.state.forEach((value, i) => {
    builder.output(`next/${optimiser.slots[i]}`, value);
  });
  const session = await createSession(builder.build(), { threads: 1 });
  const start = wave([4], 0);
  const fresh = freshState(optimiser, start);
  let state: Record<string, Tensor> = { weight: start };
  optimiser.slots.forEach((slot, i) => {
    state[slot] = fresh[i] as Tensor;
  });
  const weights: number[][] = [];
  for (let step = 0; step < 5; step++) {
    const scalars = Object.entries(optimiser.scalars(step + 1, 0.1)).map(
      ([name, value]) => [name, scalar(value)] as const,
    );
    const results = await session.run({
      ...state,
      ...Object.fromEntries(scalars),
      gradient: wave([4], step + 1, 10 ** (step - 2)),
    });
    state = Object.fromEntries(Object.keys(state).map((name) => [name, results[`next/${name}`] as Tensor]));
    weights.push(toNumbers(state.weight as Tensor));
  }
  await session.release();
  return weights;
}

describe('five steps are torch.optim’s', () => {
  /*
   * PyTorch 1.13, float64:
   *   w = wave([4],0).requires_grad_(True); o = torch.optim.Adam([w], lr=0.1)     # or SGD(..., momentum=0.9)
   *   for s in range(5): w.grad = wave([4],s+1) * 10.0**(s-2); o.step()
   */
  test.for([
    ['Adam', adam(), [-0.0999999, 0.2616155, 0.574288, 0.7956988], [-0.1529576, 0.3395761, 0.668641, 0.9057477]],
    [
      'Adam, betas 0.5 and 0.99, epsilon 1e-3',
      adam({ beta1: 0.5, beta2: 0.99, epsilon: 1e-3 }),
      [-0.0893783, 0.2708755, 0.5834984, 0.8061358],
      [-0.0726146, 0.47832, 0.8102374, 1.0763655],
    ],
    [
      'SGD, momentum 0.9',
      sgd(),
      [-0.0008415, 0.3606355, 0.6733022, 0.8948406],
      [10.9542073, 10.0992469, 7.8774007, 4.5893853],
    ],
    [
      'SGD, momentum 0.5',
      sgd({ momentum: 0.5 }),
      [-0.0008415, 0.3606355, 0.6733022, 0.8948406],
      [10.6810708, 9.7137475, 7.431714, 4.1438329],
    ],
  ] as const)('%s', async ([, optimiser, first, last]) => {
    const weights = await fiveSteps(optimiser);
    expect(largestDifference(weights[0] ?? [], first)).toBeLessThan(1e-6);
    expect(largestDifference(weights[4] ?? [], last)).toBeLessThan(5e-6);
  });

  test('a gradient of nought leaves Adam’s weight where it is', async () => {
    const optimiser = adam();
    const { weight } = await evaluate(
      { w: wave([4], 0), zero: float32([0, 0, 0, 0], [4]), rate: scalar(0.1), floor: scalar(1e-8) },
      ({ w, zero, rate, floor }) => ({
        weight: optimiser.apply(w, zero, [zero, zero], { step_size: rate, epsilon: floor }).weight,
      }),
    );
    expect(weight).toEqual(toNumbers(wave([4], 0)));
  });
});

describe('clipByGlobalNorm', () => {
  const gradients = { p: wave([3], 0, 3), q: wave([2, 2], 1, 3) };
  const clipped = (maxNorm: number) =>
    evaluate(gradients, ({ p, q }) => {
      const [first, second] = clipByGlobalNorm([p, q], maxNorm);
      return { first: first as typeof p, second: second as typeof q };
    });

  test('scales as torch.nn.utils.clip_grad_norm_(…, 1.0): the norm before is 5.9712298', async () => {
    const { first = [], second = [] } = await clipped(1);
    expect(largestDifference(first, [0, 0.1816788, 0.3387683])).toBeLessThan(1e-6);
    expect(largestDifference(second, [0.4227626, 0.4923146, 0.4952342, 0.4311261])).toBeLessThan(1e-6);
    expect(Math.hypot(...first, ...second)).toBeCloseTo(1, 5);
  });

  test('leaves gradients under the bound as they are, and nought at nought', async () => {
    const { first, second } = await clipped(100);
    expect([first, second]).toEqual([toNumbers(gradients.p), toNumbers(gradients.q)]);
    const { still } = await evaluate({ zero: float32([0, 0], [2]) }, ({ zero }) => ({
      still: clipByGlobalNorm([zero], 1)[0] as typeof zero,
    }));
    expect(still).toEqual([0, 0]);
  });
});
