import { describe, expect, test } from 'vitest';
import { evaluate, largestDifference, wave } from '../../test/fixtures/evaluate.ts';
import { checkGradients, type Trial, uniform } from '../../test/fixtures/gradient-check.ts';
import type { Value } from '../graph/builder.ts';
import { cosine } from '../graph/ops/normalisation.ts';
import { float32, int64, type Tensor } from '../graph/tensor.ts';
import { Random } from '../util/random.ts';
import * as losses from './losses.ts';

/*
 * The expected numbers are PyTorch 1.13's, in float64, on wave(shape, phase) = sin(0.37 i + phase):
 *
 *   a, b = wave([2,5],0), wave([2,5],1);  t = 0.5 + 0.5 * wave([2,5],2)
 *   F.l1_loss(a,b); F.mse_loss(a,b); F.cosine_similarity(a,b); F.binary_cross_entropy_with_logits(3*a,t); F.cross_entropy(3*a, tensor([3,0]))
 *
 *   def arc(e, w, label, s, m):                       # the reference implementation's
 *     cos = F.linear(F.normalize(e), F.normalize(w)); sin = torch.sqrt(1 - cos**2)
 *     phi = cos * math.cos(m) - sin * math.sin(m)
 *     phi = torch.where(cos > math.cos(math.pi - m), phi, cos - math.sin(math.pi - m) * m)
 *     one = F.one_hot(label, w.shape[0]); return s * (one * phi + (1 - one) * cos)
 *   e, w = wave([3,4],0.3), wave([3,4],1.1);  w[2] = -e[2] + 0.05 * wave([4],3)
 *   arc(e, w, tensor([1,0,2]), 16, 0.5)
 *
 *   def ssim(x, y):                                   # the window in two dimensions
 *     g = torch.exp(-(torch.arange(11) - 5)**2 / (2 * 1.5**2)); g = g / g.sum(); k = (g[:,None] * g[None,:])[None,None]
 *     bl = lambda v: F.conv2d(v, k.expand(2,1,11,11), groups=2)
 *     mx, my = bl(x), bl(y); vx = bl(x*x) - mx**2; vy = bl(y*y) - my**2; vxy = bl(x*y) - mx*my
 *     return (((2*mx*my + 1e-4) * (2*vxy + 9e-4)) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))).mean()
 *   ssim(0.5 + 0.5 * wave([1,2,12,13],0), 0.5 + 0.4 * wave([1,2,12,13],0.4))
 */
const a = wave([2, 5], 0);
const b = wave([2, 5], 1);
const picture = wave([1, 2, 12, 13], 0, 0.5, 0.5);
const other = wave([1, 2, 12, 13], 0.4, 0.4, 0.5);

const angles = { e: wave([3, 4], 0.3), w: wave([3, 4], 1.1), targets: float32([0, 1, 0, 1, 0, 0, 0, 0, 1], [3, 3]) };
// The third class lies almost opposite to the third embedding: angle + margin passes pi.
for (let i = 0; i < 4; i++) angles.w.data[8 + i] = 0.05 * Math.sin(0.37 * i + 3) - (angles.e.data[8 + i] as number);

/** Value of a loss of two inputs. */
async function value(x: Tensor, y: Tensor, loss: (x: Value, y: Value) => Value): Promise<number[]> {
  const { loss: out } = await evaluate({ x, y }, (inputs) => ({ loss: loss(inputs.x, inputs.y) }));
  return out as number[];
}

describe('values are PyTorch’s', () => {
  const targets = wave([2, 5], 2, 0.5, 0.5);
  const oneHot = float32([0, 0, 0, 1, 0, 1, 0, 0, 0, 0], [2, 5]);
  test.for([
    ['l1', a, b, losses.l1, [0.6347683]],
    ['l2', a, b, losses.l2, [0.4848302]],
    ['cosine', a, b, cosine, [0.8028607, 0.0160975]],
    ['cosineLoss', a, b, losses.cosineLoss, [1 - (0.8028607 + 0.0160975) / 2]],
    ['binaryCrossEntropy', wave([2, 5], 0, 3), targets, losses.binaryCrossEntropy, [1.33146]],
    ['crossEntropy', wave([2, 5], 0, 3), oneHot, losses.crossEntropy, [0.9197205]],
    ['ssim', picture, other, losses.ssim, [0.8988155]],
  ] as const)('%s', async ([, x, y, loss, expected]) => {
    expect(largestDifference(await value(x, y, loss), expected)).toBeLessThan(2e-6);
  });

  test('binaryCrossEntropy of logits that overflow exp', async () => {
    const loss = await value(float32([200, -200, 0], [1, 3]), float32([0, 1, 1], [1, 3]), losses.binaryCrossEntropy);
    expect(loss[0]).toBeCloseTo(133.5643824, 4);
  });

  test('binaryCrossEntropy by weights is the mean of what counts', async () => {
    const [x, y] = [float32([0.5, -1, 2], [1, 3]), float32([1, 0, 0], [1, 3])];
    const weighted = await value(x, y, (a, b) =>
      losses.binaryCrossEntropy(a, b, a.builder.constant(float32([2, 0, 1], [1, 3]), 'weights')),
    );
    const [first, last] = [Math.log(1 + Math.exp(-0.5)), Math.log(1 + Math.exp(2))];
    expect(weighted[0]).toBeCloseTo((2 * first + last) / 3, 5);
  });

  test('arcFaceLogits, with one angle beyond pi - margin', async () => {
    const { logits } = await evaluate(angles, ({ e, w, targets: hot }) => ({
      logits: losses.arcFaceLogits(e, w, hot, { scale: 16, margin: 0.5 }),
    }));
    const expected = [
      14.7757965, -11.9370943, 15.8752754, 10.5078902, 6.3173772, 10.2808487, -13.8040451, 7.3674889, -19.8343571,
    ];
    expect(largestDifference(logits ?? [], expected)).toBeLessThan(1e-4);
  });
});

