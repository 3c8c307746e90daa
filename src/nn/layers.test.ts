import { describe, expect, test } from 'vitest';
import { evaluate, largestDifference, wave } from '../../test/fixtures/evaluate.ts';
import { GraphBuilder, type Value } from '../graph/builder.ts';
import { float32, int64, type TypedTensor } from '../graph/tensor.ts';
import { Random } from '../util/random.ts';
import * as layers from './layers.ts';
import { FrozenParameters, type Parameters, scope, TrainableParameters } from './parameters.ts';

/*
 * The expected numbers are PyTorch 1.13's, in float64, on wave(shape, phase) = sin(0.37 i + phase); the call stands beside each.
 */
type Given = Readonly<Record<string, TypedTensor<'float32'>>>;
type Layer = (p: Parameters, x: Value) => Value;

/** What a layer gives in a finished model, where its weights are constants. */
async function infer(layer: Layer, x: TypedTensor<'float32'>, weights: Given): Promise<number[]> {
  const { y } = await evaluate({ x }, (inputs) => ({
    y: layer(new FrozenParameters(inputs.x.builder, new Map(Object.entries(weights))), inputs.x),
  }));
  return y as number[];
}

/** What it gives in training, and what becomes of its running means. The weights must be the layer's own in name and shape. */
async function train(layer: Layer, x: TypedTensor<'float32'>, weights: Given): Promise<Record<string, number[]>> {
  const declared = new TrainableParameters(new GraphBuilder(), new Random(1));
  layer(declared, declared.builder.input('x', x.shape));
  const shapes = (entries: Iterable<readonly [string, { readonly shape: readonly number[] }]>) =>
    Object.fromEntries(Array.from(entries, ([name, { shape }]) => [name, shape]));
  expect(shapes(declared.initial)).toEqual(shapes(Object.entries(weights)));

  return evaluate({ x, ...weights }, (inputs) => {
    const updates: Record<string, Value> = {};
    const given = (name: string): Value => (inputs as Record<string, Value>)[name] as Value;
    const p: Parameters = {
      builder: inputs.x.builder,
      training: true,
      weight: given,
      buffer: given,
      update: (name, value) => {
        updates[`next/${name}`] = value;
      },
    };
    return { y: layer(p, inputs.x), ...updates };
  });
}

function expectClose(actual: readonly number[] | undefined, expected: readonly number[]): void {
  expect(largestDifference(actual ?? [], expected)).toBeLessThan(1e-5);
}

