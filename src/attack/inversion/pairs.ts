import { InputError } from '../../util/errors.ts';
import { FACE_SIZE_PX } from './inverse-dcgan.ts';

/** Numbers in one face: 3 x 128 x 128. */
export const FACE_NUMBERS = 3 * FACE_SIZE_PX * FACE_SIZE_PX;

/** What the black-box attack learns from: each embedding with the mean face of its person. */
export interface InversionPairs {
  /** One per image, as the encoder gives them. */
  readonly embeddings: readonly Float32Array[];
  /** Position of each image's person in `meanFaces`. */
  readonly person: Int32Array;
  /** People x 3 x 128 x 128, RGB, 0..255: the pixel mean of each person's aligned faces. */
  readonly meanFaces: readonly Uint8Array[];
}

/** Pixel means of people's aligned faces, taken one face at a time, so that the faces need not be held. Source: the patent's black-box data. */
export class MeanFaces {
  readonly #sums = new Map<string, { readonly total: Uint32Array; count: number }>();

  /** @param face - planar [3,128,128], RGB, 0..255. */
  add(person: string, face: Uint8Array): void {
    if (face.length !== FACE_NUMBERS) {
      throw new InputError(`a face of ${person} has ${face.length} numbers, wanted ${FACE_NUMBERS} (3 x 128 x 128)`);
    }
    let sum = this.#sums.get(person);
    if (!sum) {
      sum = { total: new Uint32Array(FACE_NUMBERS), count: 0 };
      this.#sums.set(person, sum);
    }
    for (let i = 0; i < FACE_NUMBERS; i++) sum.total[i] = (sum.total[i] as number) + (face[i] as number);
    sum.count++;
  }

  /** Mean face of each person, 0..255. */
  finish(): Map<string, Uint8Array> {
    const means = new Map<string, Uint8Array>();
    for (const [person, { total, count }] of this.#sums)
      means.set(
        person,
        Uint8Array.from(total, (value) => Math.round(value / count)),
      );
    return means;
  }
}

/**
 * The scale in which noise is added and the network sees embeddings: the mean is taken off, and what is left is divided by its root mean square norm,
 * so that embeddings have norm 1 on average. For encoders trained with a cosine loss that is the unit embedding itself; for others (a common offset, another
 * norm) it makes the patent's noise variances mean the same.
 */
export interface EmbeddingScale {
  readonly mean: Float32Array;
  /** 0 where all embeddings are the same. */
  readonly factor: number;
}

/** The scale of a set of embeddings. */
export function embeddingScale(embeddings: readonly Float32Array[]): EmbeddingScale {
  const first = embeddings[0];
  if (!first) throw new InputError('there are no embeddings to learn from');
  const mean = new Float32Array(first.length);
  for (const embedding of embeddings)
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) + (embedding[i] as number) / embeddings.length;
  let squares = 0;
  for (const embedding of embeddings)
    for (let i = 0; i < mean.length; i++) squares += ((embedding[i] as number) - (mean[i] as number)) ** 2;
  const spread = squares / embeddings.length;
  // What rounding leaves of an encoder that says the same of everybody is no information.
  const rounding = 1e-10 * mean.reduce((sum, value) => sum + value ** 2, 0);
  return { mean, factor: spread > rounding ? 1 / Math.sqrt(spread) : 0 };
}
