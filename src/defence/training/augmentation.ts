import type { Image } from '../../image/image.ts';
import { toPlanar } from '../../image/tensor.ts';
import { type AffineMatrix, warpAffine } from '../../image/warp.ts';
import type { Random } from '../../util/random.ts';

/** How a face is changed before a training sees it. */
export const AUGMENTATIONS = ['shift', 'warp', 'noise', 'flip'] as const;
export type Augmentation = (typeof AUGMENTATIONS)[number];

/** Greatest shift, as a share of the side. */
const SHIFT = 0.04;

/** Greatest turn in radians, and greatest relative change of extent and of skew. */
const WARP = { turn: 0.12, extent: 0.08, skew: 0.05 } as const;

/** Greatest deviation of the noise, of values in 0..1. */
const NOISE = 0.04;

/**
 * A face as planar [3,S,S], RGB, 0..1, changed at random in the ways that are named. Each way draws from a stream of its own: one more does not change the others.
 *
 * @param random - of this face in this step alone.
 */
export function augmentFace(face: Image, ways: readonly Augmentation[], random: Random): Float32Array {
  const moved = ways.some((way) => way !== 'noise')
    ? warpAffine(face, movement(face, ways, random), { ...face, border: 'replicate' })
    : face;
  const planar = toPlanar([moved]);
  return ways.includes('noise') ? withNoise(planar, random.fork('noise')) : planar;
}

/** Shift, turn, extent, skew and mirror as one map, so that the face is interpolated once. */
function movement({ widthPx, heightPx }: Image, ways: readonly Augmentation[], random: Random): AffineMatrix {
  const draw = (stream: Random, way: Augmentation, greatest: number): number =>
    ways.includes(way) ? greatest * (2 * stream.uniform() - 1) : 0;
  const [shift, warp] = [random.fork('shift'), random.fork('warp')];
  const turn = draw(warp, 'warp', WARP.turn);
  const extent = 1 + draw(warp, 'warp', WARP.extent);
  const skew = draw(warp, 'warp', WARP.skew);
  const mirror = ways.includes('flip') && random.fork('flip').uniform() < 0.5 ? -1 : 1;
  const [a, b] = [extent * Math.cos(turn) * mirror, extent * (skew - Math.sin(turn))];
  const [d, e] = [extent * Math.sin(turn) * mirror, extent * Math.cos(turn)];
  const [centreX, centreY] = [(widthPx - 1) / 2, (heightPx - 1) / 2];
  return [
    a,
    b,
    centreX - a * centreX - b * centreY + draw(shift, 'shift', SHIFT * widthPx),
    d,
    e,
    centreY - d * centreX - e * centreY + draw(shift, 'shift', SHIFT * heightPx),
  ];
}

function withNoise(planar: Float32Array, random: Random): Float32Array {
  const noise = random.normals(planar.length, NOISE * random.uniform());
  return planar.map((value, i) => Math.min(1, Math.max(0, value + (noise[i] as number))));
}