describe('layers without a memory give what PyTorch gives', () => {
  const rows: readonly (readonly [string, Layer, TypedTensor<'float32'>, Given, readonly number[]])[] = [
    [
      'linear: F.linear(wave([2,3],0), wave([3,2],1).T, wave([2],2))',
      (p, x) => layers.linear(p, x, 2),
      wave([2, 3], 0),
      { weight: wave([3, 2], 1), bias: wave([2], 2) },
      [1.6800138, 1.2014293, 3.2352435, 2.7059087],
    ],
    [
      'conv2d: F.conv2d(wave([1,2,4,4],0), wave([2,2,3,3],1), wave([2],2), stride=2, padding=1)',
      (p, x) => layers.conv2d(p, x, 2, { kernel: 3, stride: 2 }),
      wave([1, 2, 4, 4], 0),
      { weight: wave([2, 2, 3, 3], 1), bias: wave([2], 2) },
      [1.4174778, 2.348323, 0.653776, -0.9575728, 0.8184352, 1.8712516, 0.9861613, -0.5886036],
    ],
    [
      'conv2d in groups: F.conv2d(wave([1,2,4,4],0), wave([2,1,3,3],1), groups=2)',
      (p, x) => layers.conv2d(p, x, 2, { kernel: 3, pad: 0, groups: 2, bias: false }),
      wave([1, 2, 4, 4], 0),
      { weight: wave([2, 1, 3, 3], 1) },
      [3.1470331, 4.1417684, 3.6113349, 2.3431227, -1.1698652, -2.795708, -4.8016349, -4.2099929],
    ],
    [
      'convTranspose2d: F.conv_transpose2d(wave([1,2,2,2],0), wave([2,1,4,4],1), wave([1],2), stride=2, padding=1)',
      (p, x) => layers.convTranspose2d(p, x, 1, { kernel: 4, stride: 2, pad: 1 }),
      wave([1, 2, 2, 2], 0),
      { weight: wave([2, 1, 4, 4], 1), bias: wave([1], 2) },
      [
        1.5157721, 2.2327565, 1.513886, 1.151038, 1.5115696, 1.8078009, 1.5551523, 1.0505612, 0.8490769, 0.4624309,
        0.1517023, 0.5168851, -0.301526, -1.3902959, -1.7349074, -0.4738495,
      ],
    ],
    [
      'instanceNorm2d: F.instance_norm(wave([2,2,2,2],0), weight=wave([2],1), bias=wave([2],2))',
      layers.instanceNorm2d,
      wave([2, 2, 2, 2], 0),
      { scale: wave([2], 1), bias: wave([2], 2) },
      [
        -0.2955535, 0.6066876, 1.3868146, 1.939241, 1.6245205, 1.4426573, 0.5770574, -0.8551242, 2.0857891, 1.2451919,
        0.462516, -0.1563073, 0.0578125, -0.1893697, 0.6004099, 2.3202583,
      ],
    ],
    [
      'layerNorm1d: F.layer_norm(wave([2,3],0), [3], wave([3],1), wave([3],2))',
      layers.layerNorm1d,
      wave([2, 3], 0),
      { scale: wave([3], 1), bias: wave([3], 2) },
      [-0.1452297, 0.7552974, 1.5678193, -0.2065767, 1.7539388, 0.635119],
    ],
  ];
  test.for(rows)('%s', async ([, layer, x, weights, expected]) => {
    expectClose(await infer(layer, x, weights), expected);
    expectClose((await train(layer, x, weights)).y, expected);
  });

  test.each([
    { shape: [2, 4, 3, 2], groups: 2 },
    { shape: [3, 6], groups: 3 },
  ])('groupNorm of [$shape] brings each group of each example to mean 0 and deviation 1', async ({ shape, groups }) => {
    const x = wave(shape, 0.4);
    const channels = shape[1] as number;
    const weights = { scale: wave([channels], 1), bias: wave([channels], 2) };
    const space = shape.slice(2).reduce((product, extent) => product * extent, 1);
    const size = (channels / groups) * space;
    const expected = Array.from(x.data, (value, i) => {
      const start = Math.floor(i / size) * size;
      const group = Array.from(x.data.slice(start, start + size));
      const mean = group.reduce((sum, one) => sum + one, 0) / size;
      const variance = group.reduce((sum, one) => sum + (one - mean) ** 2, 0) / size;
      const channel = Math.floor(i / space) % channels;
      const unit = (value - mean) / Math.sqrt(variance + 1e-5);
      return unit * (weights.scale.data[channel] ?? 0) + (weights.bias.data[channel] ?? 0);
    });
    const layer: Layer = (p, given) => layers.groupNorm(p, given, { groups });
    expectClose(await infer(layer, x, weights), expected);
    expectClose((await train(layer, x, weights)).y, expected);
  });

  test('embedding takes rows of its table', async () => {
    const { y } = await evaluate({ index: int64([2, 0]) }, ({ index }) => ({
      y: layers.embedding(
        new FrozenParameters(index.builder, new Map([['table', float32([1, 2, 3, 4, 5, 6], [3, 2])]])),
        index,
        3,
        2,
      ),
    }));
    expect(y).toEqual([5, 6, 1, 2]);
  });
});

