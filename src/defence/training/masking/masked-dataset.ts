import { BLOCK_PX } from './block-dct.ts';
import type { Exposure } from './exposure.ts';
import type { FrontSettings } from './front.ts';
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
  /** Of noise on channels: whether a training divided it among them. */
  readonly deviations?: 'learnt' | 'equal';
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

/** The parts of each of `people` people in a mix. */
export function mixedLabel(mix: PlannedMix, personOf: readonly number[], people: number): Float32Array {
  const label = new Float32Array(people);
  mix.images.forEach((image, i) => {
    const person = personOf[image] as number;
    label[person] = (label[person] as number) + (mix.weights[i] as number);
  });
  return label;
}
