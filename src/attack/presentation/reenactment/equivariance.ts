import type { GraphBuilder, Value } from '../../../graph/builder.ts';
import { add, div, log, mul, square, sub } from '../../../graph/ops/arithmetic.ts';
import { slice } from '../../../graph/ops/indexing.ts';
import { matMul, transposeMatrix } from '../../../graph/ops/matrix.ts';
import { meanAbsolute, reduceSum } from '../../../graph/ops/reduction.ts';
import { reshape } from '../../../graph/ops/shape.ts';
import { float32, type TypedTensor } from '../../../graph/tensor.ts';
import type { Random } from '../../../util/random.ts';
import type { KeyPointValues } from './key-points.ts';
import { invert2x2 } from './places.ts';

/** A random distortion's deviations, and how many points across it is bent at. */
const DISTORTION = { affine: 0.05, bending: 0.005, across: 5 } as const;

const CONTROLS = DISTORTION.across ** 2;

/** Keeps the logarithm finite at a control point. */
const SOFT = 1e-6;

/** Shapes of what {@link drawDistortions} gives, by name. */
export const distortionShapes = (
  count: number,
): Record<'affine' | 'bending', { readonly shape: readonly number[] }> => ({
  affine: { shape: [count, 2, 3] },
  bending: { shape: [count, CONTROLS, 2] },
});

/** Random distortions: an affine map near the identity, and weights of thin-plate splines. Source: Siarohin et al. 2019, their code's `Transform`. */
export function drawDistortions(count: number, random: Random): Record<'affine' | 'bending', TypedTensor<'float32'>> {
  const affine = random.normals(6 * count, DISTORTION.affine);
  for (let i = 0; i < affine.length; i++) if (i % 6 === 0 || i % 6 === 4) affine[i] = (affine[i] as number) + 1;
  return {
    affine: float32(affine, [count, 2, 3]),
    bending: float32(random.normals(2 * CONTROLS * count, DISTORTION.bending), [count, CONTROLS, 2]),
  };
}

/** A distortion T of places, as values of a graph: T(z) = A z + t + sum of w_c U(|z - c|), with U(r) = r^2 ln r^2. */
export interface Distortion {
  /** [N,2,3]: A, then t in the last column. */
  readonly affine: Value;
  /** [N,25,2]: w. */
  readonly bending: Value;
}

/** Where a distortion takes places [1 or N, P, 2]: [N,P,2]. */
export function distort({ affine, bending }: Distortion, places: Value): Value {
  const n = affine.shape[0] as number;
  const [batch, count] = places.shape as readonly number[] as [number, number];
  const { linear, shift } = partsOf(affine);
  const straight = add(matMul(places, transposeMatrix(linear)), reshape(shift, [n, 1, 2]));
  const squares = reshape(reduceSum(square(fromControls(places)), [3]), [batch, count, CONTROLS]);
  return add(straight, matMul(mul(squares, log(add(squares, SOFT))), bending));
}

/** The derivative of a distortion at places [N,P,2], by hand: [N,P,2,2], rows by what it gives. */
export function distortionJacobians({ affine, bending }: Distortion, places: Value): Value {
  const n = affine.shape[0] as number;
  const offsets = fromControls(places);
  const squares = reduceSum(square(offsets), [3], true);
  const soft = add(squares, SOFT);
  const slopes = mul(mul(offsets, 2), add(log(soft), div(squares, soft)));
  const bent = matMul(reshape(transposeMatrix(bending), [n, 1, 2, CONTROLS]), slopes);
  return add(bent, reshape(partsOf(affine).linear, [n, 1, 2, 2]));
}

/**
 * How far key points are from being found where a distortion of the picture took them: mean absolute differences of places, and of inverse Jacobian times distorted Jacobian from the identity.
 *
 * Source: Siarohin et al. 2019, equations 9 to 11.
 *
 * @param driving - of the picture.
 * @param distorted - of the picture that shows at each place z what the first shows at T(z).
 */
export function equivarianceLosses(
  driving: KeyPointValues,
  distorted: KeyPointValues,
  distortion: Distortion,
): { readonly points: Value; readonly jacobians: Value } {
  const back = matMul(distortionJacobians(distortion, distorted.points), distorted.jacobians);
  const identity = driving.points.builder.constant(float32([1, 0, 0, 1], [1, 1, 2, 2]), 'identity');
  return {
    points: meanAbsolute(sub(driving.points, distort(distortion, distorted.points))),
    jacobians: meanAbsolute(sub(matMul(invert2x2(driving.jacobians), back), identity)),
  };
}

/** Places [B,P,2] as seen from each control point: [B,P,25,2]. */
function fromControls(places: Value): Value {
  const [batch, count] = places.shape as readonly number[] as [number, number];
  return sub(reshape(places, [batch, count, 1, 2]), controlPoints(places.builder));
}

/** A square grid from edge to edge: [1,1,25,2]. */
function controlPoints(builder: GraphBuilder): Value {
  const { across } = DISTORTION;
  const at = (i: number): number => (2 * i) / (across - 1) - 1;
  const numbers = Array.from({ length: CONTROLS }, (_, i) => [at(i % across), at(Math.floor(i / across))]);
  return builder.constant(float32(numbers.flat(), [1, 1, CONTROLS, 2]), 'controls');
}

function partsOf(affine: Value): { readonly linear: Value; readonly shift: Value } {
  return {
    linear: slice(affine, { starts: [0], ends: [2], axes: [2] }),
    shift: slice(affine, { starts: [2], ends: [3], axes: [2] }),
  };
}