describe('batchNorm', () => {
  /*
   * rm, rv = wave([2],3), 1 + 0.5 * wave([2],4)
   * F.batch_norm(x, rm, rv, wave([2],1), wave([2],2), training=..., momentum=0.05)
   * PyTorch's running variance is of the sample (n - 1); ours is of the batch itself (n), as the normalisation uses it: the second
   * term is scaled by (n - 1) / n.
   */
  const weights: Given = {
    scale: wave([2], 1),
    bias: wave([2], 2),
    mean: wave([2], 3),
    variance: wave([2], 4, 0.5, 1),
  };
  const pictures = wave([2, 2, 2, 2], 0, 2, 1);
  const rows = wave([4, 2], 0, 2, 1);

  test('in training normalises [N,C,H,W] by the batch, and moves the running means', async () => {
    const results = await train(layers.batchNorm, pictures, weights);
    expectClose(
      results.y,
      [
        0.7935233, 1.3569911, 1.8441961, 2.1891975, 1.8603099, 1.8210897, 1.6344164, 1.3255554, 1.0749277, 0.5016815,
        -0.0320653, -0.4540726, -0.3599304, -0.3963209, -0.2800484, -0.0268498,
      ],
    );
    expectClose(results['next/mean'], [0.191494, -0.1681364]);
    expectClose(results['next/variance'], [0.6488446, 0.6520823]);
  });

  test('in training normalises [N,C]', async () => {
    const results = await train(layers.batchNorm, rows, weights);
    expectClose(results.y, [-0.4778569, -0.5697777, 1.0388714, 1.5185659, 1.7622554, 1.7749796, 1.3139198, 0.0653431]);
    expectClose(results['next/mean'], [0.2457324, -0.0965394]);
    expectClose(results['next/variance'], [0.6185071, 0.5151315]);
  });

  test('in a finished model uses the running means', async () => {
    expectClose(
      await infer(layers.batchNorm, pictures, weights),
      [
        1.8259675, 2.5978613, 3.2652829, 3.7378999, 5.0329421, 4.939698, 4.4958917, 3.7615903, 2.2114631, 1.4261738,
        0.6949947, 0.1168875, -0.2455668, -0.3320834, -0.0556514, 0.5463155,
      ],
    );
    expectClose(
      await infer(layers.batchNorm, rows, weights),
      [1.8259675, 3.3239296, 3.2652829, 4.7630037, 3.9517458, 4.939698, 3.526293, 3.7615903],
    );
  });

  test('a constant channel becomes its bias, not NaN', async () => {
    const { y } = await train(layers.batchNorm, float32(new Float32Array(8).fill(300), [4, 2]), weights);
    const [first, second] = wave([2], 2).data;
    const expected = [first, second, first, second, first, second, first, second] as number[];
    // 300 / sqrt(epsilon) is 95,000, which float32 holds to 0.01.
    expect(largestDifference(y ?? [], expected)).toBeLessThan(0.01);
  });
});

describe('residual', () => {
  /*
   * def bn(v, s, b): return F.batch_norm(v, torch.zeros(2), torch.ones(2), s, b, training=...)
   * h = F.relu(bn(F.conv2d(x, wave([2,2,3,3],1), padding=1), wave([2],2), wave([2],3)))
   * F.relu(x + bn(F.conv2d(h, wave([2,2,3,3],4), padding=1), wave([2],5), wave([2],6)))     with x = wave([1,2,3,3],0)
   */
  const still = { mean: float32([0, 0], [2]), variance: float32([1, 1], [2]) };
  const weights: Given = {
    'conv1.weight': wave([2, 2, 3, 3], 1),
    'norm1.scale': wave([2], 2),
    'norm1.bias': wave([2], 3),
    'norm1.mean': still.mean,
    'norm1.variance': still.variance,
    'conv2.weight': wave([2, 2, 3, 3], 4),
    'norm2.scale': wave([2], 5),
    'norm2.bias': wave([2], 6),
    'norm2.mean': still.mean,
    'norm2.variance': still.variance,
  };
  const x = wave([1, 2, 3, 3], 0);

  test('in training', async () => {
    expectClose(
      (await train(layers.residual, x, weights)).y,
      [0, 0, 0, 0, 0.693197, 1.1717461, 1.2362395, 1.8127628, 0.9978304, 0, 0, 0, 0, 0, 0, 0, 1.0147033, 1.2685268],
    );
  });

  test('begins as the identity of what a ReLU gives', async () => {
    const builder = new GraphBuilder();
    const p = new TrainableParameters(builder, new Random(4));
    layers.residual(p, builder.input('x', [1, 2, 3, 3]));
    const first = Object.fromEntries(p.initial);
    const positive = float32(x.data.map(Math.abs), x.shape);
    expectClose((await train(layers.residual, positive, first)).y, [...positive.data]);
  });

  test('in a finished model', async () => {
    expectClose(
      await infer(layers.residual, x, weights),
      [
        0, 0, 0.6167125, 1.5990351, 5.7171182, 6.9236108, 8.2864372, 11.8654963, 8.2803137, 0, 0, 0, 0, 0, 2.0719911,
        4.5418645, 8.4892423, 7.2790077,
      ],
    );
  });
});

test('first weights keep the variance of activations through ReLU layers', () => {
  const p = new TrainableParameters(new GraphBuilder(), new Random(3));
  layers.linear(p, p.builder.input('x', [1, 200]), 300);
  layers.conv2d(scope(p, 'conv'), p.builder.input('image', [1, 40, 8, 8]), 50, { kernel: 3 });
  const deviation = (name: string): number => {
    const { data } = p.initial.get(name) as TypedTensor<'float32'>;
    return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
  };
  expect(deviation('weight')).toBeCloseTo(Math.sqrt(2 / 200), 2);
  expect(deviation('conv.weight')).toBeCloseTo(Math.sqrt(2 / 360), 2);
});
