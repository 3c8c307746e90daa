import { describe, expect, test } from 'vitest';
import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { quantiseWeights } from '../../../graph/quantisation.ts';
import { float32, sizeOf, type Tensor, type TypedTensor, toNumbers } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { TrainableParameters, type Weights } from '../../../nn/parameters.ts';
import { createSession, type Tensors } from '../../../runtime/session.ts';
import { InputError, ModelFileError, ShapeError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { sparseMotions } from './dense-motion.ts';
import { distort, distortionJacobians, drawDistortions, equivarianceLosses } from './equivariance.ts';
import { reconstructionLosses } from './reconstruction-losses.ts';
import { openReenactor, reenactorGraph } from './reenactor.ts';
import { featuresOf, frameOf, keyPointsOf } from './reenactor-network.ts';
import { REENACTOR_SHAPES, type ReenactorShape, requireReenactorShape } from './reenactor-shape.ts';

const TINY: ReenactorShape = {
  sizePx: 16,
  motionPx: 16,
  keyPoints: 2,
  motionWidths: [4, 8, 8],
  painterWidths: [4, 8],
  residuals: 1,
};

/** What a PyTorch 1.13 implementation, written apart from this one after the paper's code, gives for {@link formulaWeights} and {@link waves}: numbers at 0, a third, a half and the end; then mean and mean square. */
const PYTORCH = {
  displacements: { at: [-0.29902, 0.18575, 0.20168, -0.21458], mean: 0.02861, square: 0.02548 },
  hidden: { at: [0.45544, 0.48258, 0.46192, 0.44786], mean: 0.44785, square: 0.21222 },
  painted: { at: [0.41543, 0.46982, 0.4393, 0.47345], mean: 0.4456, square: 0.19997 },
  picture: { at: [0.4976, 0.53528, 0.53813, 0.55615], mean: 0.47815, square: 0.24024 },
} as const;
const PYTORCH_POINTS = [0.23512, 0.87113, -0.27167, -0.6875];
const PYTORCH_JACOBIANS = [-2.37072, 0.60601, 1.48616, -1.92587, -5.18822, -3.70045, 6.88154, 0.3346];

/** Weights that two programs can agree on. */
function formulaWeights(shape: ReenactorShape): Weights {
  const builder = new GraphBuilder('weights');
  const parameters = new TrainableParameters(builder, new Random(1));
  const picture = builder.input('picture', [1, 3, shape.sizePx, shape.sizePx]);
  const keyPoints = keyPointsOf(parameters, picture, shape);
  frameOf(parameters, { picture, keyPoints, features: featuresOf(parameters, picture, shape) }, keyPoints, shape);
  return new Map(
    [...parameters.initial].map(([name, { shape: extents }]) => {
      const data = Float32Array.from({ length: sizeOf(extents) }, (_, i) => {
        const wave = Math.sin(0.37 * i + name.length);
        if (name.endsWith('.scale')) return 1 + 0.1 * wave;
        return name.endsWith('.variance') ? 1 + 0.2 * wave : 0.25 * wave;
      });
      return [name, float32(data, extents)];
    }),
  );
}

function waves(phase: number): Image {
  const planar = Float64Array.from({ length: 3 * 16 * 16 }, (_, i) =>
    Math.round(255 * (0.5 + 0.4 * Math.sin(0.11 * i + phase) * Math.cos(0.013 * i))),
  );
  const data = Uint8Array.from(
    { length: planar.length },
    (_, i) => planar[(i % 3) * 256 + Math.floor(i / 3)] as number,
  );
  return { widthPx: 16, heightPx: 16, data };
}

/** Builds a graph of these tensors and runs it. */
async function compute<T extends string>(
  inputs: Readonly<Record<string, TypedTensor<'float32'>>>,
  build: (values: Readonly<Record<string, Value>>) => Readonly<Record<T, Value>>,
): Promise<Record<T, number[]>> {
  const builder = new GraphBuilder('test');
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape }]) => [name, builder.input(name, shape)]),
  );
  const outputs = build(values);
  for (const [name, value] of Object.entries<Value>(outputs)) builder.output(name, value);
  const session = await createSession(builder.build(), { threads: 1 });
  const used = new Set(session.inputNames);
  const found: Tensors = await session.run(
    Object.fromEntries(Object.entries(inputs).filter(([name]) => used.has(name))),
  );
  await session.release();
  return Object.fromEntries(
    Object.entries(found).map(([name, tensor]) => [name, toNumbers(tensor as Tensor)]),
  ) as Record<T, number[]>;
}

