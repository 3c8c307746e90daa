import { GraphBuilder } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { float32 } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { ShapeError } from '../../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import type { Random } from '../../../util/random.ts';
import { BLOCK_PX } from './block-dct.ts';
import type { Exposure } from './exposure.ts';
import { applyFront, type FrontSettings } from './front.ts';
import type { Masking } from './kinds.ts';
import { drawSigns } from './masked-batch.ts';
import type { PlannedMix } from './mix-plan.ts';

/** What a masked data set says of itself. It goes with the data: nothing in it helps to take them apart. */
export interface MaskedDatasetManifest {
  readonly schema: 'faceward.masked/1';
  readonly faceward: string;
  /** Such as `fixed:4`. */
  readonly masking: string;
  /** Kind of the front; its settings stay with the owner. */
  readonly front: FrontSettings['kind'];
  /** Rows of both tensors: mixes. */
  readonly mixes: number;
  /** How many people there are: columns of the labels, numbered without names. */
  readonly people: number;
  readonly images: number;
  /** Photos that are in no mix, for want of other people to mix them with. */
  readonly imagesLeftOut: number;
  readonly rounds: number;
  readonly faces: TensorFile;
  /** Row by row the people's parts. */
  readonly labels: TensorFile;
  readonly exposure: Pick<Exposure, 'exposed' | 'reasons' | 'mixes' | 'images' | 'sizes'> & {
    readonly rank: number;
    readonly determined: number;
    readonly maxReencodings: number;
  };
  readonly notice: string;
}

/** A tensor in a file of NumPy's format. */
export interface TensorFile {
  readonly file: string;
  readonly dtype: 'float32';
  readonly shape: readonly number[];
  readonly sha256: string;
}

/** What everybody who gets a masked data set is told. */
export const MASKED_NOTICE =
  'Made of photographs of real people, by mixing and masking. This is no anonymisation: who knows one face of a mix learns about the others, and a student network can learn to link masked faces to people. Treat it as personal data.';

/** The shape of a masked face: [C,S/8,S/8]. */
export const maskedShape = ({ channels, sizePx }: FrontSettings): [number, number, number] => [
  channels.length,
  sizePx / BLOCK_PX,
  sizePx / BLOCK_PX,
];

/** What a summary keeps of an exposure: no names. */
export const exposureSummary = ({
  exposed,
  reasons,
  mixes,
  images,
  sizes,
  reencodings,
  system,
}: Exposure): MaskedDatasetManifest['exposure'] => ({
  exposed,
  reasons,
  mixes,
  images,
  sizes,
  rank: system.rank,
  determined: system.determined.length,
  maxReencodings: reencodings.limit,
});

/** How {@link maskedFaces} works. */
export interface MaskedFacesOptions extends JobOptions, SessionOptions {
  readonly masking: Masking;
  readonly front: FrontSettings;
  readonly random: Random;
}

/**
 * Makes the masked faces of a data set, one for each mix, in order: [C,S/8,S/8] each.
 *
 * @param images - square, of the front's size; mixes name them by number.
 */
export async function* maskedFaces(
  images: readonly Image[],
  mixes: readonly PlannedMix[],
  { masking, front, random, ...options }: MaskedFacesOptions,
): AsyncGenerator<Float32Array> {
  const session = await createSession(frontGraph(front), options);
  try {
    for (const [row, { images: numbers, weights }] of mixes.entries()) {
      throwIfAborted(options);
      const shape = [numbers.length, 3, front.sizePx, front.sizePx];
      const { masked } = await session.run({
        face: float32(toPlanar(numbers.map((image) => images[image] as Image)), shape),
      });
      if (masked?.dtype !== 'float32') throw new ShapeError('the front gives no float32 tensor');
      const mixed = weightedSum(masked.data, weights);
      const signs = masking.signs ? drawSigns(mixed.length, random.fork(`signs ${row}`)) : undefined;
      yield signs ? mixed.map((value, i) => value * (signs[i] as number)) : mixed;
      options.onProgress?.({ stage: 'masking faces', done: row + 1, total: mixes.length });
    }
  } finally {
    await session.release();
  }
}

/** Sum of the rows of [N,...] by their weights. */
function weightedSum(rows: Float32Array, weights: readonly number[]): Float32Array {
  const size = rows.length / weights.length;
  const sum = new Float32Array(size);
  weights.forEach((weight, row) => {
    for (let i = 0; i < size; i++) sum[i] = (sum[i] as number) + weight * (rows[row * size + i] as number);
  });
  return sum;
}

function frontGraph(front: FrontSettings): Graph {
  const builder = new GraphBuilder('front');
  builder.output('masked', applyFront(builder.input('face', [1, 3, front.sizePx, front.sizePx]), front));
  return withFreeBatch(builder.build());
}

/** The parts of each of `people` people in a mix. */
export function mixedLabel(mix: PlannedMix, personOf: readonly number[], people: number): Float32Array {
  const label = new Float32Array(people);
  mix.images.forEach((image, i) => {
    const person = personOf[image] as number;
    label[person] = (label[person] as number) + (mix.weights[i] as number);
  });
  return label;
}