describe('special values', () => {
  test('equal pictures have SSIM 1, equal directions cosine loss 0, opposite ones 2', async () => {
    expect((await value(picture, picture, losses.ssim))[0]).toBeCloseTo(1, 5);
    expect((await value(a, wave([2, 5], 0, 7), losses.cosineLoss))[0]).toBeCloseTo(0, 5);
    expect((await value(a, wave([2, 5], 0, -1), losses.cosineLoss))[0]).toBeCloseTo(2, 5);
  });

  test('oneHot marks each label’s column', async () => {
    const { rows } = await evaluate({ labels: int64([2, 0, 1]) }, ({ labels }) => ({ rows: losses.oneHot(labels, 3) }));
    expect(rows).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0]);
  });

  test('arcFaceLogits stay finite, and so does their gradient, where an embedding is its class’s own direction', async () => {
    const found = await checkGradients({
      inputs: [{ shape: [1, 2], values: () => [0.6, 0.8] }],
      build: (e) => {
        const classes = e.builder.constant(float32([0.6, 0.8, 0, 1], [2, 2]));
        return losses.arcFaceLogits(e, classes, e.builder.constant(float32([1, 0], [1, 2])), { scale: 1 });
      },
    });
    expect(found.output.values.every(Number.isFinite)).toBe(true);
    expect(found.output.values[0]).toBeCloseTo(Math.cos(0.5), 2);
    expect(found.firstOrder[0]?.error).not.toBeNaN();
  });
});

describe('gradients agree with central differences', () => {
  const hot = (x: Value): Value => x.builder.constant(float32([0, 1, 0, 1, 0, 0], [2, 3]));
  const rows: readonly (readonly [string, Trial])[] = [
    // The two sides keep apart: at a difference of nought the absolute value has a kink.
    ['l1', { inputs: [uniform([2, 3], 0, 0.4), uniform([2, 3], 0.6, 1)], build: losses.l1 }],
    ['l2', { inputs: [uniform([2, 3]), uniform([2, 3])], build: losses.l2 }],
    ['cosineLoss', { inputs: [uniform([2, 3], 0.3, 1), uniform([2, 3], -1, 1)], build: losses.cosineLoss }],
    [
      'binaryCrossEntropy',
      { inputs: [uniform([2, 3], 0.2, 2), uniform([2, 3], 0.1, 0.9)], build: losses.binaryCrossEntropy },
    ],
    [
      'binaryCrossEntropy, negative logits',
      { inputs: [uniform([2, 3], -2, -0.2), uniform([2, 3], 0.1, 0.9)], build: losses.binaryCrossEntropy },
    ],
    ['crossEntropy', { inputs: [uniform([2, 3])], build: (x) => losses.crossEntropy(x, hot(x)) }],
    // No class lies opposite to an embedding: the margin's continuation begins with a jump.
    [
      'arcFaceLogits',
      {
        inputs: [uniform([2, 4], 0.3, 1), uniform([3, 4], -0.4, 1)],
        build: (e, w) => losses.arcFaceLogits(e, w, hot(e), { scale: 4 }),
      },
    ],
    ['ssim', { inputs: [uniform([1, 1, 11, 12], 0.2, 0.8), uniform([1, 1, 11, 12], 0.2, 0.8)], build: losses.ssim }],
  ];
  test.for(rows)('%s', async ([, trial]) => {
    const { firstOrder } = await checkGradients(trial);
    for (const { error, size } of firstOrder) {
      expect(size).toBeGreaterThan(1e-3);
      expect(error).toBeLessThan(2e-2);
    }
  });
});

test('ssim is lower for noise than for a slight change', async () => {
  const noise = float32(new Random(1).normals(12 * 13 * 2, 0.3), [1, 2, 12, 13]);
  const [[slight], [noisy]] = [await value(picture, other, losses.ssim), await value(picture, noise, losses.ssim)];
  expect(slight).toBeGreaterThan((noisy ?? 1) + 0.3);
});