function expectNear(found: ArrayLike<number>, wanted: readonly number[], digits = 4): void {
  expect(found).toHaveLength(wanted.length);
  wanted.forEach((number, i) => {
    expect(found[i]).toBeCloseTo(number, digits);
  });
}

describe('the network', () => {
  test('gives what PyTorch gives', async () => {
    const reenactor = await openReenactor(reenactorGraph(formulaWeights(TINY), { shape: TINY }), { threads: 1 });
    const driving = await reenactor.keyPoints(waves(1.5));
    expectNear(driving.points, PYTORCH_POINTS);
    expectNear(driving.jacobians, PYTORCH_JACOBIANS, 3);
    const made = await (await reenactor.source(waves(0))).frame(driving);
    for (const [name, { at, mean, square }] of Object.entries(PYTORCH)) {
      const numbers = made[name as keyof typeof PYTORCH];
      const { length } = numbers;
      const some = [0, Math.floor(length / 3), length / 2, length - 1].map((i) => numbers[i] as number);
      expectNear(some, at);
      const meanOf = (each: (x: number) => number): number => numbers.reduce((sum, x) => sum + each(x), 0) / length;
      expectNear([meanOf((x) => x), meanOf((x) => x * x)], [mean, square]);
    }
    await reenactor.close();
  });

  test('the model as one graph gives the same as its parts', async () => {
    const graph = reenactorGraph(formulaWeights(TINY), { shape: TINY, metadata: { seed: '7' } });
    expect(graph.metadata).toMatchObject({ kind: 'reenactor', size: '16', keyPoints: '2', seed: '7' });
    const reenactor = await openReenactor(graph, { threads: 1 });
    const parts = await (await reenactor.source(waves(0))).frame(await reenactor.keyPoints(waves(1.5)));
    const session = await createSession(graph, { threads: 1 });
    const planar = (image: Image): Tensor => float32(toPlanar([image]), [1, 3, 16, 16]);
    const { picture } = await session.run({ source: planar(waves(0)), driving: planar(waves(1.5)) });
    expectNear(toNumbers(picture as Tensor), [...parts.picture], 5);
    await session.release();
    await reenactor.close();
  });

  test('shapes follow the form; motion may be looked for at half the size', async () => {
    const half = { ...TINY, sizePx: 32 };
    const reenactor = await openReenactor(reenactorGraph(formulaWeights(half), { shape: half }), { threads: 1 });
    const picture = { widthPx: 32, heightPx: 32, data: new Uint8Array(3 * 32 * 32).map((_, i) => (i * 37) % 256) };
    const source = await reenactor.source(picture);
    expect(source.keyPoints.points).toHaveLength(2 * 2);
    expect(source.keyPoints.jacobians).toHaveLength(2 * 4);
    const made = await source.frame(source.keyPoints);
    expect(Object.fromEntries(Object.entries(made).map(([name, { length }]) => [name, length]))).toEqual({
      picture: 3 * 32 * 32,
      painted: 3 * 32 * 32,
      displacements: 2 * 16 * 16,
      hidden: 16 * 16,
    });
    // Nothing has moved: the frame is the source, whatever the weights are.
    expect(Math.max(...made.hidden)).toBe(0);
    expectNear(made.picture, [...toPlanar([picture])], 4);
    await expect(reenactor.keyPoints(waves(0))).rejects.toThrow(ShapeError);
    await reenactor.close();
  });

  test('the forms have about 1.1 million parameters, which alone are rounded as int8; other graphs are refused', async () => {
    const weights = formulaWeights(REENACTOR_SHAPES['64']);
    const count = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(count / 1e6).toBeCloseTo(1.06, 2);
    const { initializers } = quantiseWeights(reenactorGraph(weights, { shape: REENACTOR_SHAPES['64'] }));
    const rounded = [...initializers.keys()].filter((name) => name.endsWith('/int8')).map((name) => name.slice(0, -5));
    expect(rounded.length).toBeGreaterThan(10);
    for (const name of rounded) expect([...weights.keys()]).toContain(name);
    const graph = reenactorGraph(formulaWeights(TINY), { shape: TINY });
    await expect(openReenactor({ ...graph, metadata: {} })).rejects.toThrow(ModelFileError);
    await expect(openReenactor({ ...graph, metadata: { ...graph.metadata, shape: '{}' } })).rejects.toThrow(
      ModelFileError,
    );
    expect(() => requireReenactorShape({ ...TINY, motionPx: 32 })).toThrow(InputError);
    expect(() => requireReenactorShape({ ...TINY, sizePx: 18 })).toThrow(/motion is looked for at/);
    expect(() => requireReenactorShape({ ...TINY, painterWidths: [1, 2, 3, 4, 5, 6] })).toThrow(/painter widths/);
  });
});

