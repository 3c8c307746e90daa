import type { Encoder } from '../../encoder/encoder.ts';
import { encoderFromGraph } from '../../encoder/onnx-encoder.ts';
import { CANONICAL_VIEW } from '../../face/alignment.ts';
import { GraphBuilder, type Value } from '../../graph/builder.ts';
import { withFreeBatch } from '../../graph/graph.ts';
import { softmax } from '../../graph/ops/activation.ts';
import { sub } from '../../graph/ops/arithmetic.ts';
import { matMul } from '../../graph/ops/matrix.ts';
import { averagePool } from '../../graph/ops/pooling.ts';
import { upsampleNearest } from '../../graph/ops/resampling.ts';
import { flatten } from '../../graph/ops/shape.ts';
import { float32 } from '../../graph/tensor.ts';
import { averageBlocks } from '../../image/block-average.ts';
import { gaussianBlur } from '../../image/filter.ts';
import type { Image } from '../../image/image.ts';
import { toPlanar } from '../../image/tensor.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { Random } from '../../util/random.ts';
import { type EvasionPair, PERTURBED_PX, probePicture } from './pairs.ts';

/** Numbers of the planted encoders' embeddings: directions of strangers are then far from each other. */
const WEAK_NUMBERS = 16;
const STRONG_NUMBERS = 64;

/** Pixels of a block that the weak encoder sees, and blocks whose mean it takes away. */
const [BLOCK_PX, BLOCKS] = [4, 7];

/** Side of the pictures that the strong encoder compares, and pixels of a block of theirs. */
const [KNOWN_PX, KNOWN_BLOCK_PX] = [16, 7];

/** How sharply the strong encoder decides for the nearest photo: weights fall by e^-8 for a squared distance of 1 more. */
const SHARPNESS = 8;

/**
 * An encoder that anybody can fool: a linear map, of random signs, of fine detail alone. What is natural in a photo answers it with random signs, a perturbation that knows them
 * answers with one: many small changes add up. Source: Goodfellow et al. 2015, section 3.
 */
export async function plantedWeakEncoder(options: SessionOptions): Promise<Encoder> {
  const builder = new GraphBuilder('planted-weak');
  const blocks = pooled(faceInput(builder), BLOCK_PX);
  const around = upsampleNearest(pooled(blocks, BLOCKS), BLOCKS);
  const detail = flatten(sub(blocks, around));
  const count = detail.shape[1] as number;
  const random = new Random('planted-weak');
  const signs = Float32Array.from({ length: count * WEAK_NUMBERS }, () => (random.uniform() < 0.5 ? -1 : 1));
  builder.output('embedding', matMul(detail, builder.constant(float32(signs, [count, WEAK_NUMBERS]))));
  return planted('planted-weak', builder, WEAK_NUMBERS, options);
}

/**
 * An encoder that no small change fools: it looks for the nearest of the photos that it knows and gives a direction of that person, all through in differentiable operators. Other
 * people's photos are further away than any perturbation reaches.
 *
 * @param pairs - whose photos it knows.
 */
export async function plantedStrongEncoder(pairs: readonly EvasionPair[], options: SessionOptions): Promise<Encoder> {
  const known = pairs.flatMap(({ goal, person, probe, reference }) => [
    { person, image: probe },
    { person: goal === 'dodge' ? person : reference.person, image: probePicture(reference) },
  ]);
  const size = 3 * KNOWN_PX ** 2;
  const rows = known.map(({ image }) =>
    toPlanar([averageBlocks(image, wholeOf(image), KNOWN_BLOCK_PX, KNOWN_BLOCK_PX)]),
  );
  const columns = new Float32Array(size * known.length);
  const squares = new Float32Array(known.length);
  const directions = new Float32Array(known.length * STRONG_NUMBERS);
  rows.forEach((row, i) => {
    row.forEach((value, k) => {
      columns[k * known.length + i] = 2 * SHARPNESS * value;
      squares[i] = (squares[i] as number) + SHARPNESS * value * value;
    });
    directions.set(new Random(`person ${known[i]?.person}`).normals(STRONG_NUMBERS), i * STRONG_NUMBERS);
  });
  const builder = new GraphBuilder('planted-strong');
  const seen = flatten(pooled(faceInput(builder), KNOWN_BLOCK_PX));
  // -|x - k|^2 but for |x|^2, which is the same for all photos.
  const nearness = sub(
    matMul(seen, builder.constant(float32(columns, [size, known.length]))),
    builder.constant(float32(squares, [1, known.length])),
  );
  const people = builder.constant(float32(directions, [known.length, STRONG_NUMBERS]));
  builder.output('embedding', matMul(softmax(nearness), people));
  return planted('planted-strong', builder, STRONG_NUMBERS, options);
}

/** Pairs for planted encoders: to dodge, a photo against itself a little blurred, which any encoder takes for the same person. */
export async function plantedPairs(pairs: readonly EvasionPair[]): Promise<EvasionPair[]> {
  return Promise.all(
    pairs.map(async (pair) => {
      if (pair.goal === 'impersonate') return pair;
      const image = await gaussianBlur(pair.probe, 1);
      return { ...pair, reference: { id: `${pair.reference.id}, blurred`, person: pair.person, image } };
    }),
  );
}

/**
 * The threshold of both planted encoders, by construction: random directions of 16 numbers hardly reach it, the same photo a little blurred passes it.
 * Rows that rest on it state no false match rate.
 */
export const PLANTED_THRESHOLD: Threshold = {
  similarity: 0.8,
  fmr: 0.001,
  impostorPairs: 0,
  interval: { successes: 0, trials: 0, rate: 0, low: 0, high: 1 },
  dataset: 'none: by construction',
  encoder: 'planted',
};

const faceInput = (builder: GraphBuilder): Value => builder.input('face', [1, 3, PERTURBED_PX, PERTURBED_PX]);

const pooled = (x: Value, blockPx: number): Value => averagePool(x, [blockPx, blockPx]);

const wholeOf = ({ widthPx, heightPx }: Image) => ({ x: 0, y: 0, width: widthPx, height: heightPx });

function planted(id: string, builder: GraphBuilder, embeddingSize: number, options: SessionOptions): Promise<Encoder> {
  const graph = withFreeBatch(builder.build());
  return encoderFromGraph({ id, hash: `${id}/evasion/1`, graph, view: CANONICAL_VIEW, embeddingSize, ...options });
}
