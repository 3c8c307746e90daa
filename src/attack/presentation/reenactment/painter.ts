import type { Value } from '../../../graph/builder.ts';
import { relu, sigmoid } from '../../../graph/ops/activation.ts';
import { add, mul } from '../../../graph/ops/arithmetic.ts';
import { gridSample } from '../../../graph/ops/grid-sampling.ts';
import { reshape } from '../../../graph/ops/shape.ts';
import { batchNorm, conv2d } from '../../../nn/layers.ts';
import { type Parameters, scope } from '../../../nn/parameters.ts';
import type { DenseMotion } from './dense-motion.ts';
import { convBlock, downBlock, upBlock } from './hourglass.ts';
import { displacedCentres, resizeTo } from './places.ts';
import type { ReenactorShape } from './reenactor-shape.ts';

/** What the painter needs of a source [N,3,S,S], RGB, 0..1; the same for all frames: [N,C,S/d,S/d]. */
export function sourceFeatures(p: Parameters, source: Value, { painterWidths }: ReenactorShape): Value {
  const [first = 1, ...wider] = painterWidths;
  return wider.reduce(
    (x, width, i) => downBlock(scope(p, `down${i + 1}`), x, width),
    convBlock(scope(p, 'first'), source, first, 7),
  );
}

/**
 * Paints the frame: the source's features moved as the pixels move, without those that the source cannot show, and made a picture again [N,3,S,S], 0..1.
 *
 * Source: the generator of Siarohin et al. 2019, section 3.2.
 */
export function paint(p: Parameters, features: Value, motion: DenseMotion, shape: ReenactorShape): Value {
  const side = features.shape[2] as number;
  const moved = gridSample(features, gridOf(motion, side), { padding: 'border' });
  let x = mul(moved, resizeTo(motion.shown, side));
  for (let i = 0; i < shape.residuals; i++) x = residualBlock(scope(p, `residual${i + 1}`), x);
  const upwards = shape.painterWidths.slice(0, -1);
  x = upwards.reduceRight((inner, width, i) => upBlock(scope(p, `up${i + 1}`), inner, width), x);
  return sigmoid(conv2d(scope(p, 'last'), x, 3, { kernel: 7 }));
}

/** The source [N,3,S,S] itself, moved as the pixels move. */
export function moveSource(source: Value, motion: DenseMotion): Value {
  return gridSample(source, gridOf(motion, source.shape[2] as number), { padding: 'border' });
}

function gridOf({ displacements }: DenseMotion, side: number): Value {
  return reshape(displacedCentres(displacements, side), [displacements.shape[0] as number, side, side, 2]);
}

/** Two convolutions, each behind its normalisation, around a shortcut; the second begins with a scale of 0, so that a new block changes nothing. */
function residualBlock(p: Parameters, x: Value): Value {
  const width = x.shape[1] as number;
  const conv = (name: string, input: Value): Value => conv2d(scope(p, name), input, width, { kernel: 3 });
  const first = conv('conv1', relu(batchNorm(scope(p, 'norm1'), x)));
  return add(x, conv('conv2', relu(batchNorm(scope(p, 'norm2'), first, { firstScale: 0 }))));
}