describe('motion', () => {
  test('about a key point is the affine map that takes the driver’s surroundings to the source’s', async () => {
    // Source: at (0.1, -0.2), turned by a quarter. Driver: at (0.3, 0.4), twice as wide as high.
    const { places } = await compute(
      {
        sourcePoints: float32([0.1, -0.2], [1, 1, 2]),
        sourceJacobians: float32([0, -1, 1, 0], [1, 1, 2, 2]),
        drivingPoints: float32([0.3, 0.4], [1, 1, 2]),
        drivingJacobians: float32([2, 0, 0, 1], [1, 1, 2, 2]),
        at: float32([0.3, 0.4, 0.5, 0.4, 0.3, 0.7], [1, 3, 2]),
      },
      ({ sourcePoints, sourceJacobians, drivingPoints, drivingJacobians, at }) => ({
        places: sparseMotions(
          { points: sourcePoints as Value, jacobians: sourceJacobians as Value },
          { points: drivingPoints as Value, jacobians: drivingJacobians as Value },
          at as Value,
        ),
      }),
    );
    // 0.2 to the right is 0.1 of the reference, which is 0.1 downwards in the source; 0.3 downwards is 0.3 to the left.
    expectNear(places, [0.1, -0.2, 0.1, -0.1, -0.2, -0.2], 5);
  });
});

describe('equivariance', () => {
  // T(x, y) = (2x + 0.1, 0.5y - 0.2): the point (0.3, 0.2) of the distorted picture shows (0.7, -0.1) of the picture.
  const affine = float32([2, 0, 0.1, 0, 0.5, -0.2], [1, 2, 3]);
  const unbent = float32(new Float32Array(50), [1, 25, 2]);
  const losses = (distortedPoint: readonly number[], distortedJacobian: readonly number[]) =>
    compute(
      {
        affine,
        bending: unbent,
        drivingPoints: float32([0.7, -0.1], [1, 1, 2]),
        drivingJacobians: float32([1, 2, 0, 1], [1, 1, 2, 2]),
        distortedPoints: float32(distortedPoint, [1, 1, 2]),
        distortedJacobians: float32(distortedJacobian, [1, 1, 2, 2]),
      },
      (v) =>
        equivarianceLosses(
          { points: v.drivingPoints as Value, jacobians: v.drivingJacobians as Value },
          { points: v.distortedPoints as Value, jacobians: v.distortedJacobians as Value },
          { affine: v.affine as Value, bending: v.bending as Value },
        ),
    );

  test('an affine case by hand', async () => {
    // J of the distorted picture is A^-1 J = [[0.5, 1], [0, 2]].
    const right = await losses([0.3, 0.2], [0.5, 1, 0, 2]);
    expectNear([right.points[0] as number, right.jacobians[0] as number], [0, 0], 6);
    // A tenth to the right is 0.2 in the picture: 0.1 in the mean over both axes.
    expectNear((await losses([0.4, 0.2], [0.5, 1, 0, 2])).points, [0.1], 6);
    // The unturned Jacobian J itself: J^-1 A J - I = [[1, 3], [0, -0.5]], whose mean absolute entry is 1.125.
    expectNear((await losses([0.3, 0.2], [1, 2, 0, 1])).jacobians, [1.125], 5);
  });

  test('a bent distortion’s Jacobian is its derivative', async () => {
    const step = 1e-2;
    const [x, y] = [0.21, -0.37];
    const drawn = drawDistortions(1, new Random(3));
    const bending = float32(
      drawn.bending.data.map((weight) => 20 * weight),
      drawn.bending.shape,
    );
    const around = float32([x, y, x + step, y, x - step, y, x, y + step, x, y - step], [1, 5, 2]);
    const { moved, jacobians } = await compute({ affine: drawn.affine, bending, around }, (v) => {
      const distortion = { affine: v.affine as Value, bending: v.bending as Value };
      return {
        moved: distort(distortion, v.around as Value),
        jacobians: distortionJacobians(distortion, v.around as Value),
      };
    });
    const at = (place: number, axis: number): number => moved[2 * place + axis] as number;
    const slope = (axis: number, plus: number): number => (at(plus, axis) - at(plus + 1, axis)) / (2 * step);
    expectNear(jacobians.slice(0, 4), [slope(0, 1), slope(0, 3), slope(1, 1), slope(1, 3)], 3);
    expect(Math.abs((jacobians[1] as number) - (drawn.affine.data[1] as number))).toBeGreaterThan(0.02);
  });
});

describe('losses', () => {
  test('of a picture that is lighter by a tenth: no edge differs', async () => {
    const picture = new Random(5).normals(3 * 16 * 16, 0.1).map((x) => 0.5 + x);
    const lighter = picture.map((x) => x + 0.1);
    const { absolute, edges, structure, same } = await compute(
      { a: float32(lighter, [1, 3, 16, 16]), b: float32(picture, [1, 3, 16, 16]) },
      ({ a, b }) => {
        const { structure: dissimilarity, ...rest } = reconstructionLosses(a as Value, b as Value);
        return {
          ...rest,
          structure: dissimilarity as Value,
          same: reconstructionLosses(a as Value, a as Value).absolute,
        };
      },
    );
    // At 16 and at 8 px.
    expectNear([absolute[0] as number, edges[0] as number, same[0] as number], [0.2, 0, 0], 5);
    expect(structure[0]).toBeGreaterThan(0.001);
  });

  test('an edge of height 1 in every row has a gradient of 1/2 on both sides of it', async () => {
    const edge = Float32Array.from({ length: 3 * 16 * 16 }, (_, i) => (i % 16 < 7 ? 0 : 1));
    const { edges } = await compute(
      { a: float32(edge, [1, 3, 16, 16]), b: float32(new Float32Array(edge.length), [1, 3, 16, 16]) },
      ({ a, b }) => ({ edges: reconstructionLosses(a as Value, b as Value).edges }),
    );
    // At 16 px two of 14 columns in one of two gradients; at 8 px the edge lies within a pixel of 1/2: three of 6 columns with 1/4, 1/2, 1/4.
    expectNear(edges, [(2 / 14) * 0.5 * 0.5 + ((0.25 + 0.5 + 0.25) / 6) * 0.5], 5);
  });
});
